/* SPDX-License-Identifier: ISC */
/* page_put.c - see page.h: verdicts, and the page around all of it. */
#include "report/page.h"

#include <string.h>

#include "base/ascii.h"
#include "base/markup.h"
#include "report/explain.h"
#include "report/failure.h"
#include "report/success.h"
#include "report/timing.h"

#define PARTS_OPEN 4 /* so many, and all are unfolded */

/* "default-src 'none'" as the pages of --sink-web; from a file no header. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
    "'none'\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>";

static const char style[] =
    "</title>\n<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:16px/1.45 system-ui,sans-serif;max-width:62em;margin:0 auto;"
    "padding:0 .8em 3em;overflow-wrap:anywhere}\n"
    "h1{font-size:1.4em}h2{font-size:1.15em;margin-top:1.8em;"
    "border-bottom:1px solid #8888}h3{font-size:1em}\n"
    "ul{padding-left:1.2em}summary{cursor:pointer}\n"
    "ul.verdicts{list-style:none;padding:0}\n"
    "ul.verdicts li{border-left:.35em solid #888;padding:.1em .8em;"
    "margin:.8em 0}ul.verdicts p{margin:.3em 0}\n"
    "ul.verdicts .good{border-color:#2a7}"
    "ul.verdicts .later{border-color:#d90}ul.verdicts .no{border-color:#c33}\n"
    ".log{font:13px/1.5 ui-monospace,monospace;"
    "border:1px solid #8886;padding:.5em;margin:.5em 0}\n"
    ".log span{display:block;white-space:pre-wrap}\n"
    ".log summary span{display:inline}.log span.no{font-weight:bold}\n"
    "pre{white-space:pre-wrap}\n"
    ".wide{overflow-x:auto}.wide svg{min-width:60em;display:block}\n"
    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;"
    "padding:.15em .6em .15em 0}td.n{text-align:right;"
    "font-variant-numeric:tabular-nums;overflow-wrap:normal}\n"
    "dl{display:grid;grid-template-columns:minmax(5em,max-content) 1fr;"
    "gap:.1em 1em}dt{font-weight:bold}dd{margin:0}\n"
    "@media(max-width:30em){dl{display:block}dd{margin:0 0 .4em}}\n"
    "</style></head>\n<body>\n<main>\n";

/* ---- verdicts ---- */

static void
count(struct page *p, const char *word)
{
	size_t i = 0;

	while (p->tally[i].word && strcmp(p->tally[i].word, word) != 0 &&
	    i + 1 < sizeof p->tally / sizeof p->tally[0])
		i++;
	p->tally[i].word = word;
	p->tally[i].n++;
}

static const char *
class_of(enum verdict v)
{
	if (v == DELIVERED || v == VERIFIED)
		return "good\"><p><span aria-hidden=\"true\">\xe2\x9c\x94";
	if (v == DEFERRED)
		return "later\"><p><span aria-hidden=\"true\">\xe2\x80\xa6";
	return "no\"><p><span aria-hidden=\"true\">\xe2\x9c\x98";
}

static void
put_advice(struct buf *out, const struct outcome *o, struct wish wish)
{
	struct buf advice = { 0 };

	advice_put(&advice, o, wish); /* " -- ..." */
	if (advice.n > 4) {
		buf_puts(out, "<p><strong>What to do:</strong> ");
		markup_put(out, slice_from(buf_slice(&advice), 4));
		buf_puts(out, "</p>");
	}
	buf_free(&advice);
}

/* text is safe to show already. */
static void
put_verdict(struct page *p, const struct outcome *o, struct slice who,
    const struct buf *text)
{
	bool good = o->verdict == DELIVERED || o->verdict == VERIFIED;
	const char *word = outcome_word(o->verdict, o->stage);
	struct buf entry = { 0 };

	buf_putf(&entry, "<li class=\"%s</span> <strong>%s</strong> <bdi>",
	    class_of(o->verdict), word);
	page_put_text(&entry, who);
	buf_puts(&entry, "</bdi></p><p>");
	markup_put(&entry, buf_slice(text));
	buf_puts(&entry, "</p>");
	if (!good)
		put_advice(&entry, o, p->wish);
	buf_puts(&entry, "</li>\n");
	if (!buf_put(good ? &p->successes : &p->failures, buf_slice(&entry)))
		p->not_listed++;
	count(p, word);
	buf_free(&entry);
}

void
page_result(struct page *p, const struct recipient *r)
{
	struct outcome o = recipient_outcome(r);
	struct buf text = { 0 };

	if (o.verdict == DELIVERED || o.verdict == VERIFIED)
		success_put_how(&text, r);
	else
		failure_put(&text, &o);
	put_verdict(p, &o, slice_of(r->to.path), &text);
	buf_free(&text);
}

void
page_failure(struct page *p, const struct outcome *why)
{
	struct buf text = { 0 };

	text_escape(&text, slice_of(why->text));
	put_verdict(p, why, SLICE("the run"), &text);
	buf_free(&text);
}

