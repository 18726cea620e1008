/* SPDX-License-Identifier: ISC */
/*
 * auth.h - logging in as a client (RFC 4954): what is said, mechanism by
 * mechanism.  PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), XOAUTH2,
 * OAUTHBEARER (RFC 7628) and EXTERNAL (RFC 4422).
 *
 * Pure: the hash comes from the caller.  All that is appended, but for the name
 * of the mechanism, is secret: the caller masks and wipes it.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/policy.h"

#define AUTH_MD5_SIZE 16

/* All of it is borrowed. */
struct auth {
	enum auth_method method; /* not AUTH_ANY */
	struct slice user;
	struct slice secret;	/* the password, or a bearer token */
	struct slice host;	/* for OAUTHBEARER: who it is said to */
	uint16_t port;
	/* HMAC-MD5 (RFC 2104), for CRAM-MD5 */
	void (*hmac_md5)(struct slice key, struct slice text,
	    unsigned char out[AUTH_MD5_SIZE]);
	unsigned step;		/* challenges that were answered */
};

/*
 * The mechanisms that a reply to EHLO offers (its text, lines joined by LF) and
 * that are known here: the best for a password.  In clear only one that does
 * not give it away.  False: there is none.
 */
bool auth_choose(struct slice hello, bool secure, enum auth_method *out);

/* Does it offer this one? */
bool auth_is_offered(struct slice hello, enum auth_method method);

/* Would the secret be read by whoever listens? */
bool auth_is_open(enum auth_method method);

/*
 * Append "AUTH PLAIN" and, where the client speaks first, a blank and its
 * response in base64; *shown is how many octets may be shown.
 */
void auth_begin(struct auth *a, struct buf *line, size_t *shown);

/*
 * Append the answer to a challenge, the text of a 334.  False: it cannot be
 * understood, or comes where none does; then *why says which, and "*" ends it.
 */
bool auth_answer(struct auth *a, struct slice challenge, struct buf *line,
    const char **why);

#endif
