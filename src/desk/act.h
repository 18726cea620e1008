/* SPDX-License-Identifier: ISC */
/*
 * act.h - what takes more than a line: STARTTLS, a login, a message.
 *
 * Each is told line by line, and kept in the record as one act.
 */
#ifndef DESK_ACT_H
#define DESK_ACT_H

#include "desk/dialogue.h"
#include "smtp/auth.h"

/* STARTTLS and the handshake; false: refused, or the connection is lost. */
bool act_starttls(struct dialogue *d);

/* Whose login; all of it is borrowed. */
struct act_login {
	enum auth_method method; /* AUTH_ANY: the best that is offered */
	const char *user;
	struct slice secret;
};

/* AUTH to its end; false: not logged in, and told why. */
bool act_login(struct dialogue *d, const struct act_login *login);

/*
 * Which mechanism it will be, before a secret is asked for: false, told why,
 * when none will do.  An EHLO must have been said for AUTH_ANY.
 */
bool act_choose(struct dialogue *d, enum auth_method *method);

/*
 * DATA, the file and a dot; or BDAT with all of it, which needs no 354.  Line
 * ends become CRLF.  The last reply is owed then.  False: the file cannot be
 * read, DATA was refused, or the connection is lost; told.
 */
bool act_data(struct dialogue *d, const char *path);
bool act_bdat(struct dialogue *d, const char *path);

#endif
