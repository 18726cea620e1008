/* SPDX-License-Identifier: ISC */
/* content.h - reading a message or its body, in memory or in its file. */
#ifndef NET_CONTENT_H
#define NET_CONTENT_H

#include <stdbool.h>

#include "base/content.h"
#include "base/outcome.h"

#define CONTENT_BLOCK CONTENT_SUMMED

struct stat;

/*
 * The octets from `at` on, at most CONTENT_BLOCK of them: *out is a slice of
 * the memory they lie in, or of block, which they were read into.  Empty only
 * at the end.  False with *why (STAGE_READ, DEFERRED) on a read error, when the
 * file has changed or become shorter, or its sums say that it is damaged
 * (FAULTS row 49).
 */
bool content_read(const struct content *c, uint64_t at,
    char block[CONTENT_BLOCK], struct slice *out, struct outcome *why);

/*
 * Did content_read() say so of a file that it could read, but which is not what
 * was written?  It will not get better.
 */
bool content_is_damaged(const struct outcome *why);

/* What content.stamp is of a file that is to be watched. */
int64_t content_stamp(const struct stat *st);

#endif
