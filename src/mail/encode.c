/* SPDX-License-Identifier: ISC */
/* encode.c - see encode.h */
#include "mail/encode.h"

#include <assert.h>
#include <string.h>

#include "mail/plain.h"

static char *
put_text(struct encoder *e, struct slice text, char *to)
{
	if (e->dots && !e->mid_line && text.p[0] == '.')
		*to++ = '.';
	memcpy(to, text.p, text.n);
	e->mid_line = true;
	return to + text.n;
}

static char *
put_end(struct encoder *e, char *to)
{
	e->mid_line = false;
	to[0] = '\r';
	to[1] = '\n';
	return to + 2;
}

static void
encode_lines(struct encoder *e, struct slice in, struct buf *out)
{
	char *base = buf_reserve(out, 2 * in.n + 2), *to = base;
	enum lines_piece got;
	struct slice text;

	assert(base);
	lines_feed(&e->lines, in);
	while ((got = lines_next(&e->lines, &text)) != LINES_NONE)
		if (got == LINES_TEXT)
			to = put_text(e, text, to);
		else if (got != LINES_NUL)
			to = put_end(e, to);
	buf_grow(out, (size_t)(to - base));
}

/* Plain text is copied, the rest goes line by line. */
void
encode(struct encoder *e, struct slice in, struct buf *out)
{
	while (in.n > 0) {
		bool begins = !e->mid_line && !e->lines.after_cr;
		struct plain run = { 0 };
		size_t n;

		if (begins)
			run = plain_find(in, true);
		n = run.n > 0 ? run.n :
		    plain_retry(in, begins ? PLAIN_RETRY : 0);
		if (run.n > 0)
			buf_put(out, slice_first(in, n));
		else
			encode_lines(e, slice_first(in, n), out);
		in = slice_from(in, n);
	}
}

void
encode_finish(struct encoder *e, struct buf *out)
{
	if (e->lines.after_cr || e->mid_line)
		buf_put(out, SLICE("\r\n"));
	e->lines.after_cr = e->mid_line = false;
}
