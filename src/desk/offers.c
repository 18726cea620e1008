/* SPDX-License-Identifier: ISC */
/* offers.c - see offers.h */
#include "desk/offers.h"

#include "base/ascii.h"

bool
offers_next(struct slice *rest, bool *begun, struct slice *keyword)
{
	struct slice line;

	if (!*begun)
		slice_cut(rest, '\n', &line);
	*begun = true;
	while (slice_cut(rest, '\n', &line)) {
		*keyword = slice_trim(line);
		if (keyword->n > 0)
			return true;
	}
	return false;
}

bool
offers_has(struct slice text, struct slice keyword)
{
	struct slice one;
	bool begun = false;

	while (offers_next(&text, &begun, &one))
		if (slice_eq_nocase(one, keyword))
			return true;
	return false;
}

static bool
is_in(const struct offers *o, struct slice keyword)
{
	for (size_t i = 0; i < o->n; i++)
		if (slice_eq_nocase(o->v[i], keyword))
			return true;
	return false;
}

void
offers_add(struct offers *o, struct slice text)
{
	struct slice one;
	bool begun = false;

	while (o->n < OFFERS_MAX && offers_next(&text, &begun, &one))
		if (!is_in(o, one))
			o->v[o->n++] = one;
}

void
offers_put(struct buf *out, struct slice text)
{
	struct slice one;
	bool begun = false;
	const char *comma = "";

	while (offers_next(&text, &begun, &one)) {
		buf_puts(out, comma);
		text_escape(out, one);
		comma = ", ";
	}
}
