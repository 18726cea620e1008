/* SPDX-License-Identifier: ISC */
/* supply.h - the fields that a header lacks, made. */
#ifndef MAIL_SUPPLY_H
#define MAIL_SUPPLY_H

#include "mail/complete.h"
#include "mail/header.h"

/* Is it one of those that are made anew when they say nothing? */
bool supply_is_empty(const struct header_field *f);

/*
 * Append Date, From and Message-ID where the canonical head has none, or an
 * empty one.  charset is what a full name is in that is no UTF-8.
 */
void supply_missing(struct buf *out, struct slice head,
    const struct complete_options *o, const char *charset);

/*
 * Append "<...@host>", unique by 64 random bits and the second; the mark tells
 * two of one message apart.
 */
void supply_id_put(struct buf *out, const char *mark,
    const struct complete_options *o);

/*
 * Append what the first block of Resent- fields lacks of Resent-Date,
 * Resent-From and Resent-Message-ID; nothing when there is no block.
 */
void supply_resent(struct buf *out, struct slice head,
    const struct complete_options *o, const char *charset);

#endif
