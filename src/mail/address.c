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

void
address_free(struct address *a)
{
	free(a->path);
	free(a->domain);
	free(a->name);
	*a = (struct address){ 0 };
}

/* Free all but the first n. */
static void
list_cut(struct address_list *l, size_t n)
{
	while (l->n > n)
		address_free(&l->v[--l->n]);
}

void
address_list_free(struct address_list *l)
{
	list_cut(l, 0);
	free(l->v);
	*l = (struct address_list){ 0 };
}

/* Takes over *a.  The array doubles whenever its length is a power of two. */
static void
list_add(struct address_list *l, struct address *a)
{
	if ((l->n & (l->n - 1)) == 0)
		l->v = mem_resize(l->v, l->n ? size_mul(l->n, 2) : 1,
		    sizeof *l->v);
	l->v[l->n++] = *a;
	*a = (struct address){ 0 };
}

/* A mailbox, or what begins a group. */
static bool
take_entry(struct lex *p, struct address_list *out, bool *in_group)
{
	struct lex_words w = { 0 };
	struct address a = { 0 };
	bool ok = lex_take_words(p, &w);

	if (ok && w.n > 0 && !*in_group && lex_eat(p, ':')) {
		*in_group = true;
	} else if (ok) {
		ok = mailbox_take(p, &w, &a);
		if (ok)
			list_add(out, &a);
	}
	address_free(&a);
	lex_words_free(&w);
	return ok;
}

static bool
take_list(struct lex *p, struct address_list *out, bool *any_group)
{
	bool in_group = false, want_comma = false;

	while (lex_skip_cfws(p, NULL)) {
		if (lex_at_end(p))
			return !in_group ||
			    lex_refuse(p, "group without \";\"");
		if (lex_eat(p, ',')) {
			want_comma = false;
			p->entry = p->rest;
		} else if (in_group && lex_eat(p, ';')) {
			in_group = false;
			want_comma = true;
		} else if (want_comma) {
			return lex_refuse(p, "something behind the address; "
			    "is a comma missing?");
		} else {
			bool was = in_group;

			if (!take_entry(p, out, &in_group))
				return false;
			want_comma = in_group == was;
			*any_group = *any_group || in_group;
		}
	}
	return false;
}

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

static bool
list_parse(struct lex *p, struct address_list *out, bool *any_group)
{
	size_t before = out->n, bad = find_control(p->rest);

	*any_group = false;
	if (bad < p->rest.n) {
		while (bad > 0 && p->rest.p[bad - 1] != ',')
			bad--;
		p->entry = p->rest = slice_from(p->rest, bad);
		return lex_refuse(p, "a control byte in it");
	}
	if (take_list(p, out, any_group))
		return true;
	list_cut(out, before);
	return false;
}

bool
address_list_parse(struct slice text, struct slice default_domain,
    struct address_list *out, struct outcome *why)
{
	struct lex p = { text, text, default_domain, why, false };
	bool any_group;

	return list_parse(&p, out, &any_group);
}

static bool
is_null_path(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice_from(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s.n == 0 || slice_eq(s, SLICE("<>"));
}

bool
address_parse(struct slice text, struct slice default_domain,
    struct address *out, struct outcome *why)
{
	struct lex p = { text, text, default_domain, why, false };
	struct address_list list = { 0 };
	struct slice none = { 0 };
	bool any_group, ok;

	if (is_null_path(text)) {
		*out = (struct address){ mem_dup(none), mem_dup(none),
			mem_dup(none), false };
		return true;
	}
	ok = list_parse(&p, &list, &any_group);
	p.entry = text;
	if (ok && (list.n != 1 || any_group))
		ok = lex_refuse(&p, "not one address");
	if (ok) {
		*out = list.v[0];
		list.n = 0;
	}
	address_list_free(&list);
	return ok;
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
put_phrase(struct buf *out, struct slice name, size_t column)
{
	if (ascii_has_high(name))
		word_put(out, name, column);
	else if (is_plain_phrase(name))
		buf_put(out, name);
	else
		mailbox_put_quoted(out, name);
}

void
address_put(struct buf *out, struct slice name, struct slice path,
    size_t column)
{
	struct buf utf8 = { 0 };
	char *clean;

	utf8_put(&utf8, name);
	clean = mailbox_clean_name(buf_slice(&utf8));
	if (*clean) {
		put_phrase(out, slice_of(clean), column);
		buf_puts(out, " <");
		buf_put(out, path);
		buf_putc(out, '>');
	} else {
		buf_put(out, path);
	}
	free(clean);
	buf_free(&utf8);
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
