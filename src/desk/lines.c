/* SPDX-License-Identifier: ISC */
/* lines.c - see lines.h */
#include "desk/lines.h"

#define LEAST 24 /* columns that a text is given, however narrow it is */

size_t
columns_of(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

static void
put_indent(struct buf *out)
{
	buf_putf(out, "\n%*s", LINES_INDENT, "");
}

void
line_put(struct buf *out, const char *label, struct slice text, size_t columns)
{
	size_t room = columns > LINES_INDENT + LEAST ? columns - LINES_INDENT :
						       LEAST;
	size_t at = 0, n;
	struct slice word;

	buf_putf(out, "  %-*s", LINES_INDENT - 2, label);
	while (slice_cut(&text, ' ', &word)) {
		n = columns_of(word);
		if (columns > 0 && at > 0 && at + 1 + n >= room) {
			put_indent(out);
			at = 0;
		} else if (at > 0) {
			buf_putc(out, ' ');
			at++;
		}
		buf_put(out, word);
		at += n;
	}
	buf_putc(out, '\n');
}
