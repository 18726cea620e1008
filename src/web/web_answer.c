/* SPDX-License-Identifier: ISC */
/* web_answer.c - see web_answer.h; the pages are in web_page.c */
#include "web/web_answer.h"

#include <iconv.h>
#include <stdlib.h>
#include <time.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/word.h"

#define BLOCK 65536

void
answer_free(struct answer *a)
{
	buf_free(&a->type);
	buf_free(&a->disposition);
	buf_free(&a->body);
}

void
answer_error(struct answer *a, unsigned status, const char *text)
{
	a->status = status;
	a->kind = ANSWER_DATA;
	buf_puts(&a->type, "text/plain; charset=utf-8");
	buf_putf(&a->body, "%s\n", text);
}

void
answer_put_time(struct buf *out, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&when, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_puts(out, text);
}

void
answer_read(struct parts *p, const struct box *b, const struct box_mail *m)
{
	char *block = mem_alloc(BLOCK);
	off_t at = 0;
	ssize_t n;

	while ((n = box_read(b, m, at, block, BLOCK)) > 0) {
		parts_feed(p, (struct slice){ block, (size_t)n }, false);
		at += n;
	}
	parts_feed(p, (struct slice){ 0 }, true);
	free(block);
}

/* False, nothing appended, when it is not in this charset after all. */
static bool
convert(struct buf *out, struct slice text, const char *charset)
{
	iconv_t with = iconv_open("UTF-8", charset);
	size_t room = text.n * 4 + 16, left = text.n, space = room;
	char *in = (char *)text.p, *to;
	bool done;

	if ((intptr_t)with == -1)
		return false;
	to = buf_reserve(out, room);
	done = iconv(with, &in, &left, &to, &space) != (size_t)-1;
	if (done)
		buf_grow(out, room - space);
	iconv_close(with);
	return done;
}

/* What cannot be converted is read as UTF-8 or latin1. */
void
answer_put_text(struct buf *out, struct slice text, const char *charset)
{
	struct buf done = { 0 };

	if (charset[0] && text.n > 0 && convert(&done, text, charset))
		text = buf_slice(&done);
	utf8_put(out, text);
	buf_free(&done);
}

/* ---- JSON ---- */

static void
put_string(struct buf *out, struct slice s)
{
	struct buf text = { 0 };

	utf8_put(&text, s);
	s = buf_slice(&text);
	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || c == '<')
			buf_putf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_putf(out, "\\%c", c);
		else
			buf_putc(out, s.p[i]);
	}
	buf_putc(out, '"');
	buf_free(&text);
}

static void
put_member(struct buf *out, const char *name, struct slice value)
{
	buf_putf(out, ",\"%s\":", name);
	put_string(out, value);
}

/* null for what there is not */
static void
put_optional(struct buf *out, const char *name, const char *value)
{
	if (value)
		put_member(out, name, slice_of(value));
	else
		buf_putf(out, ",\"%s\":null", name);
}

static void
put_number(struct buf *out, const char *name, uint64_t value)
{
	buf_putf(out, "\"%s\":", name);
	buf_putu(out, value);
}

/* All but its last brace. */
static void
put_mail(struct buf *out, const struct box_mail *m)
{
	struct slice rest = buf_slice(&m->to), to;
	struct buf when = { 0 };
	const char *comma = "";

	answer_put_time(&when, m->received);
	buf_putc(out, '{');
	put_number(out, "id", m->number);
	put_member(out, "queue_id", slice_of(m->id));
	put_member(out, "received", buf_slice(&when));
	put_member(out, "from", buf_slice(&m->from));
	buf_puts(out, ",\"to\":[");
	while (slice_cut(&rest, '\n', &to) && rest.p) {
		buf_puts(out, comma);
		put_string(out, to);
		comma = ",";
	}
	buf_puts(out, "]");
	put_member(out, "subject", buf_slice(&m->subject));
	buf_putc(out, ',');
	put_number(out, "size", m->size);
	put_optional(out, "tls", m->tls);
	put_optional(out, "login", m->login);
	put_optional(out, "file", m->file);
	buf_free(&when);
}

