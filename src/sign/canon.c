/* SPDX-License-Identifier: ISC */
/*
 * canon.c - see canon.h
 *
 * Line ends and white space at the end of a piece are only counted: what comes
 * next says whether they are in the hash.  All before them is decided by the
 * octet that follows each, so it goes by vectors: a word that relaxed drops
 * nothing of, as nearly all are, is copied.
 */
#include "sign/canon.h"

#include <string.h>

#include "base/ascii.h"
#include "base/compat.h"

#define WIDE 32	 /* octets of a vector */
#define RUN  128 /* ... of what is looked at in one */

#define OCTETS signed char __attribute__((vector_size(WIDE)))
#define EIGHT(c) c, c, c, c, c, c, c, c
#define ALL(c)	 { EIGHT(c), EIGHT(c), EIGHT(c), EIGHT(c) }

static void
flush(struct canon_body *c)
{
	c->crypto->hash_feed(c->hash, (struct slice){ c->ready, c->n });
	c->n = 0;
}

static void
put(struct canon_body *c, struct slice text)
{
	if (text.n > sizeof c->ready - c->n)
		flush(c);
	if (text.n > sizeof c->ready) {
		c->crypto->hash_feed(c->hash, text);
		return;
	}
	memcpy(c->ready + c->n, text.p, text.n);
	c->n += text.n;
}

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_loose(const struct canon_body *c, char octet)
{
	return octet == '\r' || octet == '\n' ||
	    (c->relaxed && is_blank(octet));
}

/* One of those octets. */
static void
step(struct canon_body *c, char octet)
{
	if (octet == '\n')
		c->ends++;
	c->blank = is_blank(octet);
}

/* Text comes: so they count. */
static void
settle(struct canon_body *c)
{
	for (; c->ends > 0; c->ends--)
		put(c, SLICE("\r\n"));
	if (c->blank)
		put(c, SLICE(" "));
	c->blank = false;
	c->any = true;
}

/* What relaxed makes of a vector, in which some octets are dropped. */
struct relaxed {
	OCTETS octets;
	OCTETS dropped;		/* true is -1 */
};

/* Of a run of white space the last stays, unless the line ends there. */
static inline __attribute__((always_inline)) struct relaxed
relax(const char *p)
{
	static const OCTETS space = ALL(' '), tab = ALL('\t'), cr = ALL('\r');
	OCTETS here, after, tabs, blanks;

	memcpy(&here, p, WIDE);
	memcpy(&after, p + 1, WIDE);
	tabs = here == tab;
	blanks = tabs | (here == space);
	return (struct relaxed){ (here & ~tabs) | (space & tabs),
		blanks & ((after == space) | (after == tab) | (after == cr)) };
}

/* The octets of a word that are not dropped; how many. */
static inline __attribute__((always_inline)) size_t
pack_word(char *to, const char *octets, const signed char *dropped)
{
	size_t at = 0;

	for (size_t i = 0; i < 8; i++) {
		to[at] = octets[i];
		at += (size_t)(1 + dropped[i]);
	}
	return at;
}

/* Write what is left of a vector; how much that is. */
static inline __attribute__((always_inline)) size_t
pack(char *to, const struct relaxed *w)
{
	uint64_t dropped[WIDE / 8];
	size_t at = 0;

	memcpy(dropped, &w->dropped, WIDE);
	for (size_t i = 0; i < WIDE / 8; i++) {
		const char *octets = (const char *)&w->octets + 8 * i;

		memcpy(to + at, octets, 8);
		at += dropped[i] == 0 ? 8 : pack_word(to + at, octets,
		    (const signed char *)&dropped[i]);
	}
	return at;
}

