/* SPDX-License-Identifier: ISC */
/*
 * maildir.h - a mailbox in Maildir form, and one message more in it.
 *
 * A file's name is made of the message's id and nothing else, so a message that
 * is there already, read or not, is found and not written twice.
 */
#ifndef LOCAL_MAILDIR_H
#define LOCAL_MAILDIR_H

#include "local/mail.h"

/*
 * Deliver to the Maildir at path, which is made with its folders where it is
 * missing.  host: this machine's name, for the file's.  False with *why, and
 * nothing is in it.
 */
bool maildir_deliver(const char *path, const char *host,
    const struct local_mail *m, struct outcome *why);

#endif
