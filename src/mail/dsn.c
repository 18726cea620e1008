/* SPDX-License-Identifier: ISC */
/* dsn.c - the frame of a report, and the original in it: see dsn.h */
#include "mail/dsn_impl.h"

#include <string.h>

#include "base/ascii.h"
#include "mail/date.h"
#include "mail/fold.h"
#include "mail/header.h"
#include "mail/word.h"

#define NAMED_MAX 100	/* octets of an address in a Subject */
#define ID_MAX	  990	/* ... of a Message-ID that is referred to */

/* ---- what comes from elsewhere ---- */

/* As much of s as has at most max octets and ends in no letter (UTF-8). */
static struct slice
cut(struct slice s, size_t max)
{
	size_t n = max;

	if (s.n <= max)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return slice_first(s, n);
}

void
dsn_clean(struct buf *out, struct slice text, size_t max, bool letters)
{
	struct buf line = { 0 }, shown = { 0 };
	struct slice some = cut(text, max), rest, c;

	for (size_t i = 0; i < some.n; i++)
		buf_putc(&line, strchr("\r\n\t", some.p[i]) && some.p[i] ?
		    ' ' : some.p[i]);
	rest = buf_slice(&line);
	while (slice_cut(&rest, '\\', &c)) {
		text_escape(&shown, c);
		if (rest.p) /* it stays what it was: DOMAIN\user */
			buf_putc(&shown, '\\');
	}
	for (c = buf_slice(&shown); c.n > 0; c = slice_from(c, 1))
		if (ascii_is_high(c.p[0]) && !letters)
			buf_putf(out, "\\x%02x", (unsigned char)c.p[0]);
		else
			buf_putc(out, c.p[0]);
	if (some.n < text.n)
		buf_puts(out, "...");
	buf_free(&line);
	buf_free(&shown);
}

/* ---- the frame ---- */

/* No encoded text has "=_", and nobody knew the id (RFC 2046 5.1.1). */
static void
put_boundary(const struct dsn *d, struct buf *out)
{
	buf_puts(out, "=_");
	buf_put(out, d->id);
}

static void
put_delimiter(const struct dsn *d, struct buf *out, const char *end)
{
	buf_puts(out, "\r\n--");
	put_boundary(d, out);
	buf_puts(out, end);
	buf_puts(out, "\r\n");
}

void
dsn_part(const struct dsn *d, struct buf *out, const char *type,
    const char *encoding, const char *description)
{
	put_delimiter(d, out, "");
	buf_putf(out, "Content-Type: %s\r\n", type);
	buf_putf(out, "Content-Transfer-Encoding: %s\r\n", encoding);
	buf_putf(out, "Content-Description: %s\r\n\r\n", description);
}

/* ---- the header ---- */

static void
fold(struct buf *out, struct buf *line)
{
	fold_put(out, buf_slice(line), DSN_LINE);
	buf_free(line);
}

static void
put_subject(const struct dsn *d, struct buf *out)
{
	static const char *const said[] = {
		[DSN_FAILED] = "was not delivered to",
		[DSN_DELAYED] = "has not been delivered yet to",
		[DSN_DELIVERED] = "was delivered to",
		[DSN_RELAYED] = "was handed on to",
		[DSN_EXPANDED] = "was handed on to the members of",
	};
	struct buf line = { 0 }, who = { 0 };

	if (d->only)
		dsn_clean(&who, slice_of(d->only->path), NAMED_MAX, true);
	else
		buf_puts(&who, "several recipients");
	buf_putf(&line, "Subject: %s %s ", d->is_orphan ?
	    "A message without a sender" : "Your message", said[d->action]);
	word_put_text(&line, buf_slice(&who), 0, "utf-8");
	fold(out, &line);
	buf_free(&who);
}

/* A message identifier that can be referred to (RFC 5322 3.6.4). */
static bool
is_id(struct slice s)
{
	if (s.n < 3 || s.n > ID_MAX || s.p[0] != '<' || s.p[s.n - 1] != '>')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '<' ||
		    s.p[i] == '>')
			return false;
	return true;
}

static void
put_references(const struct dsn *d, struct buf *out)
{
	struct header_field f;
	struct slice id;

	if (!header_find(d->head, "Message-ID", &f))
		return;
	id = slice_trim(f.value);
	if (!is_id(id))
		return;
	buf_putf(out, "In-Reply-To:%s%.*s\r\n", id.n > 60 ? "\r\n " : " ",
	    (int)id.n, id.p);
	buf_putf(out, "References:%s%.*s\r\n", id.n > 60 ? "\r\n " : " ",
	    (int)id.n, id.p);
}

