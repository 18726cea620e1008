/* SPDX-License-Identifier: ISC */
/* ascii.c - see ascii.h */
#include "base/ascii.h"

#include <string.h>

/* Eight octets at a time: whole messages pass here. */
bool
ascii_has_high(struct slice s)
{
	uint64_t all = 0, word = 0;

	for (; s.n >= sizeof word; s = slice_from(s, sizeof word)) {
		memcpy(&word, s.p, sizeof word);
		all |= word;
	}
	word = 0;
	if (s.n > 0)
		memcpy(&word, s.p, s.n);
	return ((all | word) & 0x8080808080808080u) != 0;
}

bool
ascii_has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_control(s.p[i]))
			return true;
	return false;
}

/* Length of the sequence that the lead byte c announces; 0 for none. */
static size_t
utf8_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if ((c & 0xf0) == 0xe0)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/*
 * Read one character at the front of s: its length goes to *n, its code point
 * is returned.  Broken UTF-8 gives -1 and a length of one byte.
 */
static long
utf8_next(struct slice s, size_t *n)
{
	static const long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)s.p[0];
	size_t len = utf8_length(lead);
	long cp;

	*n = 1;
	if (len <= 1)
		return len ? lead : -1;
	if (len > s.n)
		return -1;
	cp = lead & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return -1;
		cp = cp << 6 | (s.p[i] & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return -1;
	*n = len;
	return cp;
}

bool
utf8_is_valid(struct slice s)
{
	size_t n;

	for (; s.n > 0; s = slice_from(s, n))
		if (utf8_next(s, &n) < 0)
			return false;
	return true;
}

/* C1 controls, and the marks that reorder a line of text on a terminal. */
static bool
is_hostile(long cp)
{
	return (cp >= 0x80 && cp < 0xa0) || cp == 0x61c ||
	    (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069);
}

void
text_escape(struct buf *out, struct slice s)
{
	size_t n;
	long cp;

	for (; s.n > 0; s = slice_from(s, n)) {
		cp = utf8_next(s, &n);
		if (cp == '\\')
			buf_puts(out, "\\\\");
		else if (cp < 0x20 || cp == 0x7f || is_hostile(cp))
			for (size_t i = 0; i < n; i++)
				buf_putf(out, "\\x%02x", (unsigned char)s.p[i]);
		else
			buf_put(out, slice_first(s, n));
	}
}
