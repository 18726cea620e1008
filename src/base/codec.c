/* SPDX-License-Identifier: ISC */
/* codec.c - see codec.h */
#include "base/codec.h"

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

bool
xtext_decode(struct buf *out, struct slice s)
{
	size_t before = out->n;
	bool ok = true;

	while (ok && s.n > 0)
		if (s.p[0] == '+') {
			ok = put_hex(out, slice_from(s, 1));
			s = slice_from(s, 3);
		} else {
			ok = is_xchar(s.p[0]) && buf_putc(out, s.p[0]);
			s = slice_from(s, 1);
		}
	if (!ok)
		buf_cut(out, before);
	return ok;
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

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static struct slice
without_padding(struct slice s)
{
	for (unsigned i = 0; i < 2 && s.n > 0 && s.p[s.n - 1] == '='; i++)
		s.n--;
	return s;
}

bool
base64_decode(struct buf *out, struct slice s)
{
	size_t before = out->n;
	unsigned bits = 0, have = 0;

	s = without_padding(s);
	for (size_t i = 0; i < s.n; i++) {
		int v = base64_value(s.p[i]);

		if (v < 0) {
			buf_cut(out, before);
			return false;
		}
		bits = (bits << 6 | (unsigned)v) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_putc(out, (char)(bits >> have & 0xff));
		}
	}
	if (have < 6)
		return true;
	buf_cut(out, before); /* one character alone is not a byte */
	return false;
}
