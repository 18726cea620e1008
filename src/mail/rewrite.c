/* SPDX-License-Identifier: ISC */
/* rewrite.c - see rewrite.h */
#include "mail/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/address.h"
#include "mail/field.h"
#include "mail/fold.h"
#include "mail/lex.h"
#include "mail/lines.h"
#include "mail/param.h"
#include "mail/word.h"

#define NAME_OCTETS 900 /* of a name, which nothing can fold */
#define LINE_WANTED 76  /* RFC 2047 2, where encoded words are */

/* The field being written: out from `base` on. */
struct writer {
	const struct address_options *options;
	struct buf *out;
	size_t base;
	enum field_kind kind;
	const char *charset; /* of the whole value: "utf-8" when it is that */
	bool after_domain; /* the address at hand has one */
	bool in_angle;
	struct lex lex;
};

static size_t
column(const struct writer *w)
{
	return w->out->n - w->base;
}

/* What was read since rest was `before`. */
static struct slice
since(const struct writer *w, struct slice before)
{
	return slice_first(before, before.n - w->lex.rest.n);
}

/* A comment; one with parentheses inside is encoded as a whole. */
static bool
put_comment(struct writer *w)
{
	struct slice raw = w->lex.rest, in;

	if (!lex_skip_comment(&w->lex))
		return false;
	raw = since(w, raw);
	if (!ascii_has_high(raw)) {
		buf_put(w->out, raw);
		return true;
	}
	in = slice_from(slice_first(raw, raw.n - 1), 1);
	buf_putc(w->out, '(');
	if (slice_find(in, '(') == in.n && slice_find(in, '\\') == in.n)
		word_put_text(w->out, in, column(w), w->charset);
	else
		word_put(w->out, in, column(w), w->charset);
	buf_putc(w->out, ')');
	return true;
}

/* Do the words just read go on past comments: to "<", ":", "@" or a word? */
static bool
goes_on(const struct writer *w)
{
	struct lex ahead = w->lex;
	char c;

	ahead.see_comments = false;
	if (!lex_skip_cfws(&ahead, NULL))
		return false;
	c = lex_peek(&ahead);
	return (c != '\0' && strchr("<:@.\"", c)) || lex_is_atext(c);
}

/*
 * A phrase in another charset than UTF-8: the encoded words that are in it stay
 * as they are, the other words become new ones.
 */
static void
put_foreign_phrase(struct writer *w, struct slice raw)
{
	struct outcome why;
	struct lex lex = { .entry = raw, .rest = raw, .why = &why };
	struct lex_words words = { 0 };

	if (slice_find(raw, '?') < raw.n && slice_find(raw, '"') == raw.n)
		word_put_text(w->out, slice_trim(raw), column(w), w->charset);
	else if (lex_take_words(&lex, &words))
		word_put(w->out, buf_slice(&words.local), column(w),
		    w->charset);
	lex_words_free(&words);
}

/* Hosts in a trace field: A-labels, or whatever else is ASCII. */
static void
put_hosts(struct writer *w, struct slice raw)
{
	struct slice word;
	struct outcome why;
	char *ascii;

	while (slice_cut(&raw, ' ', &word)) {
		ascii = ascii_has_high(word)
		    ? domain_to_ascii(word, w->options->idn, &why)
		    : mem_dup(word);
		if (ascii)
			buf_puts(w->out, ascii);
		else
			word_put(w->out, word, column(w), w->charset);
		if (raw.p)
			buf_putc(w->out, ' ');
		free(ascii);
	}
}

static void
put_high_words(struct writer *w, struct slice raw,
    const struct lex_words *words)
{
	bool is_local = (w->kind == FIELD_TRACE ||
			    w->kind == FIELD_ADDRESSES) &&
	    (lex_peek(&w->lex) == '@' || w->in_angle);

	if (is_local ||
	    (w->kind == FIELD_TRACE && slice_find(raw, '"') < raw.n)) {
		buf_put(w->out, raw);
		return;
	}
	if (w->kind == FIELD_TRACE) {
		put_hosts(w, raw);
		return;
	}
	if (utf8_is_valid(raw))
		word_put(w->out, buf_slice(&words->name), column(w),
		    w->charset);
	else
		put_foreign_phrase(w, raw);
	buf_putc(w->out, ' ');
}

/* Does an encoded word begin in it, or what looks like one? */
static bool
has_encoded(struct slice s)
{
	for (; s.n > 1; s = slice_from(s, 1))
		if (s.p[0] == '=' && s.p[1] == '?')
			return true;
	return false;
}

/*
 * Are the words a whole address, with nothing to say where it is?  Other
 * letters are no user's name, but half of one: "Mueller, Hans <a@x>".
 */
static bool
is_bare(const struct writer *w, const struct lex_words *words)
{
	struct slice local = buf_slice(&words->local);

	if (w->kind != FIELD_ADDRESSES || w->options->default_domain.n == 0 ||
	    w->after_domain || has_encoded(local) ||
	    (ascii_has_high(local) && !w->in_angle))
		return false;
	return words->n > 0 && words->is_local && !words->want_word &&
	    !goes_on(w);
}

/* "root (the superuser)" becomes "root@example.org (the superuser)". */
static void
put_bare(struct writer *w, struct slice raw)
{
	struct slice word = raw;

	while (word.n > 0 && (word.p[word.n - 1] == ' ' ||
	    word.p[word.n - 1] == '\t'))
		word.n--;
	buf_put(w->out, word);
	buf_putc(w->out, '@');
	buf_put(w->out, w->options->default_domain);
	buf_put(w->out, slice_from(raw, word.n));
}

