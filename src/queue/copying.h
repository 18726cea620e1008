/* SPDX-License-Identifier: ISC */
/*
 * copying.h - the text of a message into another one, a little at a time: a
 * loop with many things to do copies a message of any size between them.
 */
#ifndef QUEUE_COPYING_H
#define QUEUE_COPYING_H

#include "spool/store.h"

/* Zero-initialise, then set from and to; neither is owned. */
struct copying {
	const struct content *from;
	struct draft *to;
	uint64_t at;		/* octets of it that are done */
};

enum copied { COPY_MORE, COPY_DONE, COPY_FAILED };

/*
 * Copy a megabyte, or the rest.  Each block is checked when it is read.  FAILED
 * with *why: of content_read() or store_write(), final for the draft.
 */
enum copied copying_step(struct copying *c, struct outcome *why);

#endif
