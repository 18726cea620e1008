/* SPDX-License-Identifier: ISC */
/* cert_put.c - see cert_put.h */
#include "desk/cert_put.h"

#include <string.h>

#include "base/ascii.h"
#include "desk/printer.h"
#include "desk/probe_put.h"
#include "desk/probe_table.h"

void
trust_put(struct buf *out, const struct tls_facts *f)
{
	if (f->trusted && f->by_tlsa) {
		buf_puts(out, "yes, by TLSA ");
		buf_put(out, buf_slice(&f->tlsa));
		return;
	}
	buf_puts(out, f->trusted ? "yes, as " : "no, for ");
	text_escape(out, slice_of(f->name));
	if (!f->trusted) {
		buf_puts(out, ": ");
		text_escape(out, buf_slice(&f->why));
	} else if (f->matched[0] && strcmp(f->matched, f->name) != 0) {
		buf_puts(out, ", which its name ");
		text_escape(out, slice_of(f->matched));
		buf_puts(out, " fits");
	}
}

void
end_put(struct buf *out, int64_t then, int64_t now)
{
	long long days = (long long)days_until(then, now);

	moment_put(out, then);
	buf_putf(out, days < 0 ? " (%lld days ago)" : " (%lld days left)",
	    days < 0 ? -days : days);
}

static bool
is_same_chain(const struct tls_facts *a, const struct tls_facts *b)
{
	if (a->n != b->n || a->n == 0)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!slice_eq(buf_slice(&a->chain[i].digest),
			buf_slice(&b->chain[i].digest)))
			return false;
	return true;
}

/* The visit before i that has shown the same chain, or i. */
static size_t
first_with(const struct probe_target *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (t->visit[k].secured &&
		    is_same_chain(&t->visit[k].facts, &t->visit[i].facts))
			return k;
	return i;
}

static void
put_who(struct buf *out, const struct probe_target *t, size_t i)
{
	text_escape(out, slice_of(probe_host(t, i)->name));
	buf_putc(out, ' ');
	address_column_put(out, &t->plan->address[i].at);
}

/* ---- text ---- */

static void
put_raw(const struct printer *p, const char *label, const struct buf *raw)
{
	struct buf text = { 0 };

	text_escape(&text, buf_slice(raw));
	printer_line(p, label, &text);
}

static void
put_link(const struct printer *p, const struct tls_facts *f, size_t i)
{
	const struct tls_link *l = &f->chain[i];
	struct buf text = { 0 };

	buf_putf(&text, "%zu of %zu", i + 1, f->n);
	printer_line(p, "certificate", &text);
	put_raw(p, "subject", &l->subject);
	put_raw(p, "names", &l->names);
	put_raw(p, "issuer", &l->issuer);
	moment_put(&text, l->from);
	printer_line(p, "begins", &text);
	end_put(&text, l->to, p->d->now);
	printer_line(p, "ends", &text);
	put_raw(p, "key", &l->key);
	put_raw(p, "signature", &l->signature);
	put_raw(p, "serial", &l->serial);
	put_raw(p, "SHA-256", &l->digest);
}

static void
put_chain(const struct printer *p, const struct probe_target *t, size_t i)
{
	const struct tls_facts *f = &t->visit[i].facts;
	size_t first = first_with(t, i);
	struct buf text = { 0 };

	trust_put(&text, f);
	printer_line(p, "trusted", &text);
	if (first == i) {
		for (size_t k = 0; k < f->n; k++)
			put_link(p, f, k);
		return;
	}
	buf_puts(&text, "the same as at ");
	put_who(&text, t, first);
	printer_line(p, "chain", &text);
}

static void
put_troubles(const struct printer *p, struct troubles *t)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		buf_putf(&text, "%s: ", trouble_name(t->v[i].kind));
		text_escape(&text, buf_slice(&t->v[i].text));
		buf_putf(&text, " -- %s", t->v[i].advice);
		printer_line(p, "result", &text);
	}
	troubles_free(t);
}

static void
put_target(const struct printer *p, const struct probe_target *t)
{
	struct troubles found = { .n = 0 };

	for (size_t i = 0; i < t->n; i++) {
		put_who(p->out, t, i);
		buf_putc(p->out, '\n');
		troubles_find(&found, t, i, p->d);
		put_troubles(p, &found);
		if (t->visit[i].secured)
			put_chain(p, t, i);
		buf_putc(p->out, '\n');
	}
	if (t->n > 0)
		return;
	text_escape(p->out, slice_of(t->name));
	buf_putc(p->out, '\n');
	troubles_find_plan(&found, t->plan);
	put_troubles(p, &found);
}

void
cert_put_text(struct buf *out, const struct probe *probe,
    const struct demands *d, size_t columns)
{
	const struct printer p = { out, NULL, d, columns };

	for (size_t i = 0; i < probe->n; i++)
		put_target(&p, probe->target[i]);
}

/* ---- PEM ---- */

static void
put_pem(struct buf *out, const struct probe_target *t, size_t i)
{
	const struct tls_facts *f = &t->visit[i].facts;

	for (size_t k = 0; k < f->n; k++) {
		buf_puts(out, "# ");
		put_who(out, t, i);
		buf_putf(out, ", %zu of %zu: ", k + 1, f->n);
		text_escape(out, buf_slice(&f->chain[k].subject));
		buf_putc(out, '\n');
		buf_put(out, buf_slice(&f->chain[k].pem));
	}
}

void
cert_put_pem(struct buf *out, const struct probe *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct probe_target *t = p->target[i];

		for (size_t k = 0; k < t->n; k++)
			if (t->visit[k].secured && first_with(t, k) == k)
				put_pem(out, t, k);
	}
}
