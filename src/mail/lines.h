/* SPDX-License-Identifier: ISC */
/*
 * lines.h - what ends a line of raw text: said here and nowhere else.
 *
 * LF does, with or without a CR before it.  A CR without an LF does only in
 * text that has no LF anywhere, as old Macintoshes wrote it.  Else it is a
 * stray: in a header a blank, so that it never begins a field nobody wrote; in
 * a body a line end on the wire, or =0D in a part that is re-coded.  A NUL is
 * no text and never leaves the program; CR NUL LF is a stray CR and an LF.
 *
 * Three memchr cursors run ahead, one for each octet that needs care; each is
 * moved only when it was passed, so that no octet is looked at more than four
 * times whatever the text is like.  Any chunking gives the same pieces but for
 * where texts are cut.
 */
#ifndef MAIL_LINES_H
#define MAIL_LINES_H

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"

#define LINES_OCTETS 998 /* of a line at most, less its CRLF (RFC 5322 2.1.1) */

enum lines_piece {
	LINES_NONE, /* all is used up */
	LINES_TEXT, /* octets of a line */
	LINES_END,  /* of a line: LF, CRLF, or CR where that ends one */
	LINES_CR,   /* a stray one */
	LINES_NUL,
};

/* Zero-initialise, then set cr_ends. */
struct lines {
	bool cr_ends;	/* the whole text has no LF: a CR ends a line */
	bool after_cr;	/* the last octet was a CR, not yet told of */
	const char *p, *end;	   /* what is left of the piece at hand */
	const char *lf, *cr, *nul; /* the next of each in it, or end */
};

static inline const char *
lines_find(const char *p, const char *end, char c)
{
	const char *hit = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

	return hit ? hit : end;
}

/* The next octets, which stay where they are; those before are used up. */
static inline void
lines_feed(struct lines *l, struct slice in)
{
	l->p = in.n > 0 ? in.p : "";
	l->end = l->p + in.n;
	l->lf = lines_find(l->p, l->end, '\n');
	l->cr = lines_find(l->p, l->end, '\r');
	l->nul = lines_find(l->p, l->end, '\0');
}

/* A CR was read, and what is after it is known: a line end, or a stray? */
static inline enum lines_piece
lines_settle_cr(struct lines *l, struct slice *text)
{
	bool crlf = l->p < l->end && *l->p == '\n';

	l->after_cr = false;
	*text = slice_first(SLICE("\r\n"), crlf ? 2 : 1);
	if (!crlf)
		return l->cr_ends ? LINES_END : LINES_CR;
	l->p++;
	l->lf = lines_find(l->p, l->end, '\n');
	return LINES_END;
}

static inline enum lines_piece
lines_take_special(struct lines *l, struct slice *text)
{
	char c = *l->p;

	*text = (struct slice){ l->p++, 1 };
	if (c == '\n') {
		l->lf = lines_find(l->p, l->end, '\n');
		return LINES_END;
	}
	if (c == '\0') {
		l->nul = lines_find(l->p, l->end, '\0');
		return LINES_NUL;
	}
	l->cr = lines_find(l->p, l->end, '\r');
	l->after_cr = true;
	return l->p < l->end ? lines_settle_cr(l, text) : LINES_NONE;
}

/* The next piece of what was fed.  A CR at its end waits for the next feed. */
static inline enum lines_piece
lines_next(struct lines *l, struct slice *text)
{
	const char *stop = l->lf < l->cr ? l->lf : l->cr;

	if (l->p == l->end)
		return LINES_NONE;
	if (l->after_cr)
		return lines_settle_cr(l, text);
	stop = l->nul < stop ? l->nul : stop;
	if (stop == l->p)
		return lines_take_special(l, text);
	*text = (struct slice){ l->p, (size_t)(stop - l->p) };
	l->p = stop;
	return LINES_TEXT;
}

/* All was fed: a CR that waited, or nothing. */
static inline enum lines_piece
lines_rest(struct lines *l, struct slice *text)
{
	return l->after_cr ? lines_settle_cr(l, text) : LINES_NONE;
}

#endif
