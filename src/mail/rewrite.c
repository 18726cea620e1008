/* SPDX-License-Identifier: ISC */
/* rewrite.c - see rewrite.h */
#include "mail/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/address.h"
#include "mail/lex.h"
#include "mail/param.h"
#include "mail/word.h"

#define LINE_OCTETS 998 /* RFC 5322 2.1.1 */
#define LINE_WANTED 76  /* RFC 2047 2, where encoded words are */
#define NAME_OCTETS 900 /* of a name, which nothing can fold */

enum kind { TEXT, ADDRESSES, PARAMETERS, STRUCTURED };

/* What is in no row is text: RFC 5322 3.6.8 lets encoded words stand there. */
static const struct {
	const char *name; /* a '-' at the end: all that begin so */
	enum kind kind;
} kinds[] = {
	{ "From", ADDRESSES },
	{ "Sender", ADDRESSES },
	{ "Reply-To", ADDRESSES },
	{ "To", ADDRESSES },
	{ "Cc", ADDRESSES },
	{ "Resent-From", ADDRESSES },
	{ "Resent-Sender", ADDRESSES },
	{ "Resent-Reply-To", ADDRESSES },
	{ "Resent-To", ADDRESSES },
	{ "Resent-Cc", ADDRESSES },
	{ "Errors-To", ADDRESSES },
	{ "Mail-Followup-To", ADDRESSES },
	{ "Mail-Reply-To", ADDRESSES },
	{ "Disposition-Notification-To", ADDRESSES },
	{ "Content-Description", TEXT },
	{ "Content-Type", PARAMETERS },
	{ "Content-Disposition", PARAMETERS },
	{ "Content-", STRUCTURED },
	{ "MIME-Version", STRUCTURED },
	{ "Message-ID", STRUCTURED },
	{ "In-Reply-To", STRUCTURED },
	{ "References", STRUCTURED },
	{ "Date", STRUCTURED },
	{ "Resent-Date", STRUCTURED },
	{ "Resent-Message-ID", STRUCTURED },
	{ "Return-Path", STRUCTURED },
	{ "Delivered-To", STRUCTURED },
	{ "Received", STRUCTURED },
	{ "Received-", STRUCTURED },
	{ "DKIM-", STRUCTURED },
	{ "ARC-", STRUCTURED },
	{ "Authentication-Results", STRUCTURED },
	{ "List-", STRUCTURED },
	{ "Autocrypt", STRUCTURED },
};

static enum kind
kind_of(struct slice name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct slice row = slice_of(kinds[i].name);

		if (row.p[row.n - 1] == '-' ? slice_starts_nocase(name, row) :
					      slice_eq_nocase(name, row))
			return kinds[i].kind;
	}
	return TEXT;
}

/* The field being written: out from `base` on. */
struct writer {
	struct buf *out;
	size_t base;
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
		word_put_text(w->out, in, column(w));
	else
		word_put(w->out, in, column(w));
	buf_putc(w->out, ')');
	return true;
}

/* Do the words just read go on to "<" or ":", past comments? */
static bool
is_phrase(const struct writer *w)
{
	struct lex ahead = w->lex;
	char c;

	ahead.see_comments = false;
	if (!lex_skip_cfws(&ahead, NULL))
		return false;
	c = lex_peek(&ahead);
	return c == '<' || c == ':' || c == '"' || lex_is_atext(c);
}

static bool
put_words(struct writer *w)
{
	struct lex_words words = { 0 };
	struct slice raw = w->lex.rest;
	bool ok = lex_take_words(&w->lex, &words);

	raw = since(w, raw);
	if (ok && ascii_has_high(raw) && is_phrase(w)) {
		word_put(w->out, buf_slice(&words.name), column(w));
		buf_putc(w->out, ' ');
	} else if (ok) {
		buf_put(w->out, raw);
	}
	lex_words_free(&words);
	return ok;
}

/* "@" and the domain behind it. */
static void
put_domain(struct writer *w)
{
	struct slice raw;
	struct outcome why;
	char *ascii = NULL;

	buf_putc(w->out, '@');
	lex_step(&w->lex);
	raw = w->lex.rest;
	while (lex_is_atext(lex_peek(&w->lex)) || lex_peek(&w->lex) == '.')
		lex_step(&w->lex);
	raw = since(w, raw);
	if (ascii_has_high(raw))
		ascii = domain_to_ascii(raw, &why);
	buf_put(w->out, ascii ? slice_of(ascii) : raw);
	free(ascii);
}

static bool
put_piece(struct writer *w)
{
	char c = lex_peek(&w->lex);

	if (c == '(')
		return put_comment(w);
	if (c == '"' || lex_is_atext(c))
		return put_words(w);
	if (c == '@') {
		put_domain(w);
		return true;
	}
	buf_putc(w->out, c);
	lex_step(&w->lex);
	return true;
}

/* What cannot be read as addresses is copied. */
static void
put_addresses(struct writer *w, struct slice value)
{
	struct outcome why;

	w->lex = (struct lex){ value, value, { 0 }, &why, true };
	while (!lex_at_end(&w->lex)) {
		struct slice before = w->lex.rest;

		if (put_piece(w))
			continue;
		buf_put(w->out, before);
		return;
	}
}

static void
put_value(struct writer *w, const struct header_field *field,
    struct slice value)
{
	enum kind kind = kind_of(field->name);

	if (kind != TEXT && !ascii_has_high(value)) {
		buf_put(w->out, value);
		return;
	}
	switch (kind) {
	case TEXT:
		word_put_text(w->out, value, column(w));
		break;
	case ADDRESSES:
		put_addresses(w, value);
		break;
	case PARAMETERS:
		param_put_all(w->out, value);
		break;
	case STRUCTURED:
		buf_put(w->out, value);
		break;
	}
}

/* ASCII, a colon right behind the name, no long line and none of blanks? */
static bool
is_in_order(const struct header_field *field)
{
	struct slice rest = field->raw, line;

	if (ascii_has_high(rest) || field->raw.p[field->name.n] != ':')
		return false;
	while (slice_cut(&rest, '\n', &line))
		if (line.n > LINE_OCTETS + 1 ||
		    (rest.p && slice_trim(line).n == 0))
			return false;
	return true;
}

void
rewrite_field(struct buf *out, const struct header_field *field)
{
	struct buf line = { 0 }, value = { 0 };
	struct writer w = { .out = &line };

	if (is_in_order(field)) {
		buf_put(out, field->raw);
		return;
	}
	header_unfold(&value, field->value);
	buf_put(&line, slice_first(field->name, NAME_OCTETS));
	buf_puts(&line, ": ");
	put_value(&w, field, buf_slice(&value));
	header_fold(out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
	buf_free(&value);
}
