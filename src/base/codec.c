/* SPDX-License-Identifier: ISC */
/* codec.c - see codec.h */
#include "base/codec.h"

#include <string.h>

#include "base/ascii.h"

int
hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_xchar(char c)
{
	return c > ' ' && c < 0x7f && c != '+' && c != '=';
}

void
xtext_put(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_xchar(s.p[i]))
			buf_putc(out, s.p[i]);
		else
			buf_putf(out, "+%02X", (unsigned char)s.p[i]);
}

/* Append the byte that two hex digits name. */
static bool
put_hex(struct buf *out, struct slice digits)
{
	int high, low;

	if (digits.n < 2)
		return false;
	high = hex_value(digits.p[0]);
	low = hex_value(digits.p[1]);
	return high >= 0 && low >= 0 && buf_putc(out, (char)(high << 4 | low));
}

/* Other characters stand for themselves, or only those of xtext do. */
static bool
hex_decode(struct buf *out, struct slice s, char mark, bool is_xtext)
{
	size_t before = out->n;
	bool ok = true;

	while (ok && s.n > 0)
		if (s.p[0] == mark) {
			ok = put_hex(out, slice_from(s, 1));
			s = slice_from(s, 3);
		} else {
			ok = (!is_xtext || is_xchar(s.p[0])) &&
			    buf_putc(out, s.p[0]);
			s = slice_from(s, 1);
		}
	if (!ok)
		buf_cut(out, before);
	return ok;
}

bool
xtext_decode(struct buf *out, struct slice s)
{
	return hex_decode(out, s, '+', true);
}

bool
percent_decode(struct buf *out, struct slice s)
{
	return hex_decode(out, s, '%', false);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* One to three bytes as four characters. */
static void
put_group(struct buf *out, struct slice s)
{
	unsigned bits = 0;
	char four[4] = { '=', '=', '=', '=' };

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < s.n ? (unsigned char)s.p[i] : 0);
	for (size_t i = 0; i <= s.n; i++)
		four[i] = alphabet[bits >> (18 - 6 * i) & 63];
	buf_put(out, (struct slice){ four, 4 });
}

void
base64_put(struct buf *out, struct slice s)
{
	for (; s.n > 0; s = slice_from(s, 3))
		put_group(out, slice_first(s, 3));
}

/* Its place in the alphabet plus 64; 0 = none of it. */
static const unsigned char base64_place[256] = {
	['A'] = 64, ['B'] = 65, ['C'] = 66, ['D'] = 67, ['E'] = 68, ['F'] = 69,
	['G'] = 70, ['H'] = 71, ['I'] = 72, ['J'] = 73, ['K'] = 74, ['L'] = 75,
	['M'] = 76, ['N'] = 77, ['O'] = 78, ['P'] = 79, ['Q'] = 80, ['R'] = 81,
	['S'] = 82, ['T'] = 83, ['U'] = 84, ['V'] = 85, ['W'] = 86, ['X'] = 87,
	['Y'] = 88, ['Z'] = 89, ['a'] = 90, ['b'] = 91, ['c'] = 92, ['d'] = 93,
	['e'] = 94, ['f'] = 95, ['g'] = 96, ['h'] = 97, ['i'] = 98, ['j'] = 99,
	['k'] = 100, ['l'] = 101, ['m'] = 102, ['n'] = 103, ['o'] = 104,
	['p'] = 105, ['q'] = 106, ['r'] = 107, ['s'] = 108, ['t'] = 109,
	['u'] = 110, ['v'] = 111, ['w'] = 112, ['x'] = 113, ['y'] = 114,
	['z'] = 115, ['0'] = 116, ['1'] = 117, ['2'] = 118, ['3'] = 119,
	['4'] = 120, ['5'] = 121, ['6'] = 122, ['7'] = 123, ['8'] = 124,
	['9'] = 125, ['+'] = 126, ['/'] = 127,
};

static struct slice
without_padding(struct slice s)
{
	for (unsigned i = 0; i < 2 && s.n > 0 && s.p[s.n - 1] == '='; i++)
		s.n--;
	return s;
}

/* Four of the alphabet to three bytes. */
static bool
quad_decode(const char p[4], char to[3])
{
	unsigned a = base64_place[(unsigned char)p[0]];
	unsigned b = base64_place[(unsigned char)p[1]];
	unsigned c = base64_place[(unsigned char)p[2]];
	unsigned d = base64_place[(unsigned char)p[3]];
	unsigned bits = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 |
	    (d & 63);

	if (!(a & b & c & d & 64))
		return false;
	to[0] = (char)(bits >> 16);
	to[1] = (char)(bits >> 8 & 0xff);
	to[2] = (char)(bits & 0xff);
	return true;
}

/* The last two or three, which stand for a byte less than they are. */
static bool
tail_decode(struct slice s, char *to)
{
	char quad[4] = "AAAA", three[3];

	if (s.n == 0)
		return true;
	memcpy(quad, s.p, s.n);
	if (s.n == 1 || !quad_decode(quad, three))
		return false;
	memcpy(to, three, s.n - 1);
	return true;
}

bool
base64_decode(struct buf *out, struct slice s)
{
	size_t size;
	char *to;

	s = without_padding(s);
	size = s.n - (s.n + 3) / 4; /* three for four, the tail one less */
	to = buf_reserve(out, size);
	if (!to)
		return false;
	for (; s.n >= 4; s.p += 4, s.n -= 4, to += 3)
		if (!quad_decode(s.p, to))
			return false;
	if (!tail_decode(s, to))
		return false;
	buf_grow(out, size);
	return true;
}
