/* SPDX-License-Identifier: ISC */
/* web_page.c - the pages, in HTML; all that is not ours is escaped here. */
#include "web/web_answer.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/markup.h"
#include "base/mem.h"
#include "mail/word.h"

static const char style[] =
    "body{font:15px/1.4 system-ui,sans-serif;margin:1em auto;max-width:70em;"
    "padding:0 1em;color-scheme:light dark}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;vertical-align:top;padding:.25em .6em;"
    "border-bottom:1px solid #8886;overflow-wrap:anywhere}\n"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8886;"
    "padding:.6em;max-height:40em;overflow:auto}\n"
    "iframe{width:100%;height:32em;border:1px solid #8886;background:#fff;"
    "color-scheme:light}\n";

void
answer_put_style(struct buf *out)
{
	buf_puts(out, style);
}

/* Text in an element or in a quoted value; controls but LF become U+FFFD. */
static void
put_html(struct buf *out, struct slice s)
{
	struct buf text = { 0 }, shown = { 0 };

	utf8_put(&text, s);
	s = buf_slice(&text);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r')
			continue;
		if (ascii_is_control(s.p[i]) && s.p[i] != '\n' &&
		    s.p[i] != '\t')
			buf_puts(&shown, "\xef\xbf\xbd");
		else
			buf_putc(&shown, s.p[i]);
	}
	markup_put(out, buf_slice(&shown));
	buf_free(&shown);
	buf_free(&text);
}

/* <bdi>: what runs from right to left stays within it. */
static void
put_cell(struct buf *out, struct slice s)
{
	buf_puts(out, "<td><bdi>");
	put_html(out, s);
	buf_puts(out, "</bdi></td>");
}

static void
put_begin(struct buf *out, struct slice title)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	    "<meta charset=\"utf-8\"><meta name=\"viewport\" "
	    "content=\"width=device-width\"><title>");
	put_html(out, title);
	buf_puts(out, "</title><link rel=\"stylesheet\" href=\"/style.css\">"
	    "</head>\n<body>\n");
}

static void
put_size(struct buf *out, uint64_t size)
{
	buf_puts(out, "<td>");
	buf_putu(out, size);
	buf_puts(out, "</td>");
}

static void
put_row(struct buf *out, const struct box_mail *m)
{
	struct slice subject = buf_slice(&m->subject);
	struct buf when = { 0 };

	answer_put_time(&when, m->received);
	buf_puts(out, "<tr>");
	put_cell(out, buf_slice(&when));
	put_cell(out, buf_slice(&m->from));
	put_cell(out, slice_trim(buf_slice(&m->to)));
	buf_puts(out, "<td><a href=\"/view/");
	buf_putu(out, m->number);
	buf_puts(out, "\"><bdi>");
	put_html(out, subject.n > 0 ? subject : SLICE("(no subject)"));
	buf_puts(out, "</bdi></a></td>");
	put_size(out, m->size);
	buf_puts(out, "</tr>\n");
	buf_free(&when);
}

/* The newest first. */
void
answer_put_index(struct buf *out, const struct box *b)
{
	put_begin(out, SLICE("smtpsend --sink"));
	buf_putf(out, "<h1>Messages</h1>\n<p>%zu received here.</p>\n"
	    "<table><thead><tr><th>Received</th><th>From</th><th>To</th>"
	    "<th>Subject</th><th>Octets</th></tr></thead><tbody>\n",
	    b->mails.n);
	for (const struct list_node *n = b->mails.last; n; n = n->prev)
		put_row(out, n->owner);
	buf_puts(out, "</tbody></table>\n</body></html>\n");
}

static void
put_field(struct buf *out, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_putf(out, "<tr><th>%s</th>", name);
	put_cell(out, value);
	buf_puts(out, "</tr>\n");
}

/* "<a@x>", and the null sender as "<>". */
static void
put_envelope(struct buf *out, const struct box_mail *m)
{
	struct slice rest = buf_slice(&m->to), to;
	struct buf text = { 0 };

	buf_puts(&text, "<");
	buf_put(&text, buf_slice(&m->from));
	buf_puts(&text, ">");
	buf_puts(out, "<h2>Envelope</h2>\n<table>");
	put_field(out, "MAIL FROM", buf_slice(&text));
	while (slice_cut(&rest, '\n', &to) && rest.p)
		put_field(out, "RCPT TO", to);
	answer_put_time((buf_clear(&text), &text), m->received);
	put_field(out, "Received", buf_slice(&text));
	put_field(out, "Queue id", slice_of(m->id));
	put_field(out, "TLS", slice_of(m->tls));
	put_field(out, "Logged in as", slice_of(m->login));
	put_field(out, "File", slice_of(m->file));
	buf_puts(out, "</table>\n");
	buf_free(&text);
}

static void
put_parts(struct buf *out, const struct box_mail *m, const struct parts *p)
{
	buf_puts(out, "<h2>Parts</h2>\n<table>");
	for (size_t i = 0; i < p->n; i++) {
		const struct mail_part *part = &p->part[i];

		buf_puts(out, "<tr>");
		put_cell(out, slice_of(part->type));
		buf_puts(out, "<td><a href=\"/messages/");
		buf_putu(out, m->number);
		buf_putf(out, "/parts/%zu\"><bdi>", part->index);
		put_html(out, part->name[0] ? slice_of(part->name) :
					      SLICE("save"));
		buf_puts(out, "</bdi></a></td>");
		put_size(out, part->size);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</table>\n");
}

static void
put_pre(struct buf *out, const char *title, struct slice text)
{
	buf_putf(out, "<h2>%s</h2>\n<pre>", title);
	put_html(out, text);
	buf_puts(out, "</pre>\n");
}

static void
put_plain(struct buf *out, const struct box *b, const struct box_mail *m,
    const struct mail_part *part)
{
	struct parts *p = mem_alloc(sizeof *p);
	struct buf text = { 0 };

	p->wanted = part->index;
	p->out.max = ANSWER_TEXT_MAX;
	answer_read(p, b, m);
	answer_put_text(&text, buf_slice(&p->out), part->charset);
	put_pre(out, "Text", buf_slice(&text));
	buf_free(&text);
	parts_free(p);
	free(p);
}

void
answer_put_view(struct buf *out, const struct box *b,
    const struct box_mail *m)
{
	struct parts *p = mem_alloc(sizeof *p);
	const struct mail_part *plain;

	p->wanted = PARTS_NOTHING;
	answer_read(p, b, m);
	put_begin(out, buf_slice(&m->subject));
	buf_puts(out, "<p><a href=\"/\">All messages</a> · "
	    "<a href=\"/messages/");
	buf_putu(out, m->number);
	buf_puts(out, "/source\">Source</a></p>\n<h1><bdi>");
	put_html(out, buf_slice(&m->subject));
	buf_puts(out, "</bdi></h1>\n");
	if (parts_find(p, "text/html")) {
		buf_puts(out, "<h2>HTML</h2>\n<iframe sandbox=\"\" "
		    "referrerpolicy=\"no-referrer\" title=\"HTML part\" "
		    "src=\"/messages/");
		buf_putu(out, m->number);
		buf_puts(out, "/html\"></iframe>\n");
	}
	plain = parts_find(p, "text/plain");
	if (plain)
		put_plain(out, b, m, plain);
	put_parts(out, m, p);
	put_envelope(out, m);
	put_pre(out, "Header", buf_slice(&p->head));
	put_pre(out, "Dialogue", buf_slice(&m->dialogue));
	buf_puts(out, "</body></html>\n");
	parts_free(p);
	free(p);
}
