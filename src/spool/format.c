/* SPDX-License-Identifier: ISC */
/* format.c - see format.h */
#include "spool/format.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/octets.h"
#include "spool/ulid.h"

#define OUR_VERSION 1
#define MAX_RCPTS   ((uint64_t)1 << 26)
#define MAX_RECORDS ((uint64_t)1 << 30)
#define MAX_TEXT    ((uint64_t)1 << 50)

static const char magic[8] = { 's', 'm', 't', 'p', 's', 'e', 'n', 'd' };
static const char end_magic[8] = { 'd', 'n', 'e', 's', 'p', 't', 'm', 's' };

/* Where the fields of the header are. */
enum {
	AT_VERSION = 8,
	AT_SUM = 12,
	AT_ID = 16,
	AT_GENERATION = 48,
	AT_UID = 52,
	AT_CREATED = 56,
	AT_NOT_BEFORE = 64,
	AT_EXPIRES = 72,
	AT_FLAGS = 80,
	AT_CLASS = 84,
	AT_HOPS = 86,
	AT_RCPTS = 88,
	AT_ENVELOPE = 96,
	AT_TEXT = 104,
	AT_ENVELOPE_SUM = 112,
	AT_REDO = 116,
	AT_HEAD = 120,
	AT_LONGEST = 128,
	AT_HOST = 256,
	AT_TAG = 512,
	AT_KEY = 544,
	AT_UTF8_FIELD = 672,
	AT_RECODE_BAR = 712,
};

static uint64_t
round_up(uint64_t n)
{
	return (n + FORMAT_HEADER - 1) / FORMAT_HEADER * FORMAT_HEADER;
}

bool
layout_make(struct layout *l, uint64_t rcpts, uint64_t envelope, uint64_t text,
    uint64_t nredo)
{
	uint64_t bank = round_up((rcpts + 1) * FORMAT_SLOT);

	if (rcpts > MAX_RCPTS || envelope > MAX_RECORDS || text > MAX_TEXT ||
	    nredo > MAX_RCPTS)
		return false;
	l->rcpts = (size_t)rcpts;
	l->nredo = (size_t)nredo;
	l->bank[0] = FORMAT_HEADER;
	l->bank[1] = l->bank[0] + bank;
	l->envelope = l->bank[1] + bank;
	l->text = l->envelope + envelope;
	l->sums = l->text + text;
	l->redo = l->sums + (text + FORMAT_BLOCK - 1) / FORMAT_BLOCK * 4;
	l->trailer = l->redo + nredo * FORMAT_REDO;
	l->total = l->trailer + FORMAT_TRAILER;
	return true;
}

/* ---- flags: a row for each bool of struct stored ---- */

static const size_t flags[] = {
	offsetof(struct stored, hold),
	offsetof(struct stored, queue_only),
	offsetof(struct stored, require_tls),
	offsetof(struct stored, is_bounce),
	offsetof(struct stored, eight_bit),
	offsetof(struct stored, utf8_headers),
	offsetof(struct stored, has_nul),
	offsetof(struct stored, is_binary),
	offsetof(struct stored, doubtful_head),
};

#define NFLAGS (sizeof flags / sizeof *flags)

static uint32_t
flags_of(const struct stored *m)
{
	uint32_t v = 0;

	for (size_t i = 0; i < NFLAGS; i++)
		if (*(const bool *)((const char *)m + flags[i]))
			v |= (uint32_t)1 << i;
	return v;
}

static bool
set_flags(struct stored *m, uint32_t v)
{
	for (size_t i = 0; i < NFLAGS; i++)
		*(bool *)((char *)m + flags[i]) = v >> i & 1;
	return v >> NFLAGS == 0;
}

/* ---- strings of a fixed room, with a NUL ---- */

static const struct {
	size_t at, size, field;
} strings[] = {
	{ AT_HOST, 256, offsetof(struct stored, host) },
	{ AT_TAG, 32, offsetof(struct stored, tag) },
	{ AT_KEY, 128, offsetof(struct stored, key) },
	{ AT_UTF8_FIELD, MESSAGE_NAME, offsetof(struct stored, utf8_field) },
	{ AT_RECODE_BAR, 128, offsetof(struct stored, recode_bar) },
};

#define NSTRINGS (sizeof strings / sizeof *strings)

static void
put_strings(char *out, const struct stored *m)
{
	for (size_t i = 0; i < NSTRINGS; i++) {
		const char *s = (const char *)m + strings[i].field;

		memcpy(out + strings[i].at, s, strnlen(s, strings[i].size - 1));
	}
}

static bool
get_strings(const char *in, struct stored *m)
{
	for (size_t i = 0; i < NSTRINGS; i++) {
		const char *s = in + strings[i].at;

		if (!memchr(s, '\0', strings[i].size))
			return false;
		memcpy((char *)m + strings[i].field, s, strings[i].size);
	}
	return true;
}

/* ---- the header ---- */

static uint32_t
header_sum(const char *h)
{
	static const char none[4];
	uint32_t sum = crc32c(0, (struct slice){ h, AT_SUM });

	sum = crc32c(sum, (struct slice){ none, sizeof none });
	return crc32c(sum,
	    (struct slice){ h + AT_ID, FORMAT_HEADER - AT_ID });
}

