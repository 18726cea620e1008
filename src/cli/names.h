/* SPDX-License-Identifier: ISC */
/* names.h - who mail is from and for, as the options and the system tell. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "config/options.h"
#include "mail/envelope.h"
#include "net/self.h"

/* How addresses are read; what it borrows is theirs. */
struct address_options names_options(const struct settings *s,
    const struct self *self);

/* For a Message-ID: the name of this very host, if it has one. */
struct slice names_id_host(const struct settings *s, const struct self *self);

/* Add the recipients that are arguments; as rmail, or with -p UUCP, a!b!user
 * is user@b, as in -f. */
void names_recipients(struct envelope *e, const struct settings *s,
    const struct self *self);

/* -f, or else user@domain; false with *why. */
bool names_sender(struct envelope *e, const struct settings *s,
    const struct self *self, const struct person *user, struct outcome *why);

/*
 * For a From that is missing: -F, or else the user's own name, if it is the
 * user who sends; "" for none.  Borrowed.
 */
const char *names_full(const struct settings *s, const struct envelope *e,
    const struct person *user);

#endif
