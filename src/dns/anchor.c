/* SPDX-License-Identifier: ISC */
/* anchor.c - see anchor.h */
#include "dns/anchor.h"

#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"

/* The next word of a line; false at its end. */
static bool
word(struct slice *line, struct slice *out)
{
	size_t n = 0;

	*line = slice_trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	*out = slice_first(*line, n);
	*line = slice_from(*line, n);
	return out->n > 0;
}

static bool
put_number(struct slice *line, struct anchor *a, uint64_t max)
{
	struct slice text;
	uint64_t v;

	if (!word(line, &text) || !slice_to_uint(text, max, &v))
		return false;
	if (max > 255)
		a->data[a->n++] = (unsigned char)(v >> 8);
	a->data[a->n++] = (unsigned char)v;
	return true;
}

/* What is left, without the blanks in it. */
static void
join(struct buf *out, struct slice line)
{
	struct slice text;

	while (word(&line, &text))
		buf_put(out, text);
}

static bool
put_base64(struct slice line, struct anchor *a)
{
	struct buf text = { 0 }, octets = { 0 };
	bool good;

	join(&text, line);
	good = base64_decode(&octets, buf_slice(&text)) && octets.n > 0 &&
	    octets.n <= sizeof a->data - a->n;
	if (good)
		memcpy(a->data + a->n, buf_slice(&octets).p, octets.n);
	a->n += good ? octets.n : 0;
	buf_free(&text);
	buf_free(&octets);
	return good;
}

static bool
put_hex(struct slice line, struct anchor *a)
{
	struct buf text = { 0 };
	struct slice s;
	bool good;

	join(&text, line);
	s = buf_slice(&text);
	good = s.n > 0 && s.n % 2 == 0 && s.n / 2 <= sizeof a->data - a->n;
	for (size_t i = 0; good && i < s.n; i += 2) {
		int high = hex_value(s.p[i]), low = hex_value(s.p[i + 1]);

		good = high >= 0 && low >= 0;
		if (good)
			a->data[a->n++] = (unsigned char)(high << 4 | low);
	}
	buf_free(&text);
	return good;
}

/* DNSKEY 257 3 8 AwEAA..., DS 20326 8 2 E06D... */
static bool
read_data(struct slice line, struct anchor *a)
{
	if (!a->is_key)
		return put_number(&line, a, 65535) &&
		    put_number(&line, a, 255) && put_number(&line, a, 255) &&
		    put_hex(line, a);
	return put_number(&line, a, 65535) && put_number(&line, a, 255) &&
	    put_number(&line, a, 255) && put_base64(line, a);
}

/* A key that signs keys (SEP), and is not revoked. */
static bool
is_wanted(const struct anchor *a)
{
	return !a->is_key || ((a->data[1] & 1) && !(a->data[1] & 0x80));
}

/* Its type; empty: it is no record of the root's. */
static struct slice
find_type(struct slice *line)
{
	struct slice none = { 0 }, text;
	uint64_t ttl;

	if (!word(line, &text) || !slice_eq(text, SLICE(".")))
		return none;
	while (word(line, &text))
		if (!slice_eq_nocase(text, SLICE("IN")) &&
		    !slice_to_uint(text, UINT32_MAX, &ttl))
			return text;
	return none;
}

static bool
read_line(struct anchors *all, struct slice line)
{
	struct anchor a = { .n = 0 };
	struct slice type;

	line = slice_first(line, slice_find(line, ';'));
	type = find_type(&line);
	a.is_key = slice_eq_nocase(type, SLICE("DNSKEY"));
	if (!a.is_key && !slice_eq_nocase(type, SLICE("DS")))
		return true;
	if (!read_data(line, &a))
		return false;
	if (is_wanted(&a) && all->n < ANCHORS_MAX)
		all->v[all->n++] = a;
	return true;
}

bool
anchors_parse(struct anchors *a, struct slice text)
{
	struct slice line;
	bool good = true;

	while (text.n > 0 && slice_cut(&text, '\n', &line))
		good = read_line(a, line) && good;
	return good;
}
