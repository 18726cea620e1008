/* SPDX-License-Identifier: ISC */
/* aliases.c - see aliases.h */
#include "local/aliases.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "local/aliases_impl.h"

/* ---- lines ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice
without_cr(struct slice line)
{
	return line.n > 0 && line.p[line.n - 1] == '\r'
	    ? slice_first(line, line.n - 1)
	    : line;
}

static bool
is_comment(struct slice line)
{
	struct slice s = slice_trim(line);

	return s.n == 0 || s.p[0] == '#';
}

/* The text, and how far it has been read. */
struct lines {
	struct slice rest;
	unsigned line; /* of the logical line at hand */
	unsigned next; /* of rest's first */
	struct buf text;
};

static struct slice
take_line(struct lines *l)
{
	struct slice line = { 0 };

	slice_cut(&l->rest, '\n', &line);
	l->next++;
	return without_cr(line);
}

/* The next one with all that goes on with it; comments do not end it. */
static bool
next_line(struct lines *l)
{
	struct slice line, ahead;

	do {
		if (!l->rest.p)
			return false;
		l->line = l->next + 1;
		line = take_line(l);
	} while (is_comment(line));
	buf_clear(&l->text);
	buf_put(&l->text, line);
	while (l->rest.p) {
		ahead = without_cr(
		    slice_first(l->rest, slice_find(l->rest, '\n')));
		if (!is_comment(ahead) && !is_blank(ahead.p[0]))
			break;
		take_line(l);
		if (is_comment(ahead))
			continue;
		buf_putc(&l->text, ' ');
		buf_put(&l->text, slice_trim(ahead));
	}
	return true;
}

/* ---- names ---- */

static char *
lower(struct slice s)
{
	char *name = mem_dup(s);

	for (char *p = name; *p; p++)
		*p = ascii_lower(*p);
	return name;
}

/* Before the colon, in quotes or not; the rest is the list. */
static bool
take_name(struct slice *s, struct buf *name)
{
	size_t n;

	*s = slice_trim(*s);
	if (s->p[0] == '"') {
		if (!alias_unquote(s, name))
			return false;
		*s = slice_trim(*s);
		n = 0;
	} else {
		n = slice_find(*s, ':');
		buf_put(name, slice_trim(slice_first(*s, n)));
	}
	if (n >= s->n || s->p[n] != ':' || name->n == 0)
		return false;
	*s = slice_trim(slice_from(*s, n + 1));
	return true;
}

static struct alias *
new_alias(struct aliases *a, struct slice name, unsigned line)
{
	a->v = mem_resize(a->v, a->n + 1, sizeof *a->v);
	a->v[a->n] = (struct alias){ .name = lower(name), .line = line };
	return &a->v[a->n++];
}

static void
count(struct aliases *a, size_t name, size_t list)
{
	a->octets += name + list;
	if (list > a->longest)
		a->longest = list;
}

/* But for TAB. */
static bool
has_control(struct slice text)
{
	struct slice part;

	while (slice_cut(&text, '\t', &part))
		if (ascii_has_control(part))
			return true;
	return false;
}

static void
read_line(struct aliases *a, struct slice text, unsigned line)
{
	struct reader r = { .aliases = a, .line = line };
	struct buf name = { 0 };
	struct slice rest = text;

	if (has_control(text))
		alias_complain(&r, "a control character in this line", text);
	else if (is_blank(text.p[0]))
		alias_complain(&r, "this goes on with no line before it", text);
	else if (!take_name(&rest, &name))
		alias_complain(&r, "this is not of the form \"name: targets\"",
		    text);
	else if (rest.n == 0)
		alias_complain(&r, "this name has no targets",
		    buf_slice(&name));
	else {
		r.alias = new_alias(a, buf_slice(&name), line);
		count(a, name.n, rest.n);
		alias_read_targets(&r, rest);
	}
	buf_free(&name);
}

/* ---- all ---- */

static int
by_name(const void *va, const void *vb)
{
	const struct alias *a = va, *b = vb;
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	return a->line < b->line ? -1 : a->line > b->line;
}

static void
alias_free(struct alias *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i].text);
	free(a->v);
	free(a->name);
}

/* Of two with the same name the first counts. */
static void
sort(struct aliases *a)
{
	struct reader r = { .aliases = a };
	size_t n = 0;

	if (a->n == 0)
		return;
	qsort(a->v, a->n, sizeof *a->v, by_name);
	for (size_t i = 1; i < a->n; i++) {
		if (strcmp(a->v[i].name, a->v[n].name) != 0) {
			a->v[++n] = a->v[i];
			continue;
		}
		r.line = a->v[i].line;
		alias_complain(&r,
		    "this name was there before, and that counts",
		    slice_of(a->v[i].name));
		alias_free(&a->v[i]);
	}
	a->n = n + 1;
}

void
aliases_parse(struct aliases *a, struct slice text)
{
	struct lines l = { .rest = text };

	while (next_line(&l))
		read_line(a, buf_slice(&l.text), l.line);
	buf_free(&l.text);
	sort(a);
}

void
aliases_parse_targets(struct aliases *a, struct slice text)
{
	struct reader r = { .aliases = a };
	struct lines l = { .rest = text };

	r.alias = new_alias(a, SLICE(""), 1);
	while (l.rest.p) {
		struct slice line = take_line(&l);

		r.line = l.next;
		if (!is_comment(line))
			alias_read_targets(&r, line);
	}
}

void
aliases_free(struct aliases *a)
{
	for (size_t i = 0; i < a->n; i++)
		alias_free(&a->v[i]);
	for (size_t i = 0; i < a->nfaults; i++)
		free(a->fault[i].text);
	free(a->v);
	free(a->fault);
	*a = (struct aliases){ 0 };
}

const struct alias *
aliases_find(const struct aliases *a, struct slice name)
{
	char *key = lower(name);
	const struct alias want = { .name = key };
	size_t low = 0, high = a->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(a->v[mid].name, want.name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	bool found = low < a->n && strcmp(a->v[low].name, want.name) == 0;

	free(key);
	return found ? &a->v[low] : NULL;
}
