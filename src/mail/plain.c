/* SPDX-License-Identifier: ISC */
/*
 * plain.c - see plain.h
 *
 * A window is looked at as vectors, each octet together with the one before it.
 * It is plain when nothing in it is bad and it holds an LF: then no line that
 * ends in it or in the next one is longer than both.
 */
#include "mail/plain.h"

#include <stdint.h>
#include <string.h>

#include "base/compat.h"

#define WIDE   32
#define WINDOW 480 /* two of them are shorter than a line may be */

#define OCTETS signed char __attribute__((vector_size(WIDE)))
#define EIGHT(c) c, c, c, c, c, c, c, c
#define ALL(c)	 { EIGHT(c), EIGHT(c), EIGHT(c), EIGHT(c) }

/* What was seen in a window, lane by lane. */
struct seen {
	OCTETS bad;	/* a NUL, or a CR and no LF after it */
	OCTETS bare;	/* how many LFs without a CR */
	OCTETS lf, dot;	/* an LF; a dot after one */
	OCTETS high;	/* all octets together, for their highest bit */
};

static inline __attribute__((always_inline)) void
look(struct seen *s, const char *p)
{
	static const OCTETS all_lf = ALL('\n'), all_cr = ALL('\r');
	static const OCTETS all_dot = ALL('.'), all_nul = ALL('\0');
	OCTETS here, before, lf, cr;

	memcpy(&here, p, WIDE);
	memcpy(&before, p - 1, WIDE);
	lf = here == all_lf;
	cr = before == all_cr;
	s->bad |= (here == all_nul) | (cr & ~lf);
	s->bare -= lf & ~cr; /* true is -1 */
	s->lf |= lf;
	s->dot |= (here == all_dot) & (before == all_lf);
	s->high |= here;
}

/* Something in any of the lanes? */
static inline uint64_t
joined(const OCTETS *v)
{
	uint64_t part[4];

	memcpy(part, v, WIDE);
	return part[0] | part[1] | part[2] | part[3];
}

/* The sum of lanes, at most WINDOW: each has at most WINDOW / WIDE. */
static inline size_t
sum(const OCTETS *v)
{
	const uint64_t evens = 0x00ff00ff00ff00ff, ones = 0x0001000100010001;
	uint64_t part[4], all;

	memcpy(part, v, WIDE);
	all = part[0] + part[1] + part[2] + part[3];
	return (size_t)(((all & evens) + (all >> 8 & evens)) * ones >> 48);
}

static inline __attribute__((always_inline)) bool
window_is_plain(const char *p, bool strictly, struct plain *found)
{
	const uint64_t highest = 0x8080808080808080;
	struct seen s = { 0 };

	for (size_t i = 0; i < WINDOW; i += WIDE)
		look(&s, p + i);
	if (strictly)
		s.bad |= s.bare | s.dot;
	if (joined(&s.bad) != 0 || joined(&s.lf) == 0)
		return false;
	found->bare += sum(&s.bare);
	found->eight_bit = found->eight_bit || joined(&s.high) & highest;
	return true;
}

/* How many octets from p on are plain windows; one stands before p. */
static inline __attribute__((always_inline)) size_t
windows(const char *p, size_t n, bool strictly, struct plain *found)
{
	size_t at = 0;

	while (n - at >= WINDOW && window_is_plain(p + at, strictly, found))
		at += WINDOW;
	return at;
}

static size_t
windows_usual(const char *p, size_t n, bool strictly, struct plain *found)
{
	return windows(p, n, strictly, found);
}

static FOR_WIDE_VECTORS size_t
windows_wide(const char *p, size_t n, bool strictly, struct plain *found)
{
	return windows(p, n, strictly, found);
}

/* The first octet has none before it in the text at hand. */
static bool
may_begin(char c, bool strictly)
{
	return c != '\0' && c != '\n' && !(strictly && c == '.');
}

struct plain
plain_find(struct slice in, bool strictly)
{
	struct plain found = { 0 };
	const char *lf;
	size_t at;

	if (in.n == 0 || !may_begin(in.p[0], strictly))
		return found;
	at = has_wide_vectors() ?
	    windows_wide(in.p + 1, in.n - 1, strictly, &found) :
	    windows_usual(in.p + 1, in.n - 1, strictly, &found);
	lf = at > 0 ? memrchr(in.p, '\n', at + 1) : NULL;
	if (!lf)
		return found;
	found.n = (size_t)(lf - in.p) + 1;
	found.eight_bit = found.eight_bit || in.p[0] & 0x80;
	return found;
}

size_t
plain_retry(struct slice in, size_t least)
{
	struct slice rest = slice_from(in, least);
	size_t lf = slice_find(rest, '\n');

	return in.n - rest.n + (lf < rest.n ? lf + 1 : lf);
}
