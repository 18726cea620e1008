/* SPDX-License-Identifier: ISC */
/*
 * draft.h - a message of the sink's while it comes in.
 *
 * A small one stays in memory: most are kept elsewhere at once, and a file of
 * its own would cost more than all the rest.  A larger one has a file without a
 * name, or with a hidden one in the folder where it is to be kept.  A failed
 * write is remembered, and told when the message is whole.
 */
#ifndef SERVE_DRAFT_H
#define SERVE_DRAFT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* A larger one has a file: thousands of peers may send at a time. */
#define DRAFT_IN_MEMORY 16384

/* Zero-initialised by DRAFT_NONE. */
struct draft {
	int fd;			/* -1 = none: it is all in text */
	struct buf text;
	const char *dir;	/* for a hidden name; NULL = it has none */
	char *path;		/* the hidden name, then the one where it is
				   kept; NULL = it has none */
	bool kept;
	off_t text_at;		/* where in fd the message begins */
	char id[64];
	int error;		/* errno of the first failure; 0 = none */
};

#define DRAFT_NONE ((struct draft){ .fd = -1 })

void draft_write(struct draft *d, struct slice data);

/* Put it into its file, if it is in none.  False: error says why not. */
bool draft_in_file(struct draft *d);

/* The reply for its error. */
const char *draft_refusal(const struct draft *d);

/*
 * Throw it away, unless it was kept, and forget it; one that was never opened
 * may be discarded too.
 */
void draft_discard(struct draft *d);

#endif
