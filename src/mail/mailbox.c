/* SPDX-License-Identifier: ISC */
/*
 * mailbox.c - see mailbox.h
 *
 *	mailbox = [phrase] "<" [route] addr-spec ">" / addr-spec
 */
#include "mail/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

#define LOCAL_OCTETS 64  /* RFC 5321 4.5.3.1.1 */
#define PATH_OCTETS  254 /* 4.5.3.1.3, less the angle brackets */

void
mailbox_put_quoted(struct buf *out, struct slice s)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, s.p[i]);
	}
	buf_putc(out, '"');
}

char *
mailbox_clean_name(struct slice s)
{
	char *blanked = mem_dup(s), *name;

	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_control(s.p[i]))
			blanked[i] = ' ';
	name = mem_dup(slice_trim((struct slice){ blanked, s.n }));
	free(blanked);
	return name;
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

/* A local part as the wire has it: quoted only when it must be. */
static void
put_local(struct buf *out, struct slice local)
{
	if (is_dot_atom(local))
		buf_put(out, local);
	else
		mailbox_put_quoted(out, local);
}

static bool
check_local(struct lex *p, const struct lex_words *w)
{
	struct slice local = buf_slice(&w->local);

	if (w->n == 0)
		return lex_refuse(p, "nothing before the @");
	if (w->is_glued)
		return lex_refuse(p, "malformed before the @");
	if (slice_starts(local, SLICE("-")) && !p->options->dash)
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
		lex_refuse(p, "more than 64 octets before the @");
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

	domain = address_domain(p->options, domain);
	a->domain = domain_to_ascii(domain, p->options->idn, &why);
	if (a->domain)
		return true;
	if (why.stage == STAGE_ADDRESS)
		return lex_refuse(p, why.text);
	*p->why = why; /* not the address is wrong */
	return false;
}

/* A local part alone: where is it?  An encoded word is a name, or half one. */
static bool
use_default_domain(struct lex *p, const struct lex_words *w, struct buf *domain)
{
	struct slice own = p->options->default_domain;
	struct slice local = buf_slice(&w->local);
	bool is_encoded = slice_starts(local, SLICE("=?")) &&
	    slice_ends_nocase(local, SLICE("?="));

	if (!w->is_local || w->want_word || is_encoded || p->no_default ||
	    own.n == 0)
		return lex_refuse(p, "no @ in it");
	return buf_put(domain, own);
}

/* The words are a local part; read what is after it into *a, but its name. */
static bool
take_spec(struct lex *p, const struct lex_words *w, struct address *a)
{
	struct buf domain = { 0 };
	bool ok = check_local(p, w);

	if (ok && lex_eat(p, '@'))
		ok = take_domain(p, &domain);
	else {
		ok = ok && use_default_domain(p, w, &domain);
		a->bare = ok && !p->options->chosen;
	}
	if (ok && domain.n == 0)
		ok = lex_refuse(p, "nothing after the @");
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

bool
mailbox_take(struct lex *p, const struct lex_words *w, struct address *a)
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
		inner.name = mailbox_clean_name(name);
		address_free(a);
		*a = inner;
		return ok;
	}
	a->name = mailbox_clean_name(name);
	return true;
}
