/* SPDX-License-Identifier: ISC */
/* refrom.h - another address in From, for relays that take only their own. */
#ifndef MAIL_REFROM_H
#define MAIL_REFROM_H

#include <stdbool.h>

#include "mail/address.h"
#include "mail/message.h"

/*
 * Put path in the place of the address in From of a finished head
 * (complete.h), under the display name that is there.  Who wrote the message
 * goes to Reply-To, qualified with o->default_domain where it is a bare name,
 * unless there is a Reply-To.  A From that cannot be read is replaced whole;
 * more Froms than one, which RFC 5322 3.6 forbids, go.
 *
 * False, and nothing changed, when path stands there already or there is no
 * From.  Call it before scan_message(), which counts the head; the envelope is
 * the caller's.
 */
bool message_rewrite_from(struct message *m, struct slice path,
    const struct address_options *o);

#endif
