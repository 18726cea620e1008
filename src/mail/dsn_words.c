/* SPDX-License-Identifier: ISC */
/*
 * dsn_words.c - the part of a report that people read.
 *
 * It is written as lines of UTF-8 with LF ends, none longer than it must be,
 * and put out as they are when they are short and ASCII, else encoded.
 */
#include "mail/dsn_impl.h"

#include "base/ascii.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/word.h"

#define WORDED_MAX 100	/* recipients with a paragraph of their own */
#define VALUE_MAX  200	/* octets of a header field that are shown */

static void
put_indent(struct buf *text, size_t indent)
{
	for (size_t i = 0; i < indent; i++)
		buf_putc(text, ' ');
}

/* Append words in lines that begin with so many blanks, broken at blanks. */
static void
put_lines(struct buf *text, size_t indent, struct slice words)
{
	struct slice word;
	size_t column = 0;

	while (slice_cut(&words, ' ', &word)) {
		if (column > 0 && column + 1 + word.n > DSN_TEXT) {
			buf_putc(text, '\n');
			column = 0;
		}
		if (column == 0)
			put_indent(text, indent);
		else
			buf_putc(text, ' ');
		column = (column == 0 ? indent : column + 1) + word.n;
		buf_put(text, word);
	}
	buf_putc(text, '\n');
}

static void
put_sentence(struct buf *text, size_t indent, const char *words)
{
	put_lines(text, indent, slice_of(words));
}

/* The line that begins there was put together by pieces: break it. */
static void
rewrap(struct buf *text, size_t from, size_t indent)
{
	struct buf line = { 0 };

	buf_put(&line, slice_from(buf_slice(text), from));
	buf_cut(text, from);
	put_lines(text, indent, buf_slice(&line));
	buf_free(&line);
}

/* ---- one recipient ---- */

static void
put_server(struct buf *text, const struct outcome *o)
{
	bool has_name = o->host[0] != '\0';

	buf_puts(text, "The server");
	if (has_name) {
		buf_putc(text, ' ');
		dsn_clean(text, slice_of(o->host), 255, true);
	}
	if (o->peer.ip.version != 0) {
		buf_puts(text, " [");
		ip_put(text, &o->peer.ip);
		buf_putc(text, ']');
	}
	buf_puts(text, " said:");
}

/* A reply as it came, each line with its code. */
static void
put_reply(struct buf *text, const struct outcome *o)
{
	struct slice rest = slice_trim(slice_of(o->text)), line;
	size_t from = text->n;

	put_server(text, o);
	rewrap(text, from, 4);
	while (slice_cut(&rest, '\n', &line)) {
		from = text->n;
		buf_putf(text, "%u", o->code);
		if (o->esc.cls != 0)
			buf_putc(text, ' ');
		esc_put(text, o->esc);
		line = slice_trim(line);
		if (line.n > 0)
			buf_putc(text, ' ');
		dsn_clean(text, line, sizeof o->text, true);
		rewrap(text, from, 8);
	}
}

/* What we have to say of it, in full. */
static void
put_finding(struct buf *text, const char *words)
{
	size_t from = text->n;

	dsn_clean(text, slice_trim(slice_of(words)), 512, true);
	if (text->n > from)
		rewrap(text, from, 8);
}

static void
put_details(struct buf *text, const struct outcome *o)
{
	if (o->code != 0) {
		put_finding(text, o->ours);
		put_reply(text, o);
	} else if (o->text[0] != '\0') {
		put_sentence(text, 4, "In detail:");
		put_finding(text, o->text);
	}
}

static void
put_address(struct buf *text, const struct dsn_recipient *r)
{
	struct slice orcpt = slice_of(r->orcpt), type;

	buf_puts(text, "<");
	dsn_clean(text, slice_of(r->to->path), 512, true);
	buf_puts(text, ">\n");
	slice_cut(&orcpt, ';', &type);
	if (!orcpt.p || !slice_eq_nocase(type, SLICE("rfc822")) ||
	    slice_eq_nocase(orcpt, slice_of(r->to->path)))
		return;
	buf_puts(text, "    (that is what ");
	dsn_clean(text, orcpt, 512, true);
	buf_puts(text, " became)\n");
}

static void
put_paragraph(struct buf *text, const struct dsn *d,
    const struct dsn_recipient *r)
{
	struct dsn_reason reason = dsn_reason(d, r);

	put_address(text, r);
	if (reason.what)
		put_sentence(text, 4, reason.what);
	put_details(text, r->said);
	if (reason.advice) {
		put_sentence(text, 4, "What you can do:");
		put_sentence(text, 8, reason.advice);
	}
	buf_putc(text, '\n');
}

/* ---- before and after ---- */