/* Does relaxed leave these octets as they are? */
static inline __attribute__((always_inline)) bool
is_relaxed(const char *p)
{
	static const OCTETS space = ALL(' '), tab = ALL('\t'), cr = ALL('\r');
	OCTETS here, after, bad = { 0 };
	uint64_t part[WIDE / 8];

	for (size_t i = 0; i < RUN; i += WIDE) {
		memcpy(&here, p + i, WIDE);
		memcpy(&after, p + i + 1, WIDE);
		bad |= (here == tab) | ((here == space) &
		    ((after == space) | (after == tab) | (after == cr)));
	}
	memcpy(part, &bad, WIDE);
	return (part[0] | part[1] | part[2] | part[3]) == 0;
}

static inline __attribute__((always_inline)) size_t
pack_run(char *to, const char *p)
{
	struct relaxed w;
	size_t at = 0;

	for (size_t i = 0; i < RUN; i += WIDE) {
		w = relax(p + i);
		at += pack(to + at, &w);
	}
	return at;
}

/* Runs of text, as many as there is room and a next octet for. */
static inline __attribute__((always_inline)) size_t
runs(struct canon_body *c, struct slice text)
{
	const char *p = text.p, *last = p + text.n - RUN;
	char *to = c->ready + c->n, *full = c->ready + sizeof c->ready - RUN;

	for (; p < last && to <= full; p += RUN)
		if (is_relaxed(p)) {
			memcpy(to, p, RUN);
			to += RUN;
		} else {
			to += pack_run(to, p);
		}
	c->n = (size_t)(to - c->ready);
	return (size_t)(p - text.p);
}

static size_t
runs_usual(struct canon_body *c, struct slice text)
{
	return runs(c, text);
}

static FOR_WIDE_VECTORS size_t
runs_wide(struct canon_body *c, struct slice text)
{
	return runs(c, text);
}

/* What is left is no run any more; the last octet stays. */
static void
put_rest(struct canon_body *c, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool blank = is_blank(text.p[i]);

		c->ready[c->n] = blank ? ' ' : text.p[i];
		c->n += i + 1 == text.n || !blank ||
		    !(is_blank(text.p[i + 1]) || text.p[i + 1] == '\r');
	}
}

/* The last octet is no white space. */
static void
put_relaxed(struct canon_body *c, struct slice text)
{
	bool wide = has_wide_vectors();
	size_t n;

	while (text.n > RUN) {
		n = wide ? runs_wide(c, text) : runs_usual(c, text);
		text = slice_from(text, n);
		if (sizeof c->ready - c->n < RUN)
			flush(c);
	}
	if (sizeof c->ready - c->n < RUN)
		flush(c);
	put_rest(c, text);
}

void
canon_body_feed(struct canon_body *c, struct slice text)
{
	struct slice tail;
	size_t n = text.n;

	for (; text.n > 0 && is_loose(c, text.p[0]); n--) {
		step(c, text.p[0]);
		text = slice_from(text, 1);
	}
	while (n > 0 && is_loose(c, text.p[n - 1]))
		n--;
	tail = slice_from(text, n);
	text = slice_first(text, n);
	if (text.n > 0)
		settle(c);
	if (c->relaxed)
		put_relaxed(c, text);
	else
		put(c, text);
	for (size_t i = 0; i < tail.n; i++)
		step(c, tail.p[i]);
}

/* 3.4.3: no body is a line end; 3.4.4: it is nothing. */
void
canon_body_end(struct canon_body *c)
{
	if (c->any || !c->relaxed)
		put(c, SLICE("\r\n"));
	flush(c);
}

/* One blank for each run of white space that is not at an end. */
static void
put_value(struct buf *out, struct slice value)
{
	bool owed = false;

	value = slice_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (is_blank(c) || c == '\r' || c == '\n') {
			owed = true;
			continue;
		}
		if (owed)
			buf_putc(out, ' ');
		owed = false;
		buf_putc(out, c);
	}
}

void
canon_field(struct buf *out, const struct header_field *field, bool relaxed)
{
	if (!relaxed) {
		buf_put(out, field->raw);
		return;
	}
	for (size_t i = 0; i < field->name.n; i++)
		buf_putc(out, ascii_lower(field->name.p[i]));
	buf_putc(out, ':');
	put_value(out, field->value);
	buf_puts(out, "\r\n");
}