void
page_plan(struct page *p, const struct plan *plan, struct slice rcpts)
{
	struct buf text = { 0 };

	explain_put(&text, plan, rcpts);
	buf_puts(&p->plans, "<pre>");
	markup_put(&p->plans, buf_slice(&text));
	buf_puts(&p->plans, "</pre>\n");
	buf_free(&text);
}

/* "1 failed, 2 delivered" */
static void
put_summary(struct buf *out, const struct page *p)
{
	const struct page_tally *t = p->tally;

	for (size_t i = 0; i < 8 && t[i].word; i++)
		buf_putf(out, "%s%zu %s", i > 0 ? ", " : "", t[i].n,
		    t[i].word);
	if (!t[0].word)
		buf_puts(out, "nothing was sent");
}

static void
put_verdicts(struct buf *out, const struct page *p)
{
	buf_puts(out, "<ul class=\"verdicts\">\n");
	buf_put(out, buf_slice(&p->failures));
	buf_put(out, buf_slice(&p->successes));
	buf_puts(out, "</ul>\n");
	if (p->not_listed > 0)
		buf_putf(out, "<p>%zu more are counted above and not listed: "
		    "--json has all.</p>\n", p->not_listed);
}

/* ---- sections ---- */

static void
put_section(struct buf *out, const char *title, const struct buf *html)
{
	if (html->n == 0)
		return;
	buf_putf(out, "<h2>%s</h2>\n", title);
	buf_put(out, buf_slice(html));
	if (html->full)
		buf_puts(out, "<p>There were more of them than fit here.</p>\n"
		    );
}

/* The drawing's text in a table: for who reads by ear. */
static void
put_times(struct buf *out, const struct phases *p, int64_t start)
{
	buf_puts(out, "<details><summary>The same as a table</summary>\n"
	    "<table><thead><tr><th>from ms</th><th>lasted</th><th>what</th>"
	    "</tr></thead><tbody>\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct phase *ph = &p->phase[i];

		buf_putf(out, "<tr><td class=\"n\">%.1f</td><td class=\"n\">"
		    "%.1f</td><td>%s%s ", (double)(ph->from - start) / 1e3,
		    (double)(ph->to - ph->from) / 1e3, phase_name(ph->kind),
		    ph->failed ? " failed:" : "");
		page_put_text(out, slice_of(ph->detail));
		buf_puts(out, "</td></tr>\n");
	}
	buf_puts(out, "</tbody></table></details>\n");
}

static void
put_waterfall(struct buf *out, const struct phases *p, int64_t start)
{
	if (p->n == 0)
		return;
	buf_puts(out, "<h2>What the time went into</h2>\n<div class=\"wide\" "
	    "tabindex=\"0\" role=\"region\" aria-label=\"Waterfall\">\n");
	timing_put_svg(out, p, start);
	buf_puts(out, "</div>\n");
	put_times(out, p, start);
}

static void
put_part_title(struct buf *out, const struct page *p, size_t i)
{
	if (i == 0) {
		buf_puts(out, "Before a connection, and about the run");
	} else if (i == PAGE_PARTS_MAX) {
		buf_puts(out, "All other connections");
	} else {
		buf_putf(out, "Connection %zu <bdi>", i);
		page_put_text(out, buf_slice(&p->part[i].peer));
		buf_puts(out, "</bdi>");
	}
}

static void
put_dialogue(struct buf *out, struct page *p)
{
	bool any = false;

	for (size_t i = 0; i < p->nparts; i++) {
		page_part_settle(p, &p->part[i]);
		if (p->part[i].html.n == 0)
			continue;
		if (!any)
			buf_puts(out, "<h2>Dialogue</h2>\n<p>Seconds since "
			    "the start and since the line before; -&gt; sent, "
			    "&lt;- received, ~&gt; and &lt;~ the same under "
			    "TLS, == what was done, ** what went wrong.</p>\n");
		any = true;
		buf_putf(out, "<details%s><summary>",
		    p->nparts <= PARTS_OPEN ? " open" : "");
		put_part_title(out, p, i);
		buf_puts(out, "</summary>\n<div class=\"log\">");
		buf_put(out, buf_slice(&p->part[i].html));
		buf_puts(out, "</div></details>\n");
	}
	if (p->dialogue > PAGE_DIALOGUE_MAX)
		buf_puts(out, "<p>It went on; --transcript FILE has all of "
		    "it.</p>\n");
}

void
page_put(struct buf *out, struct page *p, const struct phases *phases,
    struct slice when)
{
	struct buf summary = { 0 };

	page_end_lines(p);
	put_summary(&summary, p);
	buf_puts(out, head);
	buf_putf(out, "%s - smtpsend", buf_str(&summary));
	buf_puts(out, style);
	buf_putf(out, "<h1>%s</h1>\n<p>smtpsend, ", buf_str(&summary));
	markup_put(out, when);
	buf_puts(out, "</p>\n");
	put_verdicts(out, p);
	put_section(out, "Where it goes, and why", &p->plans);
	put_waterfall(out, phases, p->text.start);
	put_section(out, "Certificates", &p->certificates);
	put_dialogue(out, p);
	buf_puts(out, "</main></body></html>\n");
	buf_free(&summary);
}
