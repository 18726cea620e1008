/* SPDX-License-Identifier: ISC */
/* compose.c - see compose.h */
#include "mail/compose.h"

#include <assert.h>

#include "base/ascii.h"
#include "mail/fold.h"
#include "mail/param.h"

#define LINE       78  /* RFC 5322 2.1.1 */
#define PLAIN_LINE 100 /* longer ones are folded by readers, if at all */

enum multipart { MIXED, ALTERNATIVE, RELATED };

static const char *const subtypes[] = { "mixed", "alternative", "related" };

static void
put_field(struct buf *out, const char *name, struct slice value, bool params)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: ", name);
	if (params)
		param_put_all(&line, value, "utf-8");
	else
		buf_put(&line, value);
	fold_put(out, buf_slice(&line), LINE);
	buf_free(&line);
}

/* "=_" is in no text that is encoded (RFC 2045 6.7). */
static void
put_boundary(const struct compose *c, enum multipart m, struct buf *out)
{
	buf_putf(out, "=_%016llx_%u", (unsigned long long)c->mark, (unsigned)m);
}

static void
put_delimiter(const struct compose *c, const char *end, struct buf *out)
{
	assert(c->depth > 0);
	buf_puts(out, "\r\n--");
	put_boundary(c, (enum multipart)c->open[c->depth - 1], out);
	buf_putf(out, "%s\r\n", end);
}

/* A part begins, where there are parts. */
static void
put_begin(const struct compose *c, struct buf *out)
{
	if (c->depth > 0)
		put_delimiter(c, "", out);
}

static void
open_multipart(struct compose *c, enum multipart m, struct buf *out)
{
	struct buf value = { 0 };

	put_begin(c, out);
	buf_putf(&value, "multipart/%s; boundary=\"", subtypes[m]);
	put_boundary(c, m, &value);
	buf_puts(&value, m == RELATED ? "\"; type=\"text/html\"" : "\"");
	put_field(out, "Content-Type", buf_slice(&value), false);
	buf_puts(out, "\r\n");
	buf_free(&value);
	c->open[c->depth++] = (unsigned char)m;
}

static void
close_multiparts(struct compose *c, size_t depth, struct buf *out)
{
	while (c->depth > depth) {
		put_delimiter(c, "--", out);
		c->depth--;
	}
}

static bool
is_mixed(const struct compose *c)
{
	return c->has[COMPOSE_ATTACHED] ||
	    (c->has[COMPOSE_INLINE] && !c->has[COMPOSE_HTML]);
}

void
compose_begin(struct compose *c, struct buf *out)
{
	buf_puts(out, "MIME-Version: 1.0\r\n");
	if (is_mixed(c))
		open_multipart(c, MIXED, out);
}

/* What must be open for a piece of that kind, and what no longer. */
static void
make_place(struct compose *c, enum compose_kind kind, struct buf *out)
{
	const bool *has = c->has;

	if (kind == COMPOSE_TEXT && has[COMPOSE_HTML])
		open_multipart(c, ALTERNATIVE, out);
	else if (kind == COMPOSE_HTML && has[COMPOSE_INLINE])
		open_multipart(c, RELATED, out);
	else if (kind == COMPOSE_ATTACHED)
		close_multiparts(c, 1, out);
}

void
compose_look(struct compose_facts *f, struct slice raw)
{
	f->scan.look_closely = true;
	scan_feed(&f->scan, raw);
	for (size_t i = 0; i < raw.n; i++)
		f->high += ascii_is_high(raw.p[i]);
}

void
compose_look_end(struct compose_facts *f)
{
	scan_finish(&f->scan);
}

bool
compose_is_text(const struct compose_facts *f)
{
	return f->scan.nuls == 0 && !scan_is_binary(&f->scan);
}

/* Lines as they are, when any server and reader takes them. */
static enum seven_form
form_of_text(const struct compose_facts *f)
{
	const struct scan *s = &f->scan;

	if (!s->eight_bit && !s->has_cr && !s->has_control &&
	    s->longest_line <= PLAIN_LINE)
		return SEVEN_COPY;
	/* else base64 where quoted-printable is half as long again */
	return f->high > s->length / 2 ? SEVEN_BASE64 : SEVEN_QP;
}

/* RFC 2046 5.2.1: a message inside is in no encoding. */
static bool
can_be_a_message(const struct compose_piece *p)
{
	const struct scan *s = &p->facts->scan;

	return slice_eq_nocase(p->type, SLICE("message/rfc822")) &&
	    compose_is_text(p->facts) && !s->has_cr &&
	    s->longest_line <= LINES_OCTETS;
}