void
format_header_put(char out[FORMAT_HEADER], const struct stored *m,
    const struct layout *l, uint32_t envelope)
{
	memset(out, 0, FORMAT_HEADER);
	memcpy(out, magic, sizeof magic);
	octets_put(out + AT_VERSION, 4, OUR_VERSION);
	memcpy(out + AT_ID, m->id, STORE_ID);
	octets_put(out + AT_GENERATION, 4, m->generation);
	octets_put(out + AT_UID, 4, m->uid);
	octets_put(out + AT_CREATED, 8, (uint64_t)m->created);
	octets_put(out + AT_NOT_BEFORE, 8, (uint64_t)m->not_before);
	octets_put(out + AT_EXPIRES, 8, (uint64_t)m->expires);
	octets_put(out + AT_FLAGS, 4, flags_of(m));
	octets_put(out + AT_CLASS, 1, m->class);
	octets_put(out + AT_HOPS, 2, m->hops);
	octets_put(out + AT_RCPTS, 8, l->rcpts);
	octets_put(out + AT_ENVELOPE, 8, l->text - l->envelope);
	octets_put(out + AT_TEXT, 8, l->sums - l->text);
	octets_put(out + AT_ENVELOPE_SUM, 4, envelope);
	octets_put(out + AT_REDO, 4, l->nredo);
	octets_put(out + AT_HEAD, 8, m->head);
	octets_put(out + AT_LONGEST, 8, m->longest_line);
	put_strings(out, m);
	octets_put(out + AT_SUM, 4, header_sum(out));
}

static void
get_numbers(const char *in, struct stored *m)
{
	m->generation = (uint32_t)octets_get(in + AT_GENERATION, 4);
	m->uid = (unsigned)octets_get(in + AT_UID, 4);
	m->created = (int64_t)octets_get(in + AT_CREATED, 8);
	m->not_before = (int64_t)octets_get(in + AT_NOT_BEFORE, 8);
	m->expires = (int64_t)octets_get(in + AT_EXPIRES, 8);
	m->class = (uint8_t)octets_get(in + AT_CLASS, 1);
	m->hops = (uint16_t)octets_get(in + AT_HOPS, 2);
	m->size = octets_get(in + AT_TEXT, 8);
	m->head = octets_get(in + AT_HEAD, 8);
	m->longest_line = octets_get(in + AT_LONGEST, 8);
}

/* It was written by a program of our version: does it make sense? */
static bool
makes_sense(const char *in, struct stored *m, struct layout *l)
{
	memcpy(m->id, in + AT_ID, STORE_ID);
	get_numbers(in, m);
	return ulid_is_valid(slice_of(m->id)) && get_strings(in, m) &&
	    m->head <= m->size &&
	    layout_make(l, octets_get(in + AT_RCPTS, 8),
		octets_get(in + AT_ENVELOPE, 8), m->size,
		octets_get(in + AT_REDO, 4));
}

enum format
format_header_get(const char in[FORMAT_HEADER], struct stored *m,
    struct layout *l, uint32_t *envelope)
{
	uint64_t version = octets_get(in + AT_VERSION, 4);

	*m = (struct stored){ 0 };
	if (memcmp(in, magic, sizeof magic) != 0 || version == 0 ||
	    octets_get(in + AT_SUM, 4) != header_sum(in))
		return FORMAT_BROKEN;
	if (version > OUR_VERSION ||
	    !set_flags(m, (uint32_t)octets_get(in + AT_FLAGS, 4)))
		return FORMAT_NEWER;
	*envelope = (uint32_t)octets_get(in + AT_ENVELOPE_SUM, 4);
	return makes_sense(in, m, l) ? FORMAT_OK : FORMAT_BROKEN;
}

/* ---- the trailer ---- */

enum { AT_TOTAL = 8, AT_SUMS_SUM = 16, AT_REDO_SUM = 20, AT_TRAILER_SUM = 28 };

static uint32_t
trailer_sum(const char *t)
{
	return crc32c(0, (struct slice){ t, AT_TRAILER_SUM });
}

void
format_trailer_put(char out[FORMAT_TRAILER], const struct layout *l,
    uint32_t sums, uint32_t redo)
{
	memset(out, 0, FORMAT_TRAILER);
	memcpy(out, end_magic, sizeof end_magic);
	octets_put(out + AT_TOTAL, 8, l->total);
	octets_put(out + AT_SUMS_SUM, 4, sums);
	octets_put(out + AT_REDO_SUM, 4, redo);
	octets_put(out + AT_TRAILER_SUM, 4, trailer_sum(out));
}

bool
format_trailer_get(const char in[FORMAT_TRAILER], const struct layout *l,
    uint32_t *sums, uint32_t *redo)
{
	*sums = (uint32_t)octets_get(in + AT_SUMS_SUM, 4);
	*redo = (uint32_t)octets_get(in + AT_REDO_SUM, 4);
	return memcmp(in, end_magic, sizeof end_magic) == 0 &&
	    octets_get(in + AT_TOTAL, 8) == l->total &&
	    octets_get(in + AT_TRAILER_SUM, 4) == trailer_sum(in);
}