static void
put_head(const struct dsn *d, struct buf *out)
{
	struct buf line = { 0 };

	buf_puts(&line, "From: Mail Delivery System <MAILER-DAEMON@");
	buf_put(&line, d->host);
	buf_puts(&line, ">");
	fold(out, &line);
	buf_puts(&line, "To: <");
	buf_put(&line, d->to);
	buf_puts(&line, ">");
	fold(out, &line);
	put_subject(d, out);
	buf_puts(out, "Date: ");
	date_put(out, d->now, d->offset);
	buf_puts(out, "\r\nMessage-ID: <");
	buf_put(out, d->id);
	buf_putc(out, '@');
	buf_put(out, d->host);
	buf_puts(out, ">\r\n");
	put_references(d, out);
	buf_puts(out, "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    " boundary=\"");
	put_boundary(d, out);
	buf_putf(out, "\"\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    d->global ? "8bit" : "7bit");
}

/* Has it NULs, or a line that is too long to be sent? */
static bool
is_unfit(struct slice head)
{
	struct slice line;

	if (slice_find(head, '\0') < head.n)
		return true;
	while (slice_cut(&head, '\n', &line))
		if (line.n > LINES_OCTETS + 1)
			return true;
	return false;
}

/* How the original goes in: RFC 6522 4, RFC 6533 4 and 5. */
static void
choose_form(struct dsn *d)
{
	bool ascii = !ascii_has_high(d->head);
	bool utf8 = utf8_is_valid(d->head), unfit = is_unfit(d->head);

	d->whole = d->whole && utf8 && !unfit;
	if (d->whole)
		d->type = ascii ? "message/rfc822" : "message/global";
	else
		d->type = ascii || !utf8 ? "text/rfc822-headers" :
					   "message/global-headers";
	d->pack = !ascii && !(d->global && utf8);
	d->pack = d->pack || unfit;
	d->seven.form = SEVEN_QP;
	d->last = '\n';
}

void
dsn_open(struct dsn *d, struct buf *out)
{
	struct buf text = { 0 };
	struct slice rest, line;

	choose_form(d);
	dsn_put_greeting(d, &text);
	rest = buf_slice(&text);
	while (!d->encode && slice_cut(&rest, '\n', &line))
		d->encode = line.n > DSN_TEXT || ascii_has_high(line);
	put_head(d, out);
	buf_puts(out, "This is a report in several parts, for a program that "
	    "reads mail (MIME).\r\n");
	dsn_part(d, out, d->encode ? "text/plain; charset=utf-8" :
				     "text/plain; charset=us-ascii",
	    d->encode ? "quoted-printable" : "7bit", "What happened");
	dsn_put_text(d, buf_slice(&text), out);
	buf_free(&text);
}

void
dsn_put_text(const struct dsn *d, struct slice text, struct buf *out)
{
	struct seven s = { .form = d->encode ? SEVEN_QP : SEVEN_COPY };
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		seven_text(&s, line, out);
		if (text.p)
			seven_eol(&s, SLICE("\r\n"), out);
	}
}

/* ---- the original ---- */

void
dsn_original_open(struct dsn *d, struct buf *out)
{
	bool high = d->global && ascii_has_high(d->head);

	dsn_part(d, out, d->type, d->pack ? "quoted-printable" :
	    high ? "8bit" : "7bit",
	    d->whole ? "The message" : "The header of the message");
}

void
dsn_original(struct dsn *d, struct slice text, struct buf *out)
{
	struct slice piece;

	if (text.n == 0)
		return;
	d->last = text.p[text.n - 1];
	if (!d->pack) {
		buf_put(out, text);
		return;
	}
	lines_feed(&d->lines, text);
	for (;;)
		switch (lines_next(&d->lines, &piece)) {
		case LINES_NONE:
			return;
		case LINES_END:
			seven_eol(&d->seven, piece, out);
			break;
		case LINES_TEXT:
		case LINES_CR:
		case LINES_NUL:
			seven_text(&d->seven, piece, out);
			break;
		}
}

void
dsn_close(struct dsn *d, struct buf *out)
{
	struct slice cr;

	if (d->pack) {
		if (lines_rest(&d->lines, &cr) != LINES_NONE)
			seven_text(&d->seven, cr, out);
		seven_finish(&d->seven, out);
	} else if (d->last != '\n') {
		buf_puts(out, "\r\n");
	}
	put_delimiter(d, out, "--");
}