void
answer_list(struct answer *a, const struct box *b, uint64_t after)
{
	const char *comma = "";

	a->status = 200;
	a->kind = ANSWER_DATA;
	buf_puts(&a->type, "application/json");
	buf_puts(&a->body, "{\"messages\":[");
	for (const struct box_mail *m = box_after(b, after); m;
	     m = list_after(&m->node)) {
		buf_puts(&a->body, comma);
		put_mail(&a->body, m);
		buf_putc(&a->body, '}');
		comma = ",\n";
	}
	buf_puts(&a->body, "]}\n");
}

static void
put_part(struct buf *out, const struct mail_part *part)
{
	buf_putc(out, '{');
	put_number(out, "part", part->index);
	put_member(out, "type", slice_of(part->type));
	put_member(out, "charset", slice_of(part->charset));
	put_member(out, "name", slice_of(part->name));
	buf_puts(out, part->is_attachment ? ",\"attachment\":true," :
					    ",\"attachment\":false,");
	put_number(out, "size", part->size);
	buf_putc(out, '}');
}

static void
put_text_member(struct buf *out, const char *name, const struct box *b,
    const struct box_mail *m, const struct mail_part *part)
{
	struct parts *p = mem_alloc(sizeof *p);
	struct buf text = { 0 };

	p->wanted = part ? part->index : PARTS_NOTHING;
	p->out.max = ANSWER_TEXT_MAX;
	if (part)
		answer_read(p, b, m);
	answer_put_text(&text, buf_slice(&p->out), part ? part->charset : "");
	put_optional(out, name, part ? buf_str(&text) : NULL);
	buf_free(&text);
	parts_free(p);
	free(p);
}

static void
get_mail(struct answer *a, const struct box *b, const struct box_mail *m)
{
	struct parts *p = mem_alloc(sizeof *p);

	a->kind = ANSWER_DATA;
	buf_puts(&a->type, "application/json");
	p->wanted = PARTS_NOTHING;
	answer_read(p, b, m);
	put_mail(&a->body, m);
	put_member(&a->body, "header", buf_slice(&p->head));
	put_text_member(&a->body, "text", b, m, parts_find(p, "text/plain"));
	put_text_member(&a->body, "html", b, m, parts_find(p, "text/html"));
	put_member(&a->body, "dialogue", buf_slice(&m->dialogue));
	buf_puts(&a->body, ",\"parts\":[");
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0)
			buf_putc(&a->body, ',');
		put_part(&a->body, &p->part[i]);
	}
	buf_puts(&a->body, "]}\n");
	parts_free(p);
	free(p);
}

/* ---- what strangers wrote ---- */

static void
get_source(struct answer *a, const struct box *b, const struct box_mail *m)
{
	char *block = mem_alloc(BLOCK);
	off_t at = 0;
	ssize_t n;

	a->kind = ANSWER_FILE;
	buf_puts(&a->type, "text/plain; charset=utf-8");
	while ((n = box_read(b, m, at, block, BLOCK)) > 0) {
		buf_put(&a->body, (struct slice){ block, (size_t)n });
		at += n;
	}
	free(block);
}

static bool
is_token(const char *s)
{
	for (; *s; s++)
		if (!ascii_is_alnum(*s) && *s != '-' && *s != '_')
			return false;
	return true;
}

/* RFC 6266, without what could end the string or name a folder. */
static void
put_disposition(struct buf *out, const char *name)
{
	buf_puts(out, "attachment; filename*=utf-8''");
	if (!name[0])
		buf_puts(out, "part");
	for (; *name; name++)
		if (ascii_is_alnum(*name) || *name == '.' || *name == '-')
			buf_putc(out, *name);
		else if (*name == '/' || *name == '\\')
			buf_putc(out, '_');
		else
			buf_putf(out, "%%%02X", (unsigned char)*name);
}

