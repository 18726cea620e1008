/* SPDX-License-Identifier: ISC */
/* mbox_split.c - see mbox_split.h */
#include "mail/mbox_split.h"

#include <string.h>

#include "base/ascii.h"

enum fit { FITS, FITS_NOT, FITS_SO_FAR };

/* Does s begin with all of head, or could it with what follows? */
static enum fit
begins(struct slice s, struct slice head, bool at_end)
{
	size_t n = s.n < head.n ? s.n : head.n;

	if (memcmp(s.p, head.p, n) != 0)
		return FITS_NOT;
	return n == head.n ? FITS : at_end ? FITS_NOT : FITS_SO_FAR;
}

/* "12:34" somewhere: all forms of the date have it, few sentences do. */
static bool
has_time(struct slice line)
{
	for (size_t i = 0; i + 5 <= line.n; i++)
		if (line.p[i + 2] == ':' && ascii_is_digit(line.p[i]) &&
		    ascii_is_digit(line.p[i + 1]) &&
		    ascii_is_digit(line.p[i + 3]) &&
		    ascii_is_digit(line.p[i + 4]))
			return true;
	return false;
}

/* Octets of an empty line at the front: 0 = it is none. */
static size_t
empty_line(struct slice in)
{
	if (in.p[0] == '\n')
		return 1;
	return in.n > 1 && in.p[0] == '\r' && in.p[1] == '\n' ? 2 : 0;
}

/* A line "From ", of *n octets with its end. */
static enum fit
from_line(struct slice in, bool at_end, size_t *n)
{
	enum fit fit = begins(in, SLICE("From "), at_end);
	size_t end = slice_find(slice_first(in, MBOX_LINE), '\n');

	if (fit != FITS || end == MBOX_LINE)
		return fit == FITS ? FITS_NOT : fit;
	if (end == in.n && !at_end)
		return FITS_SO_FAR;
	*n = end < in.n ? end + 1 : end;
	return has_time(slice_first(in, end)) ? FITS : FITS_NOT;
}

/* A ">From " line, of any depth. */
static enum fit
quoted_line(struct slice in, bool at_end)
{
	size_t n = 0;

	while (n < in.n && n < MBOX_LINE && in.p[n] == '>')
		n++;
	if (n == 0 || n == MBOX_LINE)
		return FITS_NOT;
	return begins(slice_from(in, n), SLICE("From "), at_end);
}

/* Lines as they are, up to one that may be something else. */
static struct slice
plain_lines(struct mbox_split *m, struct slice in)
{
	size_t n = 0;

	do {
		n += slice_find(slice_from(in, n), '\n');
		m->mid_line = n == in.n;
		n += !m->mid_line;
	} while (n < in.n && !strchr("\r\n>F", in.p[n]));
	m->behind_empty = false;
	return slice_first(in, n);
}

static enum mbox_found
text(struct slice *in, struct slice out, struct slice *to)
{
	*in = slice_from(*in, out.n);
	*to = out;
	return MBOX_TEXT;
}

/* The empty line that was held back is one of the text's. */
static enum mbox_found
give_held(struct mbox_split *m, struct slice *out)
{
	*out = m->held == 2 ? SLICE("\r\n") : SLICE("\n");
	m->held = 0;
	return MBOX_TEXT;
}

static enum mbox_found
hold_empty(struct mbox_split *m, struct slice *in, size_t n,
    struct slice *out)
{
	enum mbox_found found = m->held > 0 ? give_held(m, out) : MBOX_MORE;

	m->held = n;
	m->behind_empty = true;
	*in = slice_from(*in, n);
	return found;
}

static enum mbox_found
at_line(struct mbox_split *m, struct slice *in, bool at_end,
    struct slice *out)
{
	enum fit from = FITS_NOT, quoted = quoted_line(*in, at_end);
	size_t n = 0;

	if (m->behind_empty || !m->begun)
		from = from_line(*in, at_end, &n);
	if (from == FITS_SO_FAR || quoted == FITS_SO_FAR ||
	    (in->n == 1 && in->p[0] == '\r' && !at_end))
		return MBOX_MORE;
	if (from == FITS) {
		*m = (struct mbox_split){ .begun = true };
		*in = slice_from(*in, n);
		return MBOX_BEGIN;
	}
	if (!m->begun)
		return MBOX_NONE;
	if (m->held > 0)
		return give_held(m, out);
	if (quoted == FITS)
		*in = slice_from(*in, 1);
	return text(in, plain_lines(m, *in), out);
}

enum mbox_found
mbox_split(struct mbox_split *m, struct slice *in, bool at_end,
    struct slice *out)
{
	enum mbox_found found = MBOX_MORE;
	size_t n;

	while (found == MBOX_MORE && in->n > 0) {
		if (m->mid_line)
			return text(in, plain_lines(m, *in), out);
		n = m->begun ? empty_line(*in) : 0;
		if (n == 0)
			return at_line(m, in, at_end, out);
		found = hold_empty(m, in, n, out);
	}
	return found;
}
