/* SPDX-License-Identifier: ISC */
/*
 * sink_text.h - message text from the wire's form to a local one, in pieces.
 *
 * Text in has CRLF line ends and no other CR.
 */
#ifndef SERVE_SINK_TEXT_H
#define SERVE_SINK_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Zeroed: LF line ends, else as it is. */
struct sink_text {
	enum {
		TEXT_PLAIN,
		TEXT_MBOX,	/* mboxrd: ">*From " gets one more '>' */
		TEXT_TERMINAL,	/* escaped, but for tabs */
	} kind;
	bool mid_line;		/* past what could be ">*From " */
	size_t matched;		/* octets of "From " held back */
	bool open;		/* the last line has no end yet */
};

/* Append the local form of in to out. */
void sink_text_put(struct sink_text *t, struct slice in, struct buf *out);

/* That was all: what was held back, and an end for the last line. */
void sink_text_end(struct sink_text *t, struct buf *out);

#endif
