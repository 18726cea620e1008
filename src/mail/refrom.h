/* SPDX-License-Identifier: ISC */
/* refrom.h - other addresses for senders in a header, by rule. */
#ifndef MAIL_REFROM_H
#define MAIL_REFROM_H

#include <stdbool.h>

#include "mail/address.h"
#include "mail/message.h"
#include "mail/senders.h"

/*
 * Replace the addresses in From, Sender, and Resent-From and Resent-Sender of
 * the first block (resent.h) of a finished head (complete.h) for which s has
 * others.  Names, comments, groups and all other addresses stay as they are; a
 * mailbox that would be in a field twice goes.  Who wrote the message goes to
 * Reply-To, as the From that came, where s->reply_to says so and there is no
 * Reply-To.
 *
 * A From without any address that can be read becomes `instead`, which is what
 * the envelope's sender was replaced by; or NULL.
 *
 * What was done is told in lines (senders_tell()).  False, and nothing changed,
 * when all stay.  Call it before scan_message(), which counts the head; the
 * envelope is the caller's.
 */
bool message_rewrite_senders(struct message *m, const struct senders *s,
    const struct address_options *o, const char *instead, struct buf *told);

#endif
