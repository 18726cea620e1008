/* SPDX-License-Identifier: ISC */
/* escape.c - see escape.h */
#include "desk/escape.h"

#include "base/codec.h"

/* \xNN: how many octets of text it took; 0 = it is none. */
static size_t
read_hex(struct slice s, char *octet)
{
	int high, low;

	if (s.n < 3 || (high = hex_value(s.p[1])) < 0 ||
	    (low = hex_value(s.p[2])) < 0)
		return 0;
	*octet = (char)(unsigned char)(high * 16 + low);
	return 3;
}

/* What stands behind a backslash. */
static size_t
read_one(struct slice s, char *octet)
{
	static const char names[] = "rnt0\\", octets[] = "\r\n\t\0\\";

	if (s.n == 0)
		return 0;
	if (s.p[0] == 'x')
		return read_hex(s, octet);
	for (size_t i = 0; i < sizeof names - 1; i++) {
		if (s.p[0] == names[i]) {
			*octet = octets[i];
			return 1;
		}
	}
	return 0;
}

bool
escape_read(struct buf *out, struct slice text, size_t *bad)
{
	size_t before = out->n, used;
	char octet;

	for (size_t i = 0; i < text.n; i++) {
		octet = text.p[i];
		used = 0;
		if (octet == '\\') {
			used = read_one(slice_from(text, i + 1), &octet);
			if (used == 0) {
				buf_cut(out, before);
				*bad = i;
				return false;
			}
		}
		buf_putc(out, octet);
		i += used;
	}
	return true;
}
