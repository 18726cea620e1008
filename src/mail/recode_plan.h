/* SPDX-License-Identifier: ISC */
/* recode_plan.h - what the first pass of recode.h found out about each part. */
#ifndef MAIL_RECODE_PLAN_H
#define MAIL_RECODE_PLAN_H

#include <stdbool.h>

#include "base/ascii.h"
#include "mail/address.h"
#include "mail/mime.h"
#include "mail/recode.h"

#define RECODE_PARTS 1000 /* parts that are told apart; the rest is re-coded */

/* Of a leaf, its body; of what contains parts, any leaf inside. */
enum {
	PART_UNCLEAN = 1,  /* must be re-coded */
	PART_HIGH = 2,	   /* octets above 127 */
	PART_NOT_UTF8 = 4, /* ... and they are no UTF-8 */
	PART_NOT_BASE64 = 8, /* octets that base64 does not have */
	PART_NO_LINES = 16, /* a NUL or a stray CR: lines would spoil it */
};

struct recode_plan {
	struct address_options options; /* for the headers of parts */
	unsigned char part[RECODE_PARTS];
	struct mime mime;
	size_t column;	  /* of the line at hand */
	struct utf8 utf8; /* of the character at hand */
	unsigned leaf;	  /* bits of the leaf at hand, when it has no slot */
	bool is_binary;	  /* recode_plan_is_binary() */
	/* of each multipart around: has it a part yet, and before that text
	   that is not clean? */
	bool has_part[MIME_DEPTH], is_dirty[MIME_DEPTH];
	struct buf bar;	  /* why it cannot be; empty when it can */
};

/* Does it count to the octet, line ends too?  With its PART_ bits. */
static inline bool
recode_plan_is_raw(const struct mime_entity *e, unsigned bits)
{
	return e->is_binary && (e->cte != CTE_8BIT || bits & PART_NO_LINES);
}

/* The PART_ bits of an entity. */
unsigned recode_plan_part(const struct recode_plan *plan, size_t index);

/* Can a part's header stay as it is? */
bool recode_plan_head_is_clean(struct slice head);

#endif
