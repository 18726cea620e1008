/* SPDX-License-Identifier: ISC */
/*
 * address.c - RFC 5322 3.4 and 4.4 address lists: see address.h
 *
 *	list  = [entry] *("," [entry])
 *	entry = mailbox / phrase ":" [mailbox-list] ";"
 */
#include "mail/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/lex.h"
#include "mail/mailbox.h"
#include "mail/word.h"

#define SHOWN_MAX 200 /* how much of bad input a text repeats */

void
address_free(struct address *a)
{
	free(a->path);
	free(a->domain);
	free(a->name);
	*a = (struct address){ 0 };
}

void
address_list_free(struct address_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		address_free(&l->v[i]);
	for (size_t i = 0; i < l->nbad; i++) {
		free(l->bad[i].text);
		result_release(l->bad[i].why);
	}
	free(l->v);
	free(l->bad);
	*l = (struct address_list){ 0 };
}

/* Room for one more: the array doubles when its length is a power of two. */
static void *
grow(void *v, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return v;
	return mem_resize(v, n ? size_mul(n, 2) : 1, size);
}

/* Takes over *a. */
static void
list_add(struct address_list *l, struct address *a)
{
	l->v = grow(l->v, l->n, sizeof *l->v);
	l->v[l->n++] = *a;
	*a = (struct address){ 0 };
}

static void
list_add_bad(struct address_list *l, struct slice text,
    const struct outcome *why)
{
	l->bad = grow(l->bad, l->nbad, sizeof *l->bad);
	l->bad[l->nbad++] = (struct bad_address){ mem_dup(text),
		result_new(why, SLICE("")) };
}

/* A list while it is read. */
struct reading {
	struct lex lex;
	struct address_list *out;
	bool in_group, any_group;
	bool is_unbalanced; /* a quote or bracket opens and does not close */
};

/* Offset of the first control byte that is not a TAB, or text.n. */
static size_t
find_control(struct slice text)
{
	size_t i = 0;

	while (i < text.n &&
	    (text.p[i] == '\t' || !ascii_is_control(text.p[i])))
		i++;
	return i;
}

/* Is what was just read as one entry over, and is it clean? */
static bool
check_end(struct reading *r)
{
	struct lex *p = &r->lex;
	size_t n = p->entry.n - p->rest.n;
	struct slice seen = slice_first(p->entry, n + 1);
	char last = p->entry.p[n - 1], next = lex_peek(p);

	if (find_control(seen) < seen.n)
		return lex_refuse(p, "a control byte in it");
	if (lex_at_end(p) || next == ',' || next == ';')
		return true;
	if (last == ' ' || last == '\t' || last == ')' || last == '>')
		return true; /* a comma is missing */
	return lex_refuse(p, "something after the address");
}

/* A mailbox, or what begins a group. */
static bool
take_entry(struct reading *r)
{
	struct lex_words w = { 0 };
	struct address a = { 0 };
	bool ok = lex_take_words(&r->lex, &w);

	if (ok && w.n > 0 && !r->in_group && lex_eat(&r->lex, ':')) {
		r->in_group = r->any_group = true;
	} else {
		ok = ok && mailbox_take(&r->lex, &w, &a) && check_end(r);
		if (ok)
			list_add(r->out, &a);
		r->lex.no_default = true; /* until a comma comes */
	}
	address_free(&a);
	lex_words_free(&w);
	return ok;
}

/* What is next: white space, a separator, or an entry. */
static bool
take_item(struct reading *r)
{
	if (!lex_skip_cfws(&r->lex, NULL))
		return false;
	if (lex_at_end(&r->lex))
		return true;
	if (lex_eat(&r->lex, ';'))
		r->in_group = false;
	else if (!lex_eat(&r->lex, ','))
		return take_entry(r);
	r->lex.no_default = false;
	return true;
}

/* Where quotes, comments and angle brackets are, in what cannot be read. */
struct nesting {
	bool quoted, angle;
	bool torn; /* "<" in "<": the first has no end */
	unsigned comment;
};

/* Does this octet end the entry?  *i moves on over what is escaped. */
static bool
ends_entry(struct nesting *in, struct slice s, size_t *i)
{
	char c = s.p[*i];

	if (c == '\\')
		++*i;
	else if (c == '"' && in->comment == 0)
		in->quoted = !in->quoted;
	else if (in->quoted)
		return false;
	else if (c == '(')
		in->comment++;
	else if (c == ')' && in->comment > 0)
		in->comment--;
	else if (c == '<' || c == '>') {
		in->torn = in->torn || (c == '<' && in->angle);
		in->angle = c == '<';
	}
	return (c == ',' || c == ';') && in->comment == 0 && !in->angle;
}

