/* SPDX-License-Identifier: ISC */
/* lex.c - see lex.h */
#include "mail/lex.h"

#include <string.h>

#include "base/ascii.h"
#include "mail/word.h"

#define DEPTH_MAX 100 /* comments inside comments */

void
lex_words_free(struct lex_words *w)
{
	buf_free(&w->name);
	buf_free(&w->local);
}

bool
lex_refuse(const struct lex *p, const char *reason)
{
	return outcome_fail(p->why, FAILED, STAGE_ADDRESS, ESC(5, 1, 3),
	    "%s", reason);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
lex_is_atext(char c)
{
	return ascii_is_alnum(c) || ascii_is_high(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

bool
lex_skip_comment(struct lex *p)
{
	unsigned depth = 0;

	do {
		char c = lex_peek(p);

		if (lex_at_end(p) || depth > DEPTH_MAX)
			return lex_refuse(p, "comment without end");
		lex_step(p);
		if (c == '\\')
			lex_step(p);
		else if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
	} while (depth > 0);
	return true;
}

/* Is what is at hand to be skipped? */
static bool
is_cfws(const struct lex *p)
{
	return is_blank(lex_peek(p)) ||
	    (lex_peek(p) == '(' && !p->see_comments);
}

bool
lex_skip_cfws(struct lex *p, bool *white)
{
	if (white)
		*white = is_cfws(p);
	while (is_cfws(p))
		if (lex_peek(p) != '(')
			lex_step(p);
		else if (!lex_skip_comment(p))
			return false;
	return true;
}

/*
 * Octets of the encoded word that s begins with, or 0.  In a phrase RFC 2047 5
 * allows no comma in one, but many write them so: "=?utf-8?Q?Last,_First?=".
 */
static size_t
encoded_length(struct slice s)
{
	size_t n = 2, marks = 0;

	if (!slice_starts(s, SLICE("=?")))
		return 0;
	for (; n < s.n && !is_blank(s.p[n]); n++)
		if (s.p[n] == '?' && ++marks == 3)
			return n + 1 < s.n && s.p[n + 1] == '=' ? n + 2 : 0;
		else if (marks < 2 && !lex_is_atext(s.p[n]))
			return 0; /* no charset, no encoding */
	return 0;
}

struct slice
lex_take_atom(struct lex *p)
{
	struct slice atom = p->rest;

	p->rest = slice_from(p->rest, encoded_length(p->rest));
	while (lex_is_atext(lex_peek(p)))
		lex_step(p);
	atom.n -= p->rest.n;
	return atom;
}

/* What a quoted string says, appended to out. */
static bool
take_quoted(struct lex *p, struct buf *out)
{
	lex_step(p);
	while (!lex_eat(p, '"')) {
		lex_eat(p, '\\');
		if (lex_at_end(p))
			return lex_refuse(p, "quoted string without end");
		buf_putc(out, lex_peek(p));
		lex_step(p);
	}
	return true;
}

/* A word comes: what is between it and the one before, in a local part? */
static void
join_words(struct lex_words *w, bool white)
{
	if (w->want_word)
		return;
	if (white)
		buf_putc(&w->local, ' ');
	w->is_glued = w->is_glued || !white;
	w->is_local = false;
}

/* Read the word at hand: plainly into local, decoded into name. */
static bool
take_word(struct lex *p, struct lex_words *w, bool white)
{
	bool quoted = lex_peek(p) == '"', encoded;
	struct buf text = { 0 };
	struct slice word;
	size_t before;

	join_words(w, white);
	before = w->local.n;

	if (quoted && !take_quoted(p, &w->local))
		return false;
	if (!quoted)
		buf_put(&w->local, lex_take_atom(p));
	word = slice_from(buf_slice(&w->local), before);
	encoded = !quoted && word_decode(&text, word);
	if (!encoded)
		utf8_put(&text, word);
	/* RFC 2047 6.2: the blank between two encoded words is no text */
	if (white && w->n > 0 && !(encoded && w->was_encoded))
		buf_putc(&w->name, ' ');
	buf_put(&w->name, buf_slice(&text));
	buf_free(&text);
	w->want_word = false;
	w->was_encoded = encoded;
	return true;
}

static void
take_dot(struct lex *p, struct lex_words *w, bool white)
{
	lex_step(p);
	if (white && w->n > 0)
		buf_putc(&w->name, ' ');
	buf_putc(&w->name, '.');
	buf_putc(&w->local, '.');
	w->is_local = w->is_local && !w->want_word;
	w->want_word = true;
	w->was_encoded = false;
}

bool
lex_take_words(struct lex *p, struct lex_words *w)
{
	bool white;

	w->is_local = w->want_word = true;
	for (; lex_skip_cfws(p, &white); w->n++)
		if (lex_peek(p) == '.')
			take_dot(p, w, white);
		else if (!lex_is_atext(lex_peek(p)) && lex_peek(p) != '"')
			return true;
		else if (!take_word(p, w, white))
			return false;
	return false;
}
