/* SPDX-License-Identifier: ISC */
/* recode_plan.h - what the first pass of recode.h found out about each part. */
#ifndef MAIL_RECODE_PLAN_H
#define MAIL_RECODE_PLAN_H

#include <stdbool.h>

#include "mail/mime.h"
#include "mail/recode.h"

#define RECODE_PARTS 1000 /* parts that are told apart; the rest is re-coded */

/* Of a leaf, its body; of what contains parts, any leaf inside. */
enum {
	PART_UNCLEAN = 1,  /* must be re-coded */
	PART_HIGH = 2,	   /* octets above 127 */
	PART_NOT_UTF8 = 4, /* ... and they are no UTF-8 */
};

struct recode_plan {
	const struct idn *idn;	/* for the headers of parts */
	unsigned char part[RECODE_PARTS];
	struct mime mime;
	size_t column;	/* of the line at hand */
	unsigned need;	/* UTF-8: octets that the character still wants */
	unsigned char low, high; /* ... and between what the next one must be */
};

/* The PART_ bits of an entity. */
unsigned recode_plan_part(const struct recode_plan *plan, size_t index);

#endif
