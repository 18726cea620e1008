/* SPDX-License-Identifier: ISC */
/*
 * mbox_split.h - an mbox as the messages in it (RFC 4155, and what writers of
 * mboxo and mboxrd really do).
 *
 * A message begins at a line "From " with a time of day in it, at the very
 * front or behind an empty line.  One '>' of a ">From " (">>From ", ...) line
 * is taken away, and so is the empty line before the next message.
 */
#ifndef MAIL_MBOX_SPLIT_H
#define MAIL_MBOX_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define MBOX_LINE 1024 /* a "From " line that is longer is text */

/* Zero-initialise. */
struct mbox_split {
	bool begun;		/* there was a first line */
	bool mid_line;
	bool behind_empty;	/* the last line was empty */
	size_t held;		/* octets of an empty line that may belong to
				   the message: 1 or 2, or 0 */
};

enum mbox_found {
	MBOX_MORE,	/* nothing, before there is more behind *in */
	MBOX_BEGIN,	/* a message begins here */
	MBOX_TEXT,	/* *out is the next of its text, a slice of *in or of
			   constant memory */
	MBOX_NONE,	/* its first line does not begin with "From ": this is
			   no mbox */
};

/*
 * Take what can be taken from the front of *in, which goes on where it was left
 * the last time; at_end: nothing comes behind it.  MBOX_MORE at the end means
 * that all was taken.  Twice MBOX_LINE octets are always enough to go on.
 */
enum mbox_found mbox_split(struct mbox_split *m, struct slice *in, bool at_end,
    struct slice *out);

#endif