/* To the separator, outside quotes and brackets where they are closed. */
static size_t
entry_length(struct reading *r)
{
	struct slice s = r->lex.entry;
	struct nesting in = { 0 };
	size_t i = 0;

	while (!r->is_unbalanced && i < s.n && !ends_entry(&in, s, &i))
		i++;
	if (in.quoted || in.angle || in.torn || in.comment > 0)
		r->is_unbalanced = true;
	if (r->is_unbalanced)
		i = slice_find(s, ',');
	return i < s.n ? i : s.n;
}

/* Note the entry that cannot be used and go on after it. */
static void
skip_bad(struct reading *r)
{
	size_t n = entry_length(r);
	struct slice text = slice_trim(slice_first(r->lex.entry, n));

	if (find_control(text) < text.n)
		lex_refuse(&r->lex, "a control byte in it");
	list_add_bad(r->out, text, r->lex.why);
	r->lex.rest = slice_from(r->lex.entry, n);
}

/* False when there was something bad; *why tells of the last. */
static bool
list_parse(struct slice text, const struct address_options *o,
    struct address_list *out, bool *any_group, struct outcome *why)
{
	struct reading r = { .lex = { .rest = text, .why = why, .options = o },
		.out = out };
	bool good = true;

	while (!lex_at_end(&r.lex)) {
		r.lex.entry = r.lex.rest;
		if (take_item(&r))
			continue;
		skip_bad(&r);
		good = false;
	}
	*any_group = r.any_group;
	return good;
}

bool
address_list_parse(struct slice text, const struct address_options *o,
    struct address_list *out)
{
	struct outcome why;
	bool any_group;

	return list_parse(text, o, out, &any_group, &why);
}

static bool
is_null_path(struct slice s)
{
	s = slice_trim_blanks(s);
	return s.n == 0 || slice_eq(s, SLICE("<>"));
}

/* Put the text, as far as a line can hold it, before what is wrong with it. */
static bool
show_bad(struct slice text, struct outcome *why)
{
	struct outcome reason = *why;

	if (why->stage != STAGE_ADDRESS)
		return false; /* no module to read it with */
	text = slice_first(slice_trim(text), SHOWN_MAX);
	text = slice_first(text, slice_find(text, '\0'));
	return outcome_fail(why, FAILED, STAGE_ADDRESS, ESC(5, 1, 3),
	    "bad address \"%.*s\": %s", (int)text.n, text.n ? text.p : "",
	    reason.text);
}

bool
address_parse(struct slice text, const struct address_options *o,
    struct address *out, struct outcome *why)
{
	struct lex p = { .why = why };
	struct address_list list = { 0 };
	struct slice none = { 0 };
	bool any_group, ok;

	if (is_null_path(text)) {
		*out = (struct address){ mem_dup(none), mem_dup(none),
			mem_dup(none), false, false };
		return true;
	}
	ok = list_parse(text, o, &list, &any_group, why);
	if (ok && (list.n != 1 || any_group))
		ok = lex_refuse(&p, "not one address");
	if (ok) {
		*out = list.v[0];
		list.n = 0;
	}
	address_list_free(&list);
	return ok || show_bad(text, why);
}

/* Can the name stand in a phrase without quotes, and be read as it is? */
static bool
is_plain_phrase(struct slice s)
{
	bool want_atom = true;

	for (size_t i = 0; i < s.n; i++) {
		bool blank = s.p[i] == ' ';

		if (blank ? want_atom : !lex_is_atext(s.p[i]))
			return false;
		if (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?')
			return false; /* no encoded word, though it looks so */
		want_atom = blank;
	}
	return !want_atom;
}

static void
put_phrase(struct buf *out, struct slice name, size_t column,
    const char *charset)
{
	if (ascii_has_high(name))
		word_put(out, name, column, word_charset(name, charset));
	else if (is_plain_phrase(name))
		buf_put(out, name);
	else
		mailbox_put_quoted(out, name);
}

void
address_put(struct buf *out, struct slice name, struct slice path,
    size_t column, const char *charset)
{
	char *clean = mailbox_clean_name(name);

	if (*clean) {
		put_phrase(out, slice_of(clean), column, charset);
		buf_puts(out, " <");
		buf_put(out, path);
		buf_putc(out, '>');
	} else {
		buf_put(out, path);
	}
	free(clean);
}

/* What stands before the domain. */
static struct slice
local_part(const struct address *a)
{
	size_t path = strlen(a->path), tail = strlen(a->domain) + 1;

	return (struct slice){ a->path, path > tail ? path - tail : 0 };
}

bool
address_eq(const struct address *a, const struct address *b)
{
	return slice_eq(local_part(a), local_part(b)) &&
	    slice_eq_nocase(slice_of(a->domain), slice_of(b->domain));
}
