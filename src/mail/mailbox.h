/* SPDX-License-Identifier: ISC */
/* mailbox.h - one mailbox of an address list: the inside of address.c. */
#ifndef MAIL_MAILBOX_H
#define MAIL_MAILBOX_H

#include "base/buf.h"
#include "mail/address.h"
#include "mail/lex.h"

/*
 * Read the mailbox whose first words are *w, which were just taken, into *a:
 * the words are a display name before "<", or a local part.  False when it
 * cannot be; *a is to be freed then, too.
 */
bool mailbox_take(struct lex *p, const struct lex_words *w, struct address *a);

/* Append s in quotes (RFC 5322 3.2.4). */
void mailbox_put_quoted(struct buf *out, struct slice s);

/* A name fit to be shown in one line, control bytes as blanks; on the heap. */
char *mailbox_clean_name(struct slice s);

#endif
