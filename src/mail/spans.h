/* SPDX-License-Identifier: ISC */
/* spans.h - where in an address field its addresses stand. */
#ifndef MAIL_SPANS_H
#define MAIL_SPANS_H

#include <stdbool.h>

#include "base/slice.h"

/* A mailbox of a list or group. */
struct span {
	struct slice before;	/* what is between the last mailbox's end and
				   the address: separator, name, group */
	struct slice address;	/* "bob@x", comments inside it and all */
	struct slice after;	/* '>' and comments, up to the separator */
	bool is_next;		/* a comma is all that parts it from a mailbox
				   before, so it can go with what is around */
};

/*
 * Take the next mailbox off the unfolded value of a field, of which *rest is
 * what is left; *is_first must be true for the first, and is cleared.  False
 * at the end: what is still in *rest is no mailbox.  The slices of all spans
 * and that rest, one after the other, are the value.
 */
bool spans_next(struct slice *rest, bool *is_first, struct span *out);

#endif
