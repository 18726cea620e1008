/* SPDX-License-Identifier: ISC */
/* page.c - see page.h: what is gathered from the events. */
#include "report/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/markup.h"
#include "base/mem.h"

#define FOLDED_LINES 3 /* and more are shown when they are asked for */

void
page_init(struct page *p, int64_t start, bool bodies, struct wish wish)
{
	FILE *to = open_memstream(&p->line, &p->nline);

	if (!to)
		mem_exhausted();
	p->text = (struct transcript){ .to = to, .start = start,
		.bodies = bodies, .wish = wish };
	p->wish = wish;
	p->failures.max = p->successes.max = PAGE_SECTION_MAX;
	p->plans.max = p->certificates.max = PAGE_SECTION_MAX;
}

static void
part_free(struct page_part *part)
{
	buf_free(&part->peer);
	buf_free(&part->html);
	buf_free(&part->kept);
	buf_free(&part->first);
}

void
page_free(struct page *p)
{
	for (size_t i = 0; i < p->nparts; i++)
		part_free(&p->part[i]);
	free(p->part);
	transcript_free(&p->text);
	if (p->text.to)
		fclose(p->text.to);
	free(p->line);
	buf_free(&p->failures);
	buf_free(&p->successes);
	buf_free(&p->plans);
	buf_free(&p->certificates);
}

void
page_put_text(struct buf *out, struct slice raw)
{
	struct buf safe = { 0 };

	text_escape(&safe, raw);
	markup_put(out, buf_slice(&safe));
	buf_free(&safe);
}

/* ---- the dialogue ---- */

static struct page_part *
part_of(struct page *p, unsigned lane)
{
	size_t i = lane < PAGE_PARTS_MAX ? lane : PAGE_PARTS_MAX;

	if (i >= p->nparts) {
		p->part = mem_resize(p->part, i + 1, sizeof *p->part);
		memset(p->part + p->nparts, 0,
		    (i + 1 - p->nparts) * sizeof *p->part);
		p->nparts = i + 1;
	}
	return &p->part[i];
}

static void
add(struct page *p, struct page_part *part, struct slice html)
{
	if (p->dialogue > PAGE_DIALOGUE_MAX)
		return;
	p->dialogue += html.n;
	buf_put(&part->html, html);
}

void
page_part_settle(struct page *p, struct page_part *part)
{
	bool folded = part->nkept >= FOLDED_LINES;
	struct buf line = { 0 };

	if (part->nkept == 0)
		return;
	if (folded)
		buf_puts(&line, "<details><summary>");
	buf_put(&line, buf_slice(&part->first));
	if (folded)
		buf_putf(&line, " <i>and %zu more lines</i></summary>",
		    part->nkept - 1);
	add(p, part, buf_slice(&line));
	add(p, part, buf_slice(&part->kept));
	if (folded)
		add(p, part, SLICE("</details>\n"));
	buf_free(&line);
	buf_clear(&part->kept);
	buf_clear(&part->first);
	part->nkept = 0;
	part->what = KEPT_NOTHING;
}

static void
keep(struct page *p, struct page_part *part, struct slice html,
    enum page_kept what)
{
	if (part->what != what)
		page_part_settle(p, part);
	part->what = what;
	if (part->kept.n < PAGE_DIALOGUE_MAX)
		buf_put(part->nkept == 0 ? &part->first : &part->kept, html);
	part->nkept++;
}

static void
put_whole(struct page *p, struct page_part *part, struct slice html)
{
	page_part_settle(p, part);
	add(p, part, html);
}

/* What a refusal says is never folded away. */
static bool
is_refusal(const struct event *e)
{
	struct slice line = event_get(e, "line");

	return e->kind == EVENT_RECEIVED && line.n > 0 &&
	    (line.p[0] == '4' || line.p[0] == '5');
}

static bool
is_bad(const struct event *e)
{
	return e->kind == EVENT_FAILED || is_refusal(e);
}

static void
put_line(struct page *p, const struct event *e, struct slice line)
{
	struct page_part *part = part_of(p, e->lane);
	struct slice said = event_get(e, "line");
	struct buf html = { 0 };
	bool last = said.n < 4 || said.p[3] != '-';

	buf_puts(&html, is_bad(e) ? "<span class=\"no\">" : "<span>");
	markup_put(&html, line);
	buf_puts(&html, "</span>\n");
	if (e->kind == EVENT_BODY_LINE)
		keep(p, part, buf_slice(&html), KEPT_TEXT);
	else if (e->kind == EVENT_RECEIVED && !is_refusal(e) &&
	    (!last || part->what == KEPT_REPLY))
		keep(p, part, buf_slice(&html), KEPT_REPLY);
	else
		put_whole(p, part, buf_slice(&html));
	if (part->what == KEPT_REPLY && last)
		page_part_settle(p, part);
	buf_free(&html);
}

/* What the transcript has written. */
static void
take_lines(struct page *p, const struct event *e)
{
	struct slice rest, line;

	fflush(p->text.to);
	rest = (struct slice){ p->line, p->nline };
	while (slice_cut(&rest, '\n', &line) && line.n > 0)
		put_line(p, e, line);
	rewind(p->text.to);
}