/* What a reader is to take the octets for. */
static const char *
charset(const struct compose_facts *f)
{
	return !f->scan.eight_bit ? "us-ascii"
	    : f->scan.not_utf8    ? "unknown-8bit"
				  : "utf-8";
}

/* The type of a file that is in base64. */
static void
put_file_type(struct buf *value, const struct compose_piece *p)
{
	if (slice_starts(p->type, SLICE("message/")))
		buf_puts(value, "application/octet-stream");
	else
		buf_put(value, p->type);
	if (slice_starts(p->type, SLICE("text/")) && compose_is_text(p->facts))
		buf_putf(value, "; charset=%s", charset(p->facts));
}

static void
put_type(const struct compose_piece *p, struct buf *out)
{
	struct buf value = { 0 };

	if (p->kind == COMPOSE_TEXT || p->kind == COMPOSE_HTML)
		buf_putf(&value, "text/%s; charset=%s",
		    p->kind == COMPOSE_TEXT ? "plain" : "html",
		    charset(p->facts));
	else if (can_be_a_message(p))
		buf_put(&value, p->type);
	else
		put_file_type(&value, p);
	put_field(out, "Content-Type", buf_slice(&value), false);
	buf_free(&value);
}

static void
put_encoding(const struct compose *c, const struct compose_piece *p,
    struct buf *out)
{
	const char *name = "base64";

	if (c->seven.form == SEVEN_COPY)
		name = p->facts->scan.eight_bit ? "8bit" : "7bit";
	else if (c->seven.form == SEVEN_QP)
		name = "quoted-printable";
	buf_putf(out, "Content-Transfer-Encoding: %s\r\n", name);
}

/* The name in quotes; what no header may hold is an underscore. */
static void
put_disposition(const struct compose_piece *p, struct buf *out)
{
	struct buf value = { 0 };

	buf_puts(&value, p->kind == COMPOSE_INLINE ? "inline" : "attachment");
	buf_puts(&value, "; filename=\"");
	for (size_t i = 0; i < p->name.n; i++) {
		char c = p->name.p[i];

		if (c == '"' || c == '\\')
			buf_putc(&value, '\\');
		buf_putc(&value, ascii_is_control(c) ? '_' : c);
	}
	buf_putc(&value, '"');
	put_field(out, "Content-Disposition", buf_slice(&value), true);
	buf_free(&value);
}

/* What HTML calls cid:NAME (RFC 2392). */
static void
put_id(const struct compose_piece *p, struct buf *out)
{
	buf_puts(out, "Content-ID: <");
	for (size_t i = 0; i < p->name.n; i++) {
		char c = p->name.p[i];

		buf_putc(out,
		    ascii_is_alnum(c) || c == '.' || c == '-' || c == '+' ||
			    c == '@'
			? c
			: '_');
	}
	buf_puts(out, ">\r\n");
}

void
compose_piece(struct compose *c, const struct compose_piece *p, struct buf *out)
{
	bool is_file = p->kind == COMPOSE_INLINE || p->kind == COMPOSE_ATTACHED;

	make_place(c, p->kind, out);
	put_begin(c, out);
	c->as_lines = !is_file || can_be_a_message(p);
	c->seven = (struct seven){ .form = !is_file ? form_of_text(p->facts)
		    : c->as_lines                   ? SEVEN_COPY
						    : SEVEN_BASE64_RAW };
	c->lines = (struct lines){ 0 };
	put_type(p, out);
	put_encoding(c, p, out);
	if (is_file)
		put_disposition(p, out);
	if (p->kind == COMPOSE_INLINE)
		put_id(p, out);
	buf_puts(out, "\r\n");
}

static void
put_line_piece(struct compose *c, enum lines_piece got, struct slice text,
    struct buf *out)
{
	switch (got) {
	case LINES_TEXT:
		seven_text(&c->seven, text, out);
		break;
	case LINES_END:
		seven_eol(&c->seven, text, out);
		break;
	case LINES_CR:
		seven_cr(&c->seven, out);
		break;
	case LINES_NUL: /* a text has none */
	case LINES_NONE:
		break;
	}
}

void
compose_data(struct compose *c, struct slice raw, struct buf *out)
{
	enum lines_piece got;
	struct slice text;

	if (!c->as_lines) {
		seven_text(&c->seven, raw, out);
		return;
	}
	lines_feed(&c->lines, raw);
	while ((got = lines_next(&c->lines, &text)) != LINES_NONE)
		put_line_piece(c, got, text, out);
}

void
compose_piece_end(struct compose *c, struct buf *out)
{
	struct slice text;

	put_line_piece(c, lines_rest(&c->lines, &text), text, out);
	seven_finish(&c->seven, out);
}

void
compose_end(struct compose *c, struct buf *out)
{
	close_multiparts(c, 0, out);
}
