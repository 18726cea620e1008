/* SPDX-License-Identifier: ISC */
/* parts.c - see parts.h */
#include "mail/parts.h"

#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "mail/header.h"
#include "mail/word.h"

void
parts_free(struct parts *p)
{
	mime_free(&p->mime);
	buf_free(&p->out);
	buf_free(&p->head);
	buf_free(&p->raw);
}

const struct mail_part *
parts_find(const struct parts *p, const char *type)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->part[i].is_attachment &&
		    slice_eq(slice_of(p->part[i].type), slice_of(type)))
			return &p->part[i];
	return NULL;
}

/* ---- values of header fields ---- */

void
parts_put_value(struct buf *out, struct slice value)
{
	struct buf line = { 0 };
	struct slice rest, word;
	bool encoded = false, first = true;

	header_unfold(&line, value);
	rest = buf_slice(&line);
	while (slice_cut(&rest, ' ', &word)) {
		struct buf plain = { 0 };
		bool is = word_decode(&plain, word);

		if (!first && !(is && encoded))
			buf_putc(out, ' ');
		if (is)
			buf_put(out, buf_slice(&plain));
		else
			utf8_put(out, word);
		first = false;
		encoded = is;
		buf_free(&plain);
	}
	buf_free(&line);
}

/* "%C3%A9" */
static void
put_percent(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
		int low = i + 2 < s.n ? hex_value(s.p[i + 2]) : -1;

		if (s.p[i] != '%' || high < 0 || low < 0) {
			buf_putc(out, s.p[i]);
			continue;
		}
		buf_putc(out, (char)(high * 16 + low));
		i += 2;
	}
}

/* One "filename", "filename*" or section "filename*1*" (RFC 2231). */
static void
put_section(struct buf *out, struct slice tail, struct slice value)
{
	struct slice skipped;

	if (!slice_ends_nocase(tail, SLICE("*"))) {
		buf_put(out, value);
		return;
	}
	if (tail.n == 1 || slice_eq(tail, SLICE("*0*"))) {
		slice_cut(&value, '\'', &skipped);
		slice_cut(&value, '\'', &skipped);
	}
	put_percent(out, value);
}

/* The parameter of this name, all its sections, as bytes. */
static void
put_param(struct buf *out, struct slice value, const char *wanted)
{
	struct slice name, want = slice_of(wanted);
	struct buf text = { 0 };

	while (mimetype_next(&value, &name, &text)) {
		struct slice tail = slice_from(name, want.n);

		if (slice_starts_nocase(name, want) &&
		    (tail.n == 0 || tail.p[0] == '*'))
			put_section(out, tail, buf_slice(&text));
	}
	buf_free(&text);
}

/* Cut at the end of a character. */
static void
copy_text(char *to, size_t max, struct slice s)
{
	size_t n = s.n < max ? s.n : max;

	while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		to[i] = ascii_is_control(s.p[i]) ? '_' : s.p[i];
	to[n] = '\0';
}

static void
set_name(struct mail_part *part, struct slice value, const char *param)
{
	struct buf raw = { 0 }, name = { 0 };

	if (part->name[0] == '\0') {
		put_param(&raw, value, param);
		parts_put_value(&name, buf_slice(&raw));
		copy_text(part->name, PARTS_NAME_MAX, buf_slice(&name));
	}
	buf_free(&raw);
	buf_free(&name);
}

static void
set_type(struct mail_part *part, struct slice value)
{
	struct mimetype t;
	struct buf type = { 0 };

	mimetype_parse(value, &t);
	if (t.type.n > 0 && t.subtype.n > 0) {
		buf_put(&type, t.type);
		buf_putc(&type, '/');
		buf_put(&type, t.subtype);
		copy_text(part->type, PARTS_TYPE_MAX, buf_slice(&type));
	}
	for (char *c = part->type; *c; c++)
		*c = ascii_lower(*c);
	memcpy(part->charset, t.charset, sizeof part->charset);
	buf_free(&type);
}

static void
read_disposition(struct mail_part *part, struct slice value)
{
	size_t n = slice_find(value, ';');

	part->is_attachment = slice_eq_nocase(
	    slice_trim(slice_first(value, n)), SLICE("attachment"));
	set_name(part, slice_from(value, n), "filename");
}

static void
read_fields(struct mail_part *part, struct slice head)
{
	struct buf type = { 0 }, disposition = { 0 };
	struct header_field f;
	struct slice value;

	if (header_find(head, "Content-Disposition", &f))
		header_unfold(&disposition, f.value);
	if (header_find(head, "Content-Type", &f))
		header_unfold(&type, f.value);
	read_disposition(part, buf_slice(&disposition));
	set_type(part, buf_slice(&type));
	value = buf_slice(&type);
	set_name(part, slice_from(value, slice_find(value, ';')), "name");
	buf_free(&type);
	buf_free(&disposition);
}

/* ---- text ---- */