static void
show_html(struct answer *a, const struct mail_part *part)
{
	a->kind = ANSWER_HTML;
	buf_puts(&a->type, "text/html; charset=");
	buf_puts(&a->type, part->charset[0] && is_token(part->charset) ?
		part->charset : "utf-8");
}

static void
save(struct answer *a, const struct mail_part *part)
{
	a->kind = ANSWER_FILE;
	buf_puts(&a->type, "application/octet-stream");
	put_disposition(&a->disposition, part->name);
}

static const struct mail_part *
part_at(const struct parts *p, uint64_t index)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->part[i].index == index)
			return &p->part[i];
	return NULL;
}

/* The octets of a part: the HTML one to be shown, any to be saved. */
static void
get_part(struct answer *a, const struct box *b, const struct box_mail *m,
    const uint64_t *index)
{
	struct parts *p = mem_alloc(2 * sizeof *p);
	const struct mail_part *part;

	p[0].wanted = PARTS_NOTHING;
	answer_read(&p[0], b, m);
	part = index ? part_at(&p[0], *index) : parts_find(&p[0], "text/html");
	if (!part) {
		answer_error(a, 404, "There is no such part");
	} else {
		p[1].wanted = part->index;
		p[1].out.max = ANSWER_PART_MAX;
		answer_read(&p[1], b, m);
		if (index)
			save(a, part);
		else
			show_html(a, part);
		buf_put(&a->body, buf_slice(&p[1].out));
	}
	parts_free(&p[0]);
	parts_free(&p[1]);
	free(p);
}

/* ---- paths ---- */

/* "/7" and what is after it. */
static const struct box_mail *
cut_mail(const struct box *b, struct slice *rest)
{
	struct slice number;
	uint64_t n;

	slice_cut(rest, '/', &number);
	return slice_to_uint(number, UINT64_MAX - 1, &n) ? box_find(b, n) :
							   NULL;
}

static void
get_of_mail(struct answer *a, const struct box *b, const struct box_mail *m,
    struct slice what)
{
	uint64_t index;

	if (!what.p)
		get_mail(a, b, m);
	else if (slice_eq(what, SLICE("source")))
		get_source(a, b, m);
	else if (slice_eq(what, SLICE("html")))
		get_part(a, b, m, NULL);
	else if (slice_starts(what, SLICE("parts/")) &&
	    slice_to_uint(slice_from(what, 6), SIZE_MAX - 1, &index))
		get_part(a, b, m, &index);
	else
		answer_error(a, 404, "There is nothing of this name");
}

static void
get_view(struct answer *a, const struct box *b, struct slice rest)
{
	const struct box_mail *m = cut_mail(b, &rest);

	if (!m || rest.p) {
		answer_error(a, 404, "There is no such message");
		return;
	}
	buf_puts(&a->type, "text/html; charset=utf-8");
	answer_put_view(&a->body, b, m);
}

void
answer_get(struct answer *a, const struct box *b, struct slice path)
{
	const struct box_mail *m;

	a->status = 200;
	a->kind = ANSWER_PAGE;
	if (slice_eq(path, SLICE("/"))) {
		buf_puts(&a->type, "text/html; charset=utf-8");
		answer_put_index(&a->body, b);
	} else if (slice_eq(path, SLICE("/style.css"))) {
		buf_puts(&a->type, "text/css");
		answer_put_style(&a->body);
	} else if (slice_starts(path, SLICE("/view/"))) {
		get_view(a, b, slice_from(path, 6));
	} else if (slice_starts(path, SLICE("/messages/"))) {
		path = slice_from(path, 10);
		m = cut_mail(b, &path);
		if (m)
			get_of_mail(a, b, m, path);
		else
			answer_error(a, 404, "There is no such message");
	} else {
		answer_error(a, 404, "There is nothing of this name");
	}
}
