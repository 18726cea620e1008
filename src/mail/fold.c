/* SPDX-License-Identifier: ISC */
/* fold.c - see fold.h */
#include "mail/fold.h"

#include <stdbool.h>

#include "mail/lines.h"

#define WORD_OCTETS (LINES_OCTETS - 1) /* the blank before it counts */

struct folder {
	struct buf *out;
	size_t limit;
	size_t column;
	bool in_quotes; /* in a quoted string, which may have blanks in it */
	bool escaped;	/* ... after a backslash */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Take the blanks, or else the word, at the front of *text. */
static struct slice
take_run(struct slice *text, bool blanks)
{
	struct slice run = *text;

	while (text->n > 0 && is_blank(text->p[0]) == blanks)
		*text = slice_from(*text, 1);
	run.n -= text->n;
	return run;
}

static void
put(struct folder *f, struct slice s)
{
	buf_put(f->out, s);
	f->column += s.n;
}

static void
end_line(struct folder *f)
{
	buf_puts(f->out, "\r\n");
	f->column = 0;
}

/* Keep track of quotes. */
static void
pass(struct folder *f, char c)
{
	if (f->escaped)
		f->escaped = false;
	else if (f->in_quotes && c == '\\')
		f->escaped = true;
	else if (c == '"')
		f->in_quotes = !f->in_quotes;
}

/* May a blank be put in after s.p[at]? */
static bool
is_gap(const struct folder *f, struct slice s, size_t at)
{
	char c = s.p[at];

	if (f->in_quotes || f->escaped || at + 1 == s.n)
		return false;
	return c == ',' || c == ';' || (c == '>' && s.p[at + 1] == '<');
}

/* Of a letter in UTF-8, an octet but the first. */
static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* What may stand in one piece at the front of a word, at most max octets. */
static struct slice
take_piece(struct folder *f, struct slice *word, size_t max)
{
	struct slice piece = *word;
	size_t n = 0;
	bool gap = false;

	while (n < word->n && !gap && n < max) {
		pass(f, word->p[n]);
		gap = is_gap(f, *word, n++);
	}
	while (n < word->n && n > max - 3 && is_continuation(word->p[n]))
		n--;
	*word = slice_from(*word, n);
	return slice_first(piece, n);
}

/* A word that is too long: as many pieces to a line as fit. */
static void
put_pieces(struct folder *f, struct slice word)
{
	while (word.n > 0) {
		struct slice piece = take_piece(f, &word, WORD_OCTETS);

		if (f->column > 1 && f->column + piece.n > f->limit) {
			end_line(f);
			put(f, SLICE(" "));
		}
		put(f, piece);
	}
}

static void
put_word(struct folder *f, struct slice blanks, struct slice word)
{
	bool is_long = word.n > WORD_OCTETS;
	size_t room = is_long ? 1 : LINES_OCTETS - word.n;

	if (f->column > 0 && blanks.n > 0 &&
	    f->column + blanks.n + word.n > f->limit)
		end_line(f);
	if (f->column == 0) /* no line holds more white space than that */
		blanks = slice_first(blanks, room);
	put(f, blanks);
	if (is_long) {
		put_pieces(f, word);
		return;
	}
	for (size_t i = 0; i < word.n; i++)
		pass(f, word.p[i]);
	put(f, word);
}

void
fold_put(struct buf *out, struct slice text, size_t limit)
{
	struct folder f = { .out = out, .limit = limit };
	struct slice blanks, word;

	while (text.n > 0) {
		blanks = take_run(&text, true);
		word = take_run(&text, false);
		if (word.n > 0)
			put_word(&f, blanks, word);
	}
	end_line(&f);
}
