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
ascii_is_uri(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' ||
		    strchr("\"<>\\^`{|}", s.p[i]))
			return false;
	return s.n > 0;
}

bool
ascii_has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_control(s.p[i]))
			return true;
	return false;
}

/* What the octets after this lead must be (RFC 3629 4); false for no lead. */
static bool
utf8_lead(struct utf8 *u, unsigned char c)
{
	u->low = 0x80;
	u->high = 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return false;
	u->need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		u->low = 0xa0;
	else if (c == 0xed)
		u->high = 0x9f;
	else if (c == 0xf0)
		u->low = 0x90;
	else if (c == 0xf4)
		u->high = 0x8f;
	return true;
}

bool
utf8_step(struct utf8 *u, char octet)
{
	unsigned char c = (unsigned char)octet;

	if (u->need == 0)
		return c < 0x80 || utf8_lead(u, c);
	if (c < u->low || c > u->high) {
		u->need = 0;
		return false;
	}
	u->need--;
	u->low = 0x80;
	u->high = 0xbf;
	return true;
}

/*
 * Read one character at the front of s: its length goes to *n, its code point
 * is returned.  Broken UTF-8 gives -1 and a length of one byte.
 */
static long
utf8_next(struct slice s, size_t *n)
{
	struct utf8 u = { 0 };
	long cp = 0;

	for (*n = 0; *n < s.n; ++*n) {
		unsigned char c = (unsigned char)s.p[*n];

		if (!utf8_step(&u, s.p[*n]))
			break;
		cp = *n > 0 ? cp << 6 | (c & 0x3f) :
			      c & (0x7f >> (u.need ? u.need + 1 : 0));
		if (u.need == 0) {
			++*n;
			return cp;
		}
	}
	*n = 1;
	return -1;
}

bool
utf8_is_valid(struct slice s)
{
	struct utf8 u = { 0 };

	for (size_t i = 0; i < s.n; i++)
		if (!utf8_step(&u, s.p[i]))
			return false;
	return u.need == 0;
}

/*
 * C1 controls, the marks that reorder a line of text on a terminal, and those
 * that are not seen and join nothing.
 */
static bool
is_hostile(long cp)
{
	return (cp >= 0x80 && cp < 0xa0) || cp == 0x61c ||
	    cp == 0x200b || cp == 0x2060 || cp == 0xfeff ||
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
