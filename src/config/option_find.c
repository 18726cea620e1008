/* SPDX-License-Identifier: ISC */
/* option_find.c - see option_find.h */
#include "config/option_find.h"

#include <string.h>

#include "config/option_foreign.h"

#define NAME_MAX_LEN 24 /* longer words resemble no option */

const struct option *
option_by_name(struct slice name, const struct option **other)
{
	const struct option *o, *found = NULL;

	*other = NULL;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (!o->name || !slice_starts(slice_of(o->name), name))
			continue;
		if (strlen(o->name) == name.n) {
			*other = NULL;
			return o;
		}
		*other = found;
		found = o;
	}
	return name.n > 0 ? found : NULL;
}

const struct option *
option_by_letter(char letter, bool own)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (o->letter == letter &&
		    o->scope != (own ? SCOPE_THEIRS : SCOPE_OWN))
			return o;
	return NULL;
}

bool
option_is_misread(struct slice word)
{
	bool two = slice_starts(word, SLICE("--"));
	struct slice name = slice_from(word, two ? 2 : 1);
	const struct option *other, *o = option_by_name(name, &other);

	if (two)
		return o && strlen(o->name) > name.n && foreign_advice(word);
	return name.n > 1 && (foreign_advice(word) ||
	    (o && (name.n > 2 || strlen(o->name) == 2)));
}

bool
option_is_value(const char *word)
{
	return word && word[0] != '-' && word[0] != '\0';
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * How many letters must be added, dropped, changed or swapped with their
 * neighbour to make b of a (optimal string alignment).
 */
static unsigned
distance(struct slice a, struct slice b)
{
	unsigned d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1] = { 0 };

	for (size_t i = 0; i <= a.n; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b.n; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++)
		for (size_t j = 1; j <= b.n; j++) {
			unsigned differs = a.p[i - 1] != b.p[j - 1];

			d[i][j] = least(d[i - 1][j - 1] + differs,
			    least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a.n][b.n];
}

/* One mistake is forgiven in a short word, two in a long one. */
struct nearest
nearest_begin(struct slice wanted)
{
	bool odd = wanted.n < 3 || wanted.n > NAME_MAX_LEN;

	return (struct nearest){ wanted, NULL,
		odd ? 0 : wanted.n < 6 ? 2 : 3 };
}

void
nearest_try(struct nearest *n, const char *name)
{
	unsigned d;

	if (!name || n->distance == 0 || strlen(name) > NAME_MAX_LEN)
		return;
	d = distance(n->wanted, slice_of(name));
	if (d >= n->distance)
		return;
	n->distance = d;
	n->name = name;
}

const char *
option_nearest(struct slice name)
{
	struct nearest n = nearest_begin(name);

	for (size_t i = 0; option_at(i) != NULL; i++)
		nearest_try(&n, option_at(i)->name);
	return n.name;
}
