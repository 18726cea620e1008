/* SPDX-License-Identifier: ISC */
/*
 * lex.h - the words that RFC 5322 addresses are made of.
 *
 * A phrase and a local part look alike until the octet after them is known,
 * so a run of atoms, dots and quoted strings is read as both at once.  The
 * text holds no control byte but TAB: whoever starts a struct lex sees to
 * that.
 */
#ifndef MAIL_LEX_H
#define MAIL_LEX_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/outcome.h"
#include "base/slice.h"

struct address_options;

struct lex {
	struct slice entry; /* from where the list's present entry begins on */
	struct slice rest;  /* what is not read yet: a tail of entry */
	const struct address_options *options;
	bool no_default; /* a bare name is of no use here */
	struct outcome *why;
	bool see_comments; /* lex_skip_cfws() stops at them */
};

/* Zero-initialise. */
struct lex_words {
	struct buf name;  /* as a phrase: decoded, in UTF-8 */
	struct buf local; /* as a local part: no quotes, no backslashes, one
			   blank between words that no dot joins */
	bool is_local;	  /* word *("." word) so far */
	bool is_glued;	  /* two words with nothing between them: junk */
	bool want_word;	  /* at the start, or after a dot */
	bool was_encoded; /* the last word was an encoded one */
	size_t n;	  /* words and dots */
};

static inline bool
lex_at_end(const struct lex *p)
{
	return p->rest.n == 0;
}

/* The octet at hand, NUL at the end; NUL itself was refused before. */
static inline char
lex_peek(const struct lex *p)
{
	return p->rest.n ? p->rest.p[0] : '\0';
}

static inline void
lex_step(struct lex *p)
{
	p->rest = slice_from(p->rest, 1);
}

static inline bool
lex_eat(struct lex *p, char c)
{
	if (lex_peek(p) != c)
		return false;
	lex_step(p);
	return true;
}

/* Say in *p->why what is wrong with the entry at hand; always false. */
bool lex_refuse(const struct lex *p, const char *reason);

/* RFC 5322 atext, or an octet of UTF-8 (RFC 6532). */
bool lex_is_atext(char c);

/* From a parenthesis on, with those nested inside; false without an end. */
bool lex_skip_comment(struct lex *p);

/*
 * Skip comments and white space; *white, if given, says whether there was any.
 * False for a comment that does not end.
 */
bool lex_skip_cfws(struct lex *p, bool *white);

/* The atext at hand, perhaps none; an encoded word whatever is in it. */
struct slice lex_take_atom(struct lex *p);

/*
 * Append words and dots to *w as far as they go, and the white space after
 * them; perhaps none.  False for a quoted string or comment that does not end.
 */
bool lex_take_words(struct lex *p, struct lex_words *w);

void lex_words_free(struct lex_words *w);

#endif
