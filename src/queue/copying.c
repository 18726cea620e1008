/* SPDX-License-Identifier: ISC */
/* copying.c - see copying.h */
#include "queue/copying.h"

#include "net/content.h"

#define STEP (1 << 20) /* octets: a millisecond or two */

enum copied
copying_step(struct copying *c, struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice part;

	for (uint64_t end = c->at + STEP; c->at < end; c->at += part.n) {
		if (!content_read(c->from, c->at, block, &part, why) ||
		    !store_write(c->to, part, why))
			return COPY_FAILED;
		if (part.n == 0)
			return COPY_DONE;
	}
	return COPY_MORE;
}
