/* SPDX-License-Identifier: ISC */
/*
 * resent.h - the first block of Resent- fields (RFC 5322 3.6.6).
 *
 * Each resending puts its block, and each host its Received, on top, so the
 * first block ends where a name comes again, or at a trace field.
 */
#ifndef MAIL_RESENT_H
#define MAIL_RESENT_H

#include <stdbool.h>

#include "mail/header.h"

enum resent_name {
	RESENT_TO,
	RESENT_CC,
	RESENT_BCC, /* those up to here have recipients */
	RESENT_DATE,
	RESENT_FROM,
	RESENT_SENDER,
	RESENT_MESSAGE_ID,
	RESENT_NAMES
};

/* Of a walk over a header.  Zero-initialise. */
struct resent {
	bool is_over;
	unsigned seen; /* 1 << enum resent_name, of those in the block */
};

/* Is the next field of the walk in the first block?  *name says which it is. */
bool resent_next(struct resent *r, const struct header_field *f,
    enum resent_name *name);

/* Does the header have such a block? */
bool resent_is_in(struct slice head);

#endif