static void
put_span(struct buf *text, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" } };
	size_t i = 0;

	while (units[i].seconds > 1 && seconds % units[i].seconds != 0)
		i++;
	seconds /= units[i].seconds;
	buf_putf(text, "%lld %s%s", (long long)seconds, units[i].name,
	    seconds == 1 ? "" : "s");
}

static void
put_failed(const struct dsn *d, struct buf *text)
{
	buf_puts(text, d->is_orphan ? "A message" : "Your message");
	buf_puts(text, " could not be delivered to ");
	buf_puts(text, d->only ? "the recipient below" :
	    "the recipients below");
	buf_puts(text, ", and will not be tried there again.");
	if (d->is_orphan)
		buf_puts(text, " It has no sender who could be told (it may "
		    "be a report itself), so this comes to you as the "
		    "postmaster.");
}

static void
put_delayed(const struct dsn *d, struct buf *text)
{
	buf_puts(text, "Your message has not been delivered yet to ");
	buf_puts(text, d->only ? "the recipient below." :
	    "the recipients below.");
	buf_puts(text, " You need not do anything, nor send it again: it is "
	    "tried from time to time");
	if (d->lifetime > 0) {
		buf_puts(text, " until it is ");
		put_span(text, d->lifetime);
		buf_puts(text, " old");
	}
	buf_putc(text, '.');
	if (d->will_fail)
		buf_puts(text, " If that is in vain, you will be told.");
}

static void
put_succeeded(const struct dsn *d, struct buf *text)
{
	const char *who = d->only ? "the recipient below" :
	    "the recipients below";

	if (d->action == DSN_DELIVERED)
		buf_putf(text, "Your message was delivered to %s.", who);
	else if (d->action == DSN_EXPANDED)
		buf_putf(text, "Your message was handed on to all whom %s "
		    "stands for.", who);
	else
		buf_putf(text, "Your message was handed on to a server that "
		    "takes mail for %s. That server does not report "
		    "deliveries, so this is all that you hear from here.",
		    who);
}

/* Append an unfolded value with its encoded words decoded. */
static void
put_decoded(struct buf *out, struct slice value)
{
	bool was_encoded = false;
	struct slice word;

	while (slice_cut(&value, ' ', &word)) {
		struct buf plain = { 0 };
		bool is_encoded = word_decode(&plain, word);

		if (out->n > 0 && !(was_encoded && is_encoded)) /* 2047 6.2 */
			buf_putc(out, ' ');
		buf_put(out, is_encoded ? buf_slice(&plain) : word);
		was_encoded = is_encoded;
		buf_free(&plain);
	}
}

/* "Subject: ..." of the original, for whoever wrote more than one. */
static void
put_field(const struct dsn *d, const char *name, struct buf *text)
{
	struct buf value = { 0 }, plain = { 0 };
	struct header_field f;

	if (!header_find(d->head, name, &f))
		return;
	header_unfold(&value, f.value);
	put_decoded(&plain, buf_slice(&value));
	buf_putf(text, "    %s: ", name);
	dsn_clean(text, buf_slice(&plain), VALUE_MAX, true);
	buf_putc(text, '\n');
	buf_free(&value);
	buf_free(&plain);
}

void
dsn_put_greeting(const struct dsn *d, struct buf *text)
{
	size_t from;

	buf_puts(text, "This is the mail system of ");
	dsn_clean(text, d->host, 255, true);
	buf_puts(text, ".\n\n");
	from = text->n;
	if (d->action == DSN_FAILED)
		put_failed(d, text);
	else if (d->action == DSN_DELAYED)
		put_delayed(d, text);
	else
		put_succeeded(d, text);
	rewrap(text, from, 0);
	buf_putc(text, '\n');
	from = text->n;
	put_field(d, "Subject", text);
	put_field(d, "Date", text);
	if (text->n > from)
		buf_putc(text, '\n');
}

void
dsn_put_ending(const struct dsn *d, struct buf *text)
{
	if (d->unworded > 0)
		buf_putf(text, "... and to %zu more, who are named in the "
		    "next part.\n\n", d->unworded);
	put_sentence(text, 0, d->whole ?
	    "The same for programs, and the message itself, are below." :
	    "The same for programs, and the header of the message, are "
	    "below.");
}

void
dsn_notice(struct dsn *d, const struct dsn_recipient *r)
{
	struct buf text = { 0 };
	struct slice rest, line;

	put_paragraph(&text, d, r);
	rest = buf_slice(&text);
	while (!d->encode && slice_cut(&rest, '\n', &line))
		d->encode = line.n > DSN_TEXT || ascii_has_high(line);
	buf_free(&text);
}

void
dsn_words(struct dsn *d, const struct dsn_recipient *r, struct buf *out)
{
	struct buf text = { 0 };

	if (d->worded == WORDED_MAX) {
		d->unworded++;
		return;
	}
	d->worded++;
	put_paragraph(&text, d, r);
	dsn_put_text(d, buf_slice(&text), out);
	buf_free(&text);
}