static bool
put_words(struct writer *w)
{
	struct lex_words words = { 0 };
	struct slice raw = w->lex.rest;
	bool ok = lex_take_words(&w->lex, &words);

	raw = since(w, raw);
	if (ok && is_bare(w, &words))
		put_bare(w, raw);
	else if (ok && ascii_has_high(raw))
		put_high_words(w, raw, &words);
	else if (ok)
		buf_put(w->out, raw);
	lex_words_free(&words);
	return ok;
}

/* "<...>" of a field where nothing in it may be changed. */
static void
put_angle(struct writer *w)
{
	size_t n = slice_find(w->lex.rest, '>');

	buf_put(w->out, slice_first(w->lex.rest, n + 1));
	w->lex.rest = slice_from(w->lex.rest, n + 1);
}

/* The domain at hand: a name, or an address in brackets. */
static struct slice
take_domain(struct writer *w)
{
	struct slice raw = w->lex.rest;

	if (lex_peek(&w->lex) == '[') {
		raw = slice_first(raw, slice_find(raw, ']') + 1);
		w->lex.rest = slice_from(w->lex.rest, raw.n);
		return raw;
	}
	while (lex_is_atext(lex_peek(&w->lex)) || lex_peek(&w->lex) == '.')
		lex_step(&w->lex);
	return since(w, raw);
}

/* "@" and the domain after it. */
static void
put_domain(struct writer *w)
{
	struct slice raw;
	struct outcome why;
	char *ascii = NULL;

	buf_putc(w->out, '@');
	lex_step(&w->lex);
	raw = take_domain(w);
	if (w->kind == FIELD_ADDRESSES)
		raw = address_domain(w->options, raw);
	if (ascii_has_high(raw))
		ascii = domain_to_ascii(raw, w->options->idn, &why);
	buf_put(w->out, ascii ? slice_of(ascii) : raw);
	free(ascii);
	w->after_domain = true;
}

/* What stands between the words; an address may begin or end there. */
static void
put_special(struct writer *w, char c)
{
	bool separates = c == ',' || c == ';';

	if (separates || c == ':' || c == '<')
		w->after_domain = false;
	if (separates || c == '<' || c == '>')
		w->in_angle = c == '<';
	buf_putc(w->out, c);
	lex_step(&w->lex);
}

static bool
put_piece(struct writer *w)
{
	char c = lex_peek(&w->lex);

	if (c == '(')
		return put_comment(w);
	if (c == '"' || c == '.' || lex_is_atext(c))
		return put_words(w);
	if (c == '@' && w->kind != FIELD_STRUCTURED) {
		put_domain(w);
		return true;
	}
	if (c == '<' && w->kind == FIELD_STRUCTURED) {
		put_angle(w);
		return true;
	}
	put_special(w, c);
	return true;
}

/* Words, comments and the rest; what cannot be read so is one text. */
static void
put_pieces(struct writer *w, struct slice value)
{
	struct outcome why;

	w->lex = (struct lex){ .entry = value, .rest = value, .why = &why,
		.options = w->options, .see_comments = true };
	while (!lex_at_end(&w->lex)) {
		struct slice before = w->lex.rest;

		if (put_piece(w))
			continue;
		if (ascii_has_high(before))
			word_put(w->out, before, column(w), w->charset);
		else
			buf_put(w->out, before);
		return;
	}
}

/* The parameters, and then the comments that may stand between them. */
static void
put_parameters(struct writer *w, struct slice value)
{
	struct buf text = { 0 };

	param_put_all(&text, value, w->charset);
	if (ascii_has_high(buf_slice(&text)))
		put_pieces(w, buf_slice(&text));
	else
		buf_put(w->out, buf_slice(&text));
	buf_free(&text);
}

static void
put_value(struct writer *w, struct slice value)
{
	switch (w->kind) {
	case FIELD_TEXT:
		word_put_text(w->out, value, column(w), w->charset);
		break;
	case FIELD_PARAMETERS:
		put_parameters(w, value);
		break;
	case FIELD_ADDRESSES:
		put_pieces(w, value);
		break;
	case FIELD_TRACE:
	case FIELD_STRUCTURED:
		if (ascii_has_high(value)) {
			put_pieces(w, value);
			break;
		}
		/* fall through */
	case FIELD_OPAQUE:
		buf_put(w->out, value);
		break;
	}
}

/* ASCII, a colon right after the name, no long line and none of blanks? */
static bool
is_in_order(const struct header_field *field)
{
	struct slice rest = field->raw, line;

	if (ascii_has_high(rest) || field->raw.p[field->name.n] != ':')
		return false;
	while (slice_cut(&rest, '\n', &line))
		if (line.n > LINES_OCTETS + 1 ||
		    (rest.p && slice_trim(line).n == 0))
			return false;
	return true;
}

void
rewrite_field(struct buf *out, const struct header_field *field,
    const char *charset, const struct address_options *options)
{
	struct buf line = { 0 }, value = { 0 };
	struct writer w = { .out = &line, .kind = field_kind(field->name),
		.options = options };
	bool in_order = is_in_order(field);
	size_t at;

	if (in_order && w.kind != FIELD_ADDRESSES) {
		buf_put(out, field->raw);
		return;
	}
	header_unfold(&value, field->value);
	w.charset = word_charset(buf_slice(&value), charset);
	buf_put(&line, slice_first(field->name, NAME_OCTETS));
	buf_puts(&line, ": ");
	at = line.n;
	put_value(&w, buf_slice(&value));
	if (in_order && slice_eq(slice_from(buf_slice(&line), at),
		buf_slice(&value)))
		buf_put(out, field->raw);
	else
		fold_put(out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
	buf_free(&value);
}
