/* SPDX-License-Identifier: ISC */
/*
 * verp.h - a reverse-path that names the recipient, so that a bounce tells who
 * it is about: list+bob=example.org@lists.example.com (--verp).
 */
#ifndef BULK_VERP_H
#define BULK_VERP_H

#include "mail/address.h"

/*
 * *out for mail from `from` to `to`, freed by address_free().  False with *why
 * (STAGE_ADDRESS, FAILED): there is no such path, as one of them is quoted, or
 * it would be too long (RFC 5321 4.5.3.1.1).  From <> it is <>.
 */
bool verp_make(const struct address *from, const struct address *to,
    struct address *out, struct outcome *why);

#endif
