/* SPDX-License-Identifier: ISC */
/*
 * address.c - RFC 5322 3.4 and 4.4 address lists: see address.h
 *
 *	list    = [entry] *("," [entry])
 *	entry   = mailbox / phrase ":" [mailbox-list] ";"
 *	mailbox = [phrase] "<" [route] addr-spec ">" / addr-spec
 */
#include "mail/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/lex.h"
#include "mail/word.h"

#define LOCAL_OCTETS 64  /* RFC 5321 4.5.3.1.1 */
#define PATH_OCTETS  254 /* 4.5.3.1.3, less the angle brackets */

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

static bool
is_dot_atom(struct slice s)
{
	bool want_atom = true;

	for (size_t i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.';

		if (dot ? want_atom : !lex_is_atext(s.p[i]))
			return false;
		want_atom = dot;
	}
	return !want_atom;
}

static void
put_quoted(struct buf *out, struct slice s)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, s.p[i]);
	}
	buf_putc(out, '"');
}

/* A local part as the wire has it: quoted only when it must be. */
static void
put_local(struct buf *out, struct slice local)
{
	if (is_dot_atom(local))
		buf_put(out, local);
	else
		put_quoted(out, local);
}

static bool
check_local(struct lex *p, const struct lex_words *w)
{
	struct slice local = buf_slice(&w->local);

	if (w->n == 0)
		return lex_refuse(p, "no local part");
	if (!w->is_local || w->want_word)
		return lex_refuse(p, "not a local part");
	if (slice_starts(local, SLICE("-")))
		return lex_refuse(p, "it begins with \"-\"");
	if (ascii_has_control(local))
		return lex_refuse(p, "a control byte in it");
	return utf8_is_valid(local) || lex_refuse(p, "not valid UTF-8");
}

/* Put the parts together and measure them; domain is A-labels or a literal. */
static bool
make_path(struct lex *p, const struct lex_words *w, struct address *a)
{
	struct buf path = { 0 };
	bool ok = false;

	put_local(&path, buf_slice(&w->local));
	if (path.n > LOCAL_OCTETS) {
		lex_refuse(p, "local part longer than 64 octets");
		goto out;
	}
	buf_putc(&path, '@');
	buf_puts(&path, a->domain);
	if (path.n > PATH_OCTETS) {
		lex_refuse(p, "longer than 254 octets");
		goto out;
	}
	a->path = mem_dup(buf_slice(&path));
	a->utf8 = ascii_has_high(buf_slice(&w->local));
	ok = true;
out:
	buf_free(&path);
	return ok;
}

static bool
take_literal(struct lex *p, struct buf *out)
{
	size_t n = slice_find(p->rest, ']');

	if (n == p->rest.n)
		return lex_refuse(p, "no closing bracket");
	buf_put(out, slice_first(p->rest, n + 1));
	p->rest = slice_from(p->rest, n + 1);
	return true;
}

static bool
take_domain(struct lex *p, struct buf *out)
{
	bool want_atom = true;

	if (!lex_skip_cfws(p, NULL))
		return false;
	if (lex_peek(p) == '[')
		return take_literal(p, out);
	while (lex_skip_cfws(p, NULL))
		if (lex_eat(p, '.')) {
			buf_putc(out, '.');
			want_atom = true;
		} else if (want_atom && lex_is_atext(lex_peek(p))) {
			buf_put(out, lex_take_atom(p));
			want_atom = false;
		} else
			return true;
	return false;
}

static bool
set_domain(struct lex *p, struct slice domain, struct address *a)
{
	struct outcome why;

	a->domain = domain_to_ascii(domain, &why);
	return a->domain || lex_refuse(p, why.text);
}

/* The words are a local part; read what is behind it into *a, but its name. */
static bool
take_spec(struct lex *p, const struct lex_words *w, struct address *a)
{
	struct buf domain = { 0 };
	bool ok = check_local(p, w);

	if (ok && lex_eat(p, '@'))
		ok = take_domain(p, &domain);
	else if (ok)
		buf_put(&domain, p->default_domain);
	if (ok && domain.n == 0)
		ok = lex_refuse(p, "no domain");
	ok = ok && set_domain(p, buf_slice(&domain), a);
	buf_free(&domain);
	return ok && make_path(p, w, a);
}

/* RFC 5322 4.4 "@a,@b:", which is read and forgotten (RFC 5321 C). */
static bool
skip_route(struct lex *p)
{
	struct buf domain = { 0 };
	bool ok = lex_skip_cfws(p, NULL), any = false;

	while (ok && (lex_peek(p) == '@' || lex_peek(p) == ',')) {
		any = true;
		if (lex_eat(p, '@'))
			ok = take_domain(p, &domain);
		else
			lex_step(p);
		ok = ok && lex_skip_cfws(p, NULL);
	}
	buf_free(&domain);
	if (ok && any && !lex_eat(p, ':'))
		return lex_refuse(p, "source route without \":\"");
	return ok;
}

/* "<...>", from the bracket on. */
static bool
take_angle(struct lex *p, struct address *a)
{
	struct lex_words w = { 0 };
	bool ok;

	lex_step(p);
	ok = skip_route(p) && lex_take_words(p, &w) && take_spec(p, &w, a) &&
	    lex_skip_cfws(p, NULL);
	lex_words_free(&w);
	if (ok && !lex_eat(p, '>'))
		return lex_refuse(p, "no closing \">\"");
	return ok;
}

/* The name, fit to be shown in one line. */
static char *
clean_name(struct slice s)
{
	char *name;

	s = slice_trim(s);
	name = mem_dup(s);
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_control(s.p[i]))
			name[i] = ' ';
	return name;
}

/* A mailbox whose first words are read. */
static bool
take_mailbox(struct lex *p, const struct lex_words *w, struct address *a)
{
	struct slice name = buf_slice(&w->name);

	if (lex_peek(p) != '<') {
		if (!take_spec(p, w, a) || !lex_skip_cfws(p, NULL))
			return false;
		name = (struct slice){ 0 };
	}
	if (lex_peek(p) == '<') { /* also "bob@here <bob@there>": widely seen */
		struct address inner = { 0 };
		bool ok = take_angle(p, &inner);

		if (a->path)
			name = slice_of(a->path);
		inner.name = clean_name(name);
		address_free(a);
		*a = inner;
		return ok;
	}
	a->name = clean_name(name);
	return true;
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
		ok = take_mailbox(p, &w, &a);
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
			return !in_group || lex_refuse(p, "group without \";\"");
		if (lex_eat(p, ',')) {
			want_comma = false;
			p->entry = p->rest;
		} else if (in_group && lex_eat(p, ';')) {
			in_group = false;
			want_comma = true;
		} else if (want_comma) {
			return lex_refuse(p, "junk behind the address");
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

	while (i < text.n && (text.p[i] == '\t' || !ascii_is_control(text.p[i])))
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
		put_quoted(out, name);
}

void
address_put(struct buf *out, struct slice name, struct slice path,
    size_t column)
{
	struct buf utf8 = { 0 };
	char *clean;

	utf8_put(&utf8, name);
	clean = clean_name(buf_slice(&utf8));
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
