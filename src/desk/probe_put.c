/* SPDX-License-Identifier: ISC */
/* probe_put.c - a probe for people; see probe_put.h */
#include "desk/probe_put.h"

#include <time.h>

#include "base/ascii.h"
#include "desk/cert_put.h"
#include "desk/lines.h"
#include "desk/offers.h"
#include "desk/printer.h"
#include "desk/probe_table.h"

void
moment_put(struct buf *out, int64_t seconds)
{
	time_t at = seconds;
	struct tm tm;

	if (gmtime_r(&at, &tm))
		buf_putf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}

static void
put_reply(struct buf *out, const struct said *s)
{
	struct buf text = { 0 };

	said_put(&text, s);
	text_escape(out, buf_slice(&text));
	buf_free(&text);
}

/* ---- what is said of one address ---- */

static void
put_troubles(const struct printer *p, const struct troubles *t)
{
	struct buf text = { 0 };

	if (t->n == 0) {
		buf_puts(&text, "well");
		printer_line(p, "result", &text);
	}
	for (size_t i = 0; i < t->n; i++) {
		buf_putf(&text, "%s: ", trouble_name(t->v[i].kind));
		text_escape(&text, buf_slice(&t->v[i].text));
		buf_putf(&text, " -- %s", t->v[i].advice);
		printer_line(p, i == 0 ? "result" : "", &text);
	}
}

static long long
milliseconds(int64_t from, int64_t to)
{
	return (long long)((to - from + 500) / 1000);
}

static void
put_times(const struct printer *p, const struct visit *v)
{
	struct buf text = { 0 };

	if (v->connected != 0)
		buf_putf(&text, "connected in %lld ms, all in %lld ms",
		    milliseconds(v->begun, v->connected),
		    milliseconds(v->begun, v->ended));
	printer_line(p, "time", &text);
}

static void
put_certificate(const struct printer *p, const struct tls_facts *f)
{
	const struct tls_link *leaf = f->chain;
	struct buf text = { 0 };

	text_escape(&text, buf_slice(&leaf->subject));
	buf_puts(&text, text.n > 0 ? ", for " : "for ");
	text_escape(&text, buf_slice(&leaf->names));
	printer_line(p, "certificate", &text);
	text_escape(&text, buf_slice(&leaf->issuer));
	printer_line(p, "issuer", &text);
	end_put(&text, leaf->to, p->d->now);
	printer_line(p, "ends", &text);
	buf_putf(&text, "%s, %zu certificate%s sent",
	    chain_is_complete(f) ? "complete" : "not complete", f->n,
	    f->n == 1 ? "" : "s");
	printer_line(p, "chain", &text);
}

static void
put_tls(const struct printer *p, const struct tls_facts *f)
{
	struct buf text = { 0 };

	buf_putf(&text, "%s, %s%s%s", f->version, f->cipher,
	    f->group[0] ? ", " : "", f->group);
	printer_line(p, "TLS", &text);
	if (f->n > 0)
		put_certificate(p, f);
	trust_put(&text, f);
	printer_line(p, "trusted", &text);
}

static void
put_rcpts(const struct printer *p, const struct visit *v)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < v->call->nrcpts; i++) {
		const struct said *s = visit_rcpt(v, i);

		if (s->code == 0)
			continue;
		text_escape(&text, slice_of(v->call->rcpt[i].path));
		buf_puts(&text, s->code / 100 == 2 ? " is accepted: " :
						     " is refused: ");
		put_reply(&text, s);
		printer_line(p, "recipient", &text);
	}
}

static void
put_visit(const struct printer *p, size_t i)
{
	const struct visit *v = &p->target->visit[i];
	struct troubles found = { .n = 0 };
	struct buf text = { 0 };

	troubles_find(&found, p->target, i, p->d);
	put_troubles(p, &found);
	troubles_free(&found);
	put_times(p, v);
	if (v->greeting.code != 0)
		put_reply(&text, &v->greeting);
	printer_line(p, "greeting", &text);
	if (v->secured)
		put_tls(p, &v->facts);
	else if (v->connected != 0)
		line_put(p->out, "TLS", SLICE("none"), p->columns);
	offers_put(&text, buf_slice(&visit_offer(v)->text));
	printer_line(p, "offers", &text);
	put_rcpts(p, v);
}

