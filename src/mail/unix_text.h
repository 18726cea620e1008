/* SPDX-License-Identifier: ISC */
/*
 * unix_text.h - message text from the wire's form to a local one, in pieces.
 *
 * Text in has CRLF line ends and no other CR.
 */
#ifndef MAIL_UNIX_TEXT_H
#define MAIL_UNIX_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Zeroed: LF line ends, else as it is. */
struct unix_text {
	enum {
		TEXT_PLAIN,
		TEXT_MBOX,     /* mboxrd: ">*From " gets one more '>' */
		TEXT_TERMINAL, /* escaped, but for tabs */
	} kind;
	bool mid_line;  /* past what could be ">*From " */
	size_t matched; /* octets of "From " held back */
	bool open;      /* the last line has no end yet */
};

/* Append the local form of in to out. */
void unix_text_put(struct unix_text *t, struct slice in, struct buf *out);

/* That was all: what was held back, and an end for the last line. */
void unix_text_end(struct unix_text *t, struct buf *out);

#endif
