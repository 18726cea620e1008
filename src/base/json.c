/* SPDX-License-Identifier: ISC */
/* json.c - see json.h */
#include "base/json.h"

#include "base/ascii.h"

/* Length of the well-formed UTF-8 character at the front, or 0. */
static size_t
character(struct slice s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++)
		if (utf8_is_valid(slice_first(s, n)))
			return n;
	return 0;
}

static unsigned
code_point(struct slice c)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned cp = (unsigned char)c.p[0] & mask[c.n];

	for (size_t i = 1; i < c.n; i++)
		cp = cp << 6 | ((unsigned char)c.p[i] & 0x3f);
	return cp;
}

/* Would text_escape() hide this character from a terminal? */
static bool
is_hidden(struct slice c)
{
	struct buf b = { 0 };
	bool hidden;

	text_escape(&b, c);
	hidden = b.n != c.n;
	buf_free(&b);
	return hidden;
}

static void
put_character(struct buf *out, struct slice c)
{
	if (c.n == 1 && (c.p[0] == '"' || c.p[0] == '\\'))
		buf_putf(out, "\\%c", c.p[0]);
	else if (is_hidden(c))
		buf_putf(out, "\\u%04x", code_point(c));
	else
		buf_put(out, c);
}

/* The run at the front that needs no care. */
static size_t
plain_run(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '"' && s.p[n] != '\\' &&
	    !ascii_is_control(s.p[n]) && !ascii_is_high(s.p[n]))
		n++;
	return n;
}

void
json_put_string(struct buf *out, struct slice text)
{
	size_t n;

	buf_putc(out, '"');
	while (text.n > 0) {
		n = plain_run(text);
		buf_put(out, slice_first(text, n));
		text = slice_from(text, n);
		if (text.n == 0)
			break;
		n = character(text);
		if (n > 0)
			put_character(out, slice_first(text, n));
		else
			buf_putf(out, "\\u%04x", (unsigned char)text.p[0]);
		text = slice_from(text, n > 0 ? n : 1);
	}
	buf_putc(out, '"');
}

void
json_put_key(struct buf *out, const char *key)
{
	buf_putf(out, ",\"%s\":", key);
}

void
json_put_text(struct buf *out, const char *key, struct slice text)
{
	json_put_key(out, key);
	if (text.n > 0)
		json_put_string(out, text);
	else
		buf_puts(out, "null");
}
