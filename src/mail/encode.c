/* SPDX-License-Identifier: ISC */
/* encode.c - see encode.h */
#include "mail/encode.h"

#include <assert.h>
#include <string.h>

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

void
encode(struct encoder *e, struct slice in, struct buf *out)
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

void
encode_finish(struct encoder *e, struct buf *out)
{
	if (e->lines.after_cr || e->mid_line)
		buf_put(out, SLICE("\r\n"));
	e->lines.after_cr = e->mid_line = false;
}
