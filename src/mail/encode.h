/* SPDX-License-Identifier: ISC */
/*
 * encode.h - the message as the wire wants it.
 *
 * Input is raw text in arbitrary pieces with CRLF, LF, lone CR or mixed line
 * ends and perhaps NULs.  Output has CRLF only, no NUL, ends with CRLF, and
 * for DATA (RFC 5321 4.5.2) a leading dot of each line is doubled.
 *
 * A CR that no LF follows (lines.h) becomes a line end of its own, so CR CR LF
 * is two.  Any chunking of the input gives the same output.
 */
#ifndef MAIL_ENCODE_H
#define MAIL_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/lines.h"

/* Zero-initialise, then set dots; it begins at the start of a line. */
struct encoder {
	bool dots;	/* double leading dots: for DATA, not for BDAT */
	bool mid_line;
	struct lines lines; /* the encoder's own */
};

/*
 * Encode all of in after out's content (at most twice as long, plus two; out
 * must have room for that).  A CR at the end of in waits for the next piece.
 */
void encode(struct encoder *e, struct slice in, struct buf *out);

/*
 * End the last line, if it is not ended; text of no octets stays that.  Does
 * not write the final dot; that is the session's.
 */
void encode_finish(struct encoder *e, struct buf *out);

#endif
