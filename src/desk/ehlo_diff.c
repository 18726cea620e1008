/* SPDX-License-Identifier: ISC */
/* ehlo_diff.c - see ehlo_diff.h */
#include "desk/ehlo_diff.h"

#include "base/ascii.h"
#include "desk/offers.h"
#include "desk/printer.h"
#include "desk/probe_table.h"
#include "report/json.h"

/* The one that speaks for a target: what answers first in its order. */
static size_t
speaker(const struct probe_target *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (visit_offer(&t->visit[i])->code / 100 == 2)
			return i;
	return 0;
}

static struct slice
offer_of(const struct probe_target *t, bool tls)
{
	const struct visit *v;

	if (t->n == 0)
		return (struct slice){ 0 };
	v = &t->visit[speaker(t)];
	return buf_slice(tls ? &v->ehlo_tls.text : &v->ehlo.text);
}

/* Those of `of` that the other has, or has not. */
static void
compare(struct offers *out, struct slice of, struct slice other, bool has)
{
	struct slice word;
	bool begun = false;

	out->n = 0;
	while (out->n < OFFERS_MAX && offers_next(&of, &begun, &word))
		if (offers_has(other, word) == has)
			out->v[out->n++] = word;
}

/* ---- text ---- */

static void
put_offer(const struct printer *p, const char *label, struct slice reply)
{
	struct buf text = { 0 };

	offers_put(&text, reply);
	if (reply.n > 0 && text.n == 0)
		buf_puts(&text, "nothing");
	printer_line(p, label, &text);
}

static void
put_troubles(const struct printer *p, const struct probe_target *t)
{
	struct troubles found = { .n = 0 };
	struct buf text = { 0 };

	if (t->n > 0)
		troubles_find(&found, t, speaker(t), p->d);
	else
		troubles_find_plan(&found, t->plan);
	for (size_t i = 0; i < found.n; i++) {
		text_escape(&text, buf_slice(&found.v[i].text));
		buf_putf(&text, " -- %s", found.v[i].advice);
		printer_line(p, "result", &text);
	}
	troubles_free(&found);
}

static void
put_side(const struct printer *p, char letter, const struct probe_target *t)
{
	buf_putf(p->out, "%c: ", letter);
	text_escape(p->out, slice_of(t->n ? probe_host(t, speaker(t))->name :
					    t->name));
	if (t->n > 0) {
		buf_putc(p->out, ' ');
		address_column_put(p->out, &t->plan->address[speaker(t)].at);
	}
	buf_putc(p->out, '\n');
	put_troubles(p, t);
	put_offer(p, "in clear", offer_of(t, false));
	put_offer(p, "under TLS", offer_of(t, true));
	buf_putc(p->out, '\n');
}

static void
put_words(const struct printer *p, const char *label, const struct offers *o)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < o->n; i++) {
		buf_puts(&text, i > 0 ? ", " : "");
		text_escape(&text, o->v[i]);
	}
	printer_line(p, label, &text);
}

/* Only where both have answered. */
static void
put_difference(const struct printer *p, const char *where, struct slice a,
    struct slice b)
{
	struct offers only_a, only_b;

	if (a.n == 0 || b.n == 0)
		return;
	compare(&only_a, a, b, false);
	compare(&only_b, b, a, false);
	buf_putf(p->out, "%s, %s\n", where, only_a.n + only_b.n == 0 ?
	    "both offer the same" : "they differ:");
	put_words(p, "only A", &only_a);
	put_words(p, "only B", &only_b);
}

void
ehlo_diff_put_text(struct buf *out, const struct probe *probe,
    const struct demands *d, size_t columns)
{
	const struct printer p = { out, NULL, d, columns };
	const struct probe_target *a = probe->target[0], *b = probe->target[1];

	put_side(&p, 'A', a);
	put_side(&p, 'B', b);
	put_difference(&p, "in clear", offer_of(a, false), offer_of(b, false));
	put_difference(&p, "under TLS", offer_of(a, true), offer_of(b, true));
}

/* ---- JSON ---- */

static void
put_list(struct buf *out, const char *key, const struct offers *o)
{
	buf_putf(out, "\"%s\":[", key);
	for (size_t i = 0; i < o->n; i++) {
		buf_puts(out, i > 0 ? "," : "");
		json_put_string(out, o->v[i]);
	}
	buf_putc(out, ']');
}

/* null where one of them has not answered. */
static void
put_compared(struct buf *out, const char *key, struct slice a, struct slice b)
{
	struct offers o;

	buf_putf(out, ",\"%s\":", key);
	if (a.n == 0 || b.n == 0) {
		buf_puts(out, "null");
		return;
	}
	buf_putc(out, '{');
	compare(&o, a, b, true);
	put_list(out, "both", &o);
	compare(&o, a, b, false);
	buf_putc(out, ',');
	put_list(out, "only_a", &o);
	compare(&o, b, a, false);
	buf_putc(out, ',');
	put_list(out, "only_b", &o);
	buf_putc(out, '}');
}

static void
put_name(struct buf *out, const char *key, const struct probe_target *t)
{
	struct buf at = { 0 };

	buf_putf(out, ",\"%s\":", key);
	buf_puts(&at, t->n ? probe_host(t, speaker(t))->name : t->name);
	if (t->n > 0) {
		buf_putc(&at, ' ');
		address_column_put(&at, &t->plan->address[speaker(t)].at);
	}
	json_put_string(out, buf_slice(&at));
	buf_free(&at);
}

void
ehlo_diff_put_json(struct buf *out, const struct probe *p)
{
	const struct probe_target *a = p->target[0], *b = p->target[1];

	buf_puts(out, "{\"event\":\"ehlo-diff\"");
	put_name(out, "a", a);
	put_name(out, "b", b);
	put_compared(out, "clear", offer_of(a, false), offer_of(b, false));
	put_compared(out, "tls", offer_of(a, true), offer_of(b, true));
	buf_puts(out, "}\n");
}
