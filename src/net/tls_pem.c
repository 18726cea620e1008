/* SPDX-License-Identifier: ISC */
/* tls_pem.c - see tls_pem.h */
#include "net/tls_pem.h"

#include <string.h>

#include "base/codec.h"

/* Offset of what, or s.n. */
static size_t
offset(struct slice s, struct slice what)
{
	const char *at = memmem(s.p, s.n, what.p, what.n);

	return at ? (size_t)(at - s.p) : s.n;
}

/* Offset of the line that begins with what, or s.n. */
static size_t
line_offset(struct slice s, struct slice what)
{
	size_t at = offset(s, what);

	while (at < s.n && at > 0 && s.p[at - 1] != '\n')
		at += 1 + offset(slice_from(s, at + 1), what);
	return at < s.n ? at : s.n;
}

bool
tls_pem_next(struct slice *text, struct tls_pem *item)
{
	const struct slice begin = SLICE("-----BEGIN ");
	const struct slice end = SLICE("-----END ");
	struct slice rest = slice_from(*text, line_offset(*text, begin));
	size_t n;

	if (rest.n == 0)
		return false;
	rest = slice_from(rest, begin.n);
	item->kind = slice_first(rest, offset(rest, SLICE("-----")));
	rest = slice_from(rest, slice_find(rest, '\n'));
	n = line_offset(rest, end);
	item->base64 = slice_first(rest, n);
	rest = slice_from(rest, n + end.n);
	item->is_whole = slice_starts(rest, item->kind);
	*text = rest;
	return true;
}

/* Lines of whole groups of four, as everybody writes them. */
static bool
lines_decode(struct slice rest, struct buf *der)
{
	struct slice line;

	while (slice_cut(&rest, '\n', &line)) {
		line = slice_trim(line);
		if (line.n % 4 != 0 || !base64_decode(der, line))
			return false;
	}
	return true;
}

/* Lines of any length. */
static bool
joined_decode(struct slice rest, struct buf *der)
{
	struct slice line;
	struct buf text = { 0 };
	bool ok;

	while (slice_cut(&rest, '\n', &line))
		buf_put(&text, slice_trim(line));
	buf_clear(der);
	ok = base64_decode(der, buf_slice(&text));
	buf_free(&text);
	return ok;
}

bool
tls_pem_decode(const struct tls_pem *item, struct buf *der)
{
	return item->is_whole && (lines_decode(item->base64, der) ||
	    joined_decode(item->base64, der));
}
