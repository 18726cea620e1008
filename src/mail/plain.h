/* SPDX-License-Identifier: ISC */
/*
 * plain.h - text that needs no care, found many octets at a time.
 *
 * Nearly all text is so: lines of usual length with proper ends.  Whoever goes
 * line by line (lines.h) asks here first and goes over such a run in one step;
 * that is what 100 MB are made of.
 */
#ifndef MAIL_PLAIN_H
#define MAIL_PLAIN_H

#include <stdbool.h>

#include "base/slice.h"

struct plain {
	size_t n;		/* octets of the run; 0 = there is none */
	size_t bare;		/* LFs in it without a CR before them */
	bool eight_bit;		/* any octet above 127 in it, or close behind */
};

/*
 * A run of whole lines at the start of in, which is the start of a line: each
 * has at most 998 octets and ends in LF or CRLF, and there is no NUL and no
 * other CR.  Strictly: all end in CRLF, and none begins with a dot.  It may end
 * before it must: what it leaves is not to be thought worse of.
 */
struct plain plain_find(struct slice in, bool strictly);

/*
 * Where to look again: the octets up to the end of the first line that ends
 * after at least so many, or all there are.
 */
size_t plain_retry(struct slice in, size_t least);

#define PLAIN_RETRY 2048 /* what costs enough to make looking again worth it */

#endif
