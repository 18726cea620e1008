/* SPDX-License-Identifier: ISC */
/* body.h - reading the raw body of a message, in memory or in its file. */
#ifndef DELIVER_BODY_H
#define DELIVER_BODY_H

#include <stdbool.h>

#include "base/outcome.h"
#include "mail/message.h"

#define BODY_BLOCK 65536

/*
 * The raw octets of m from offset `at` on, at most BODY_BLOCK of them: *out is
 * a slice of the memory the body lies in, or of block, which they were read
 * into.
 * Empty at the end.  False with *why (STAGE_READ, DEFERRED) on a read error or
 * when the file has changed or become shorter (FAULTS row 49).
 */
bool body_read(const struct message *m, uint64_t at, char block[BODY_BLOCK],
    struct slice *out, struct outcome *why);

#endif