static void
put_heading(const struct printer *p, const struct plan_host *h,
    const struct plan_address *a)
{
	struct buf text = { 0 };

	text_escape(&text, slice_of(h->name));
	if (a) {
		buf_putc(&text, ' ');
		address_column_put(&text, &a->at);
	}
	buf_put(p->out, buf_slice(&text));
	if (!p->target->server)
		buf_putf(p->out, "%spreference %u",
		    p->columns > 0 && text.n + 20 > p->columns ? "\n  " : ", ",
		    h->preference);
	buf_putc(p->out, '\n');
	buf_free(&text);
}

/* ---- a target ---- */

static void
put_host(const struct printer *p, size_t host)
{
	const struct plan *plan = p->target->plan;
	struct troubles found = { .n = 0 };

	for (size_t i = 0; i < plan->naddresses; i++) {
		if (plan->address[i].host != host)
			continue;
		put_heading(p, &plan->host[host], &plan->address[i]);
		put_visit(p, i);
		buf_putc(p->out, '\n');
	}
	troubles_find_host(&found, &plan->host[host]);
	if (found.n > 0) {
		put_heading(p, &plan->host[host], NULL);
		put_troubles(p, &found);
		buf_putc(p->out, '\n');
	}
	troubles_free(&found);
}

static void
put_target(const struct printer *p)
{
	const struct plan *plan = p->target->plan;
	struct troubles found = { .n = 0 };

	for (size_t h = 0; h < plan->nhosts; h++)
		put_host(p, h);
	if (plan->sts) {
		text_escape(p->out, slice_of(p->target->name));
		buf_puts(p->out, ": MTA-STS ");
		text_escape(p->out, slice_of(plan->sts));
		buf_puts(p->out, "\n\n");
	}
	if (plan->nhosts > 0)
		return;
	troubles_find_plan(&found, plan);
	text_escape(p->out, slice_of(p->target->name));
	buf_putc(p->out, '\n');
	put_troubles(p, &found);
	buf_putc(p->out, '\n');
	troubles_free(&found);
}

/* ---- where they differ ---- */

static bool
has_offer(const struct visit *v)
{
	return visit_offer(v)->code / 100 == 2;
}

/* Who has it not; false when all have it. */
static bool
put_lacking(struct buf *text, const struct probe_target *t, struct slice word)
{
	const char *sep = "not offered by ";
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		if (!has_offer(&t->visit[i]) ||
		    offers_has(buf_slice(&visit_offer(&t->visit[i])->text),
			word))
			continue;
		buf_puts(text, sep);
		text_escape(text, slice_of(probe_host(t, i)->name));
		buf_putc(text, ' ');
		address_column_put(text, &t->plan->address[i].at);
		sep = ", ";
		any = true;
	}
	return any;
}

static void
put_differences(const struct printer *p)
{
	const struct probe_target *t = p->target;
	struct offers all = { .n = 0 };
	struct buf text = { 0 };
	bool any = false;

	for (size_t i = 0; i < t->n; i++)
		if (has_offer(&t->visit[i]))
			offers_add(&all, buf_slice(
			    &visit_offer(&t->visit[i])->text));
	for (size_t i = 0; i < all.n; i++) {
		text_escape(&text, all.v[i]);
		buf_puts(&text, ": ");
		if (put_lacking(&text, t, all.v[i])) {
			printer_line(p, any ? "" : "they differ", &text);
			any = true;
		}
		buf_clear(&text);
	}
	if (any)
		buf_putc(p->out, '\n');
	buf_free(&text);
}

void
probe_put_text(struct buf *out, const struct probe *probe,
    const struct demands *d, size_t columns)
{
	size_t well = probe_count_well(probe, d), all = probe->over;

	for (size_t i = 0; i < probe->n; i++) {
		const struct printer p = { out, probe->target[i], d, columns };

		put_target(&p);
		put_differences(&p);
	}
	probe_table_put(out, probe, d, columns);
	buf_putf(out, "%zu of %zu address%s %s well\n", well, all,
	    all == 1 ? "" : "es", all == 1 || well == 1 ? "is" : "are");
}