static void
emit(struct parts *p, struct slice s)
{
	if (!p->has_part)
		return;
	p->part[p->n - 1].size += s.n;
	if (p->part[p->n - 1].index == p->wanted)
		buf_put(&p->out, s);
}

static void
emit_octet(struct parts *p, unsigned octet)
{
	char c = (char)(octet & 0xff);

	emit(p, (struct slice){ &c, 1 });
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void
take_base64(struct parts *p, struct slice s)
{
	for (size_t i = 0; i < s.n && !p->padded; i++) {
		int v = base64_value(s.p[i]);

		p->padded = s.p[i] == '=';
		if (v < 0)
			continue;
		p->bits = ((p->bits << 6) | (unsigned)v) & 0xffffU;
		p->nbits += 6;
		if (p->nbits < 8)
			continue;
		p->nbits -= 8;
		emit_octet(p, p->bits >> p->nbits);
	}
}

/* What began like =XX and is none stays as it is. */
static void
give_escape_up(struct parts *p)
{
	emit(p, (struct slice){ p->escape, p->nescape });
	p->nescape = 0;
}

static void
take_quoted_octet(struct parts *p, char c)
{
	if (p->nescape == 2 && hex_value(p->escape[1]) >= 0 &&
	    hex_value(c) >= 0) {
		emit_octet(p, (unsigned)(hex_value(p->escape[1]) * 16 +
		    hex_value(c)));
		p->nescape = 0;
		return;
	}
	if (p->nescape == 2)
		give_escape_up(p);
	if (p->nescape > 0 || c == '=')
		p->escape[p->nescape++] = c;
	else
		emit_octet(p, (unsigned char)c);
}

static void
take_quoted(struct parts *p, struct slice s)
{
	while (s.n > 0) {
		size_t plain = p->nescape > 0 ? 0 : slice_find(s, '=');

		emit(p, slice_first(s, plain));
		s = slice_from(s, plain);
		if (s.n == 0)
			break;
		take_quoted_octet(p, s.p[0]);
		s = slice_from(s, 1);
	}
}

static void
pay_eol(struct parts *p)
{
	emit(p, (struct slice){ p->eol, p->owed_eol });
	p->owed_eol = 0;
}

static void
take_text(struct parts *p, struct slice s)
{
	if (p->mime.is_outside)
		return;
	pay_eol(p);
	if (p->mime.entity.cte == CTE_BASE64)
		take_base64(p, s);
	else if (p->mime.entity.cte == CTE_QP)
		take_quoted(p, s);
	else
		emit(p, s);
}

/* It is owed: before a delimiter it is no text (RFC 2046 5.1.1). */
static void
take_eol(struct parts *p, struct slice eol)
{
	bool soft = p->nescape == 1;

	if (p->mime.is_outside)
		return;
	pay_eol(p);
	if (!soft)
		give_escape_up(p);
	p->nescape = 0;
	if (p->mime.entity.cte == CTE_BASE64 || soft)
		return;
	memcpy(p->eol, eol.p, eol.n);
	p->owed_eol = eol.n;
}

static void
begin_part(struct parts *p, struct slice head)
{
	struct mail_part *part = &p->part[p->n];

	p->owed_eol = p->nescape = 0;
	p->bits = p->nbits = 0;
	p->padded = false;
	p->has_part = p->mime.entity.kind == MIME_LEAF && p->n < PARTS_MAX;
	if (!p->has_part)
		return;
	*part = (struct mail_part){ .index = p->mime.entity.index,
		.type = "text/plain" };
	read_fields(part, head);
	p->n++;
}

static void
walk(struct parts *p, struct slice in, bool last)
{
	struct slice piece;
	enum mime_event e;

	while ((e = mime_next(&p->mime, &in, last, &piece)) != MIME_NONE)
		switch (e) {
		case MIME_HEAD:
			begin_part(p, piece);
			break;
		case MIME_TEXT:
			take_text(p, piece);
			break;
		case MIME_EOL:
		case MIME_CR:
			take_eol(p, piece);
			break;
		case MIME_DELIMITER:
			give_escape_up(p);
			p->has_part = false;
			p->owed_eol = 0;
			break;
		case MIME_NONE:
			break;
		}
	if (last) {
		pay_eol(p);
		give_escape_up(p);
	}
}

/* The header of the message, once it is whole or too long. */
static void
read_head(struct parts *p, bool last)
{
	struct slice raw = buf_slice(&p->raw), head;
	bool all = last || raw.n > MIME_HEAD_MAX;
	size_t body_at;

	if (header_split(raw, all, false, &head, &body_at) == PARSE_MORE)
		return;
	p->has_head = true;
	header_canonical(head, false, &p->head);
	mime_start(&p->mime, buf_slice(&p->head));
	begin_part(p, buf_slice(&p->head));
	walk(p, slice_from(raw, body_at), last);
	buf_free(&p->raw);
}

void
parts_feed(struct parts *p, struct slice in, bool last)
{
	if (p->has_head) {
		walk(p, in, last);
		return;
	}
	buf_put(&p->raw, in);
	read_head(p, last);
}
