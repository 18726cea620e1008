/* SPDX-License-Identifier: ISC */
/*
 * content.h - octets that do not change, in memory or in a file.
 *
 * It owns neither.  net/content.h reads it in blocks, so that whoever works on
 * a body need not know where it lies.
 *
 * A file may hold sums of what it says: the octets of the file from `summed` up
 * to `sums` in blocks of CONTENT_SUMMED, and at `sums` the CRC-32C of each,
 * lowest octet first.  What is read of them is then checked.
 */
#ifndef BASE_CONTENT_H
#define BASE_CONTENT_H

#include <stdint.h>

#include "base/slice.h"

#define CONTENT_SUMMED 65536

struct content {
	struct slice memory; /* all of it, when fd < 0 */
	int fd;		     /* or the file it is in, or -1 */
	uint64_t offset;     /* where in the file it begins */
	uint64_t length;     /* how many octets it has, wherever they are */
	int64_t stamp;	     /* a watched file's time of change in ns; 0 =
			   nobody else can change it */
	uint64_t summed, sums; /* where in the file; sums 0 = none */
};

/* What is left from octet n on, which may be past the end. */
static inline struct content
content_from(struct content c, uint64_t n)
{
	if (n > c.length)
		n = c.length;
	c.memory = slice_from(c.memory, (size_t)n);
	c.offset += n;
	c.length -= n;
	return c;
}

#endif
