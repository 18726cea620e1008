/* SPDX-License-Identifier: ISC */
/* server_data.c - see server_data.h */
#include "smtp/server_data.h"

#include <string.h>

/* Is there a CR in s that is not its last octet but one before the LF? */
static bool
has_bare_cr(struct slice s, bool ends_line)
{
	size_t tail = ends_line ? 2 : 1;

	return s.n > tail && memchr(s.p, '\r', s.n - tail);
}

/* Pass on the line, or the part of it, that stands in front of *in. */
static void
take_line(struct data_reader *r, struct slice *in, struct buf *out)
{
	size_t at = slice_find(*in, '\n');
	bool lf = at < in->n;
	struct slice line = slice_first(*in, at + 1);
	bool crlf = lf && at > 0 && in->p[at - 1] == '\r';

	if ((lf && !crlf) || has_bare_cr(line, lf))
		r->bare = true;
	if (crlf)
		r->at = DATA_BEGIN;
	else if (!lf && line.p[line.n - 1] == '\r')
		r->at = DATA_CR;
	else
		r->at = DATA_MID;
	buf_put(out, line);
	*in = slice_from(*in, line.n);
}

/* The octet after a CR that was passed on. */
static void
after_cr(struct data_reader *r, struct slice *in, struct buf *out)
{
	if (in->p[0] != '\n') {
		r->bare = true;
		r->at = DATA_MID;
		return;
	}
	buf_putc(out, '\n');
	*in = slice_from(*in, 1);
	r->at = DATA_BEGIN;
}

/* At the beginning of a line, or after its dot: is this the c we look for? */
static void
expect(struct data_reader *r, struct slice *in, char c, int found)
{
	r->at = DATA_MID;
	if (in->p[0] != c)
		return;
	*in = slice_from(*in, 1);
	r->at = (unsigned)found;
}

enum parse
data_read_dots(struct data_reader *r, struct slice *in, struct buf *out)
{
	while (in->n > 0) {
		switch (r->at) {
		case DATA_BEGIN:
			expect(r, in, '.', DATA_DOT);
			break;
		case DATA_DOT:
			expect(r, in, '\r', DATA_DOT_CR);
			break;
		case DATA_DOT_CR:
			if (in->p[0] == '\n') {
				*in = slice_from(*in, 1);
				r->at = DATA_BEGIN;
				return PARSE_OK;
			}
			buf_putc(out, '\r');
			r->at = DATA_CR;
			break;
		case DATA_CR:
			after_cr(r, in, out);
			break;
		case DATA_MID:
			take_line(r, in, out);
			break;
		}
	}
	return PARSE_MORE;
}

void
data_read_chunk(struct data_reader *r, struct slice in, bool last,
    struct buf *out)
{
	while (in.n > 0) {
		if (r->at == DATA_CR)
			after_cr(r, &in, out);
		else
			take_line(r, &in, out);
	}
	if (last && r->at == DATA_CR)
		r->bare = true;
}
