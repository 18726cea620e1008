/* SPDX-License-Identifier: ISC */
/*
 * spill.h - what is too large for memory, in a file that nobody else sees.
 *
 * $TMPDIR, /var/tmp and /tmp are tried in this order, and then memory that
 * swaps (memfd_create(2)) up to SPILL_MEMORY.  When one of them is full in the
 * middle, what is there already moves to the next.
 */
#ifndef NET_SPILL_H
#define NET_SPILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/outcome.h"

#define SPILL_MEMORY 67108864 /* octets */

struct spill {
	int fd;		/* -1 at first; the caller's to close */
	uint64_t n;	/* octets in it */
	unsigned place;	/* the next one to try */
	struct buf why;	/* of the places that were of no use */
};

/* Also with a zeroed one, but for its fd, which is -1. */
void spill_free(struct spill *s);

/*
 * Append data.  False with *why (STAGE_SYSTEM, FAILED: EX_OSERR), which names
 * each place and what is wrong there, when there is room nowhere.
 */
bool spill_put(struct spill *s, struct slice data, struct outcome *why);

#endif