/* ---- the rest ---- */

static void
note_peer(struct page *p, const struct event *e)
{
	struct page_part *part = part_of(p, e->lane);
	int64_t port = event_get_number(e, "port");

	if (part->connected)
		return;
	part->connected = e->kind == EVENT_CONNECTED;
	buf_clear(&part->peer);
	buf_put(&part->peer, event_get(e, "host"));
	if (event_get(e, "address").n > 0 &&
	    !slice_eq(event_get(e, "host"), event_get(e, "address"))) {
		buf_puts(&part->peer, part->peer.n > 0 ? " [" : "[");
		buf_put(&part->peer, event_get(e, "address"));
		buf_puts(&part->peer, "]");
	}
	if (port > 0)
		buf_putf(&part->peer, ":%lld", (long long)port);
}

static void
put_row(struct buf *out, const char *label, struct slice raw)
{
	if (raw.n == 0)
		return;
	buf_putf(out, "<dt>%s</dt><dd><bdi>", label);
	page_put_text(out, raw);
	buf_puts(out, "</bdi></dd>\n");
}

/* A whole entry, or nothing of it; once. */
static void
put_entry(struct buf *section, const struct buf *entry)
{
	if (memmem(buf_slice(section).p, section->n, buf_slice(entry).p,
		entry->n) == NULL)
		buf_put(section, buf_slice(entry));
}

static void
note_certificate(struct page *p, const struct event *e)
{
	static const char *const rows[][2] = { { "Certificate", "verdict" },
		{ "Why", "why" }, { "Subject", "subject" },
		{ "Names", "names" }, { "Issued by", "issuer" },
		{ "Expires", "expires" }, { "Asked for (SNI)", "sni" },
		{ "TLS", "version" }, { "Cipher", "cipher" } };
	struct buf entry = { 0 };

	buf_puts(&entry, "<h3><bdi>");
	page_put_text(&entry, buf_slice(&part_of(p, e->lane)->peer));
	buf_puts(&entry, "</bdi></h3>\n<dl>\n");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		put_row(&entry, rows[i][0], event_get(e, rows[i][1]));
	buf_puts(&entry, "</dl>\n");
	put_entry(&p->certificates, &entry);
	buf_free(&entry);
}

/* Of "mx1 [192.0.2.1]:25, mx2 [192.0.2.2]:25" those of one host. */
static void
put_addresses(struct buf *out, struct slice addresses, struct slice host)
{
	struct slice one;
	bool any = false;

	while (slice_cut(&addresses, ',', &one) && one.n > 0) {
		one = slice_trim(one);
		if (!slice_eq(slice_first(one, slice_find(one, ' ')), host))
			continue;
		buf_puts(out, any ? "</li><li>" : "<ul><li>");
		page_put_text(out, slice_from(one, host.n));
		any = true;
	}
	if (any)
		buf_puts(out, "</li></ul>");
}

/* "10 mx1.example.org"; "mail.example.org:587" */
static void
put_host(struct buf *out, const struct event *e, struct slice host)
{
	size_t blank = slice_find(host, ' ');

	buf_puts(out, "<li>");
	page_put_text(out, host);
	put_addresses(out, event_get(e, "addresses"),
	    blank < host.n ? slice_from(host, blank + 1) : host);
	buf_puts(out, "</li>\n");
}

static void
note_plan(struct page *p, const struct event *e)
{
	struct slice hosts = event_get(e, "hosts"), host;
	struct buf entry = { 0 };

	buf_puts(&entry, "<details open><summary><bdi>");
	page_put_text(&entry, event_get(e, "domain"));
	buf_puts(&entry, "</bdi></summary>\n<ul>\n<li>found by ");
	page_put_text(&entry, event_get(e, "how"));
	buf_puts(&entry, "</li>\n<li>TLS ");
	page_put_text(&entry, event_get(e, "tls"));
	buf_puts(&entry, " (");
	page_put_text(&entry, event_get(e, "reason"));
	buf_puts(&entry, ")</li>\n<li>hosts, in the order of preference<ul>\n");
	while (slice_cut(&hosts, ',', &host) && host.n > 0)
		put_host(&entry, e, slice_trim(host));
	buf_puts(&entry, "</ul></li>\n</ul></details>\n");
	if (event_get(e, "hosts").n > 0)
		put_entry(&p->plans, &entry);
	buf_free(&entry);
}

void
page_end_lines(struct page *p)
{
	const struct event lookup = event_make(EVENT_LOOKUP, 0);

	transcript_flush(&p->text, INT64_MAX);
	take_lines(p, &lookup);
}

void
page_event(struct page *p, const struct event *e)
{
	if (e->kind != EVENT_LOOKUP)
		page_end_lines(p);
	if (e->kind == EVENT_CONNECT || e->kind == EVENT_CONNECTED)
		note_peer(p, e);
	else if (e->kind == EVENT_TLS)
		note_certificate(p, e);
	else if (e->kind == EVENT_PLAN)
		note_plan(p, e);
	transcript_event(&p->text, e);
	take_lines(p, e);
}
