/* SPDX-License-Identifier: ISC */
/* probe_json.c - a probe for programs; see probe_put.h */
#include "desk/probe_put.h"

#include "desk/offers.h"
#include "report/json.h"

static void
put_bool(struct buf *out, const char *key, bool is)
{
	json_put_key(out, key);
	buf_puts(out, is ? "true" : "false");
}

static void
put_moment(struct buf *out, const char *key, int64_t seconds)
{
	struct buf text = { 0 };

	moment_put(&text, seconds);
	json_put_text(out, key, buf_slice(&text));
	buf_free(&text);
}

static void
put_seconds(struct buf *out, const char *key, int64_t from, int64_t to)
{
	json_put_key(out, key);
	if (from != 0 && to != 0)
		buf_putf(out, "%.6f", (double)(to - from) / 1e6);
	else
		buf_puts(out, "null");
}

/* ---- an address ---- */

static void
put_said(struct buf *out, const char *key, const struct said *s)
{
	struct buf esc = { 0 };

	json_put_key(out, key);
	if (s->code == 0) {
		buf_puts(out, "null");
		return;
	}
	buf_putf(out, "{\"code\":%u", s->code);
	esc_put(&esc, s->esc);
	json_put_text(out, "enhanced", buf_slice(&esc));
	buf_free(&esc);
	json_put_text(out, "text", buf_slice(&s->text));
	buf_putc(out, '}');
}

/* The keywords; null when EHLO did not get that far. */
static void
put_offers(struct buf *out, const char *key, const struct said *s)
{
	struct slice rest = buf_slice(&s->text), word;
	bool begun = false;
	const char *sep = "[";

	json_put_key(out, key);
	if (s->code / 100 != 2) {
		buf_puts(out, "null");
		return;
	}
	while (offers_next(&rest, &begun, &word)) {
		buf_puts(out, sep);
		json_put_string(out, word);
		sep = ",";
	}
	buf_puts(out, sep[0] == '[' ? "[]" : "]");
}

static void
put_link(struct buf *out, const struct tls_link *l, bool pem)
{
	buf_puts(out, "{\"subject\":");
	json_put_string(out, buf_slice(&l->subject));
	json_put_text(out, "issuer", buf_slice(&l->issuer));
	json_put_text(out, "names", buf_slice(&l->names));
	json_put_text(out, "key", buf_slice(&l->key));
	json_put_text(out, "signature", buf_slice(&l->signature));
	json_put_text(out, "serial", buf_slice(&l->serial));
	json_put_text(out, "sha256", buf_slice(&l->digest));
	json_put_text(out, "key_sha256", buf_slice(&l->key_digest));
	put_moment(out, "from", l->from);
	put_moment(out, "to", l->to);
	if (pem)
		json_put_text(out, "pem", buf_slice(&l->pem));
	buf_putc(out, '}');
}

static void
put_chain(struct buf *out, const struct tls_facts *f, const struct demands *d)
{
	json_put_key(out, "days_left");
	if (f->n > 0)
		buf_putf(out, "%lld",
		    (long long)days_until(f->chain[0].to, d->now));
	else
		buf_puts(out, "null");
	put_bool(out, "complete", chain_is_complete(f));
	json_put_key(out, "chain");
	buf_putc(out, '[');
	for (size_t i = 0; i < f->n; i++) {
		buf_puts(out, i > 0 ? "," : "");
		put_link(out, &f->chain[i], d->pem);
	}
	buf_putc(out, ']');
}

static void
put_tls(struct buf *out, const struct visit *v, const struct demands *d)
{
	const struct tls_facts *f = &v->facts;

	json_put_key(out, "tls");
	if (!v->secured) {
		buf_puts(out, "null");
		return;
	}
	buf_putf(out, "{\"version\":\"%s\"", f->version);
	json_put_text(out, "cipher", slice_of(f->cipher));
	json_put_text(out, "group", slice_of(f->group));
	json_put_text(out, "name", slice_of(f->name));
	json_put_text(out, "matched", slice_of(f->matched));
	put_bool(out, "trusted", f->trusted);
	json_put_text(out, "tlsa", buf_slice(&f->tlsa));
	json_put_text(out, "why", buf_slice(&f->why));
	put_chain(out, f, d);
	buf_putc(out, '}');
}

static void
put_rcpts(struct buf *out, const struct visit *v)
{
	const char *sep = "";

	json_put_key(out, "recipients");
	buf_putc(out, '[');
	for (size_t i = 0; i < v->call->nrcpts; i++) {
		const struct said *s = visit_rcpt(v, i);

		buf_putf(out, "%s{\"recipient\":", sep);
		json_put_string(out, slice_of(v->call->rcpt[i].path));
		put_said(out, "reply", s);
		put_bool(out, "accepted", s->code / 100 == 2);
		buf_putc(out, '}');
		sep = ",";
	}
	buf_putc(out, ']');
}

/* The object's last members. */
static void
put_troubles(struct buf *out, struct troubles *t)
{
	json_put_text(out, "result", slice_of(trouble_name(troubles_worst(t))));
	json_put_key(out, "troubles");
	buf_putc(out, '[');
	for (size_t i = 0; i < t->n; i++) {
		buf_puts(out, i > 0 ? ",{" : "{");
		buf_putf(out, "\"kind\":\"%s\"", trouble_name(t->v[i].kind));
		json_put_text(out, "text", buf_slice(&t->v[i].text));
		json_put_text(out, "advice", slice_of(t->v[i].advice));
		buf_putc(out, '}');
	}
	buf_puts(out, "]}\n");
	troubles_free(t);
}

static void
begin(struct buf *out, const struct probe_target *t, const struct plan_host *h)
{
	buf_puts(out, "{\"event\":\"probe\",\"target\":");
	json_put_string(out, slice_of(t->name));
	json_put_text(out, "host", slice_of(h ? h->name : NULL));
	json_put_key(out, "preference");
	if (h && !t->server)
		buf_putf(out, "%u", h->preference);
	else
		buf_puts(out, "null");
	if (t->plan->sts)
		json_put_text(out, "mta_sts", slice_of(t->plan->sts));
}

static void
put_visit(struct buf *out, const struct probe_target *t, size_t i,
    const struct demands *d)
{
	const struct visit *v = &t->visit[i];
	const struct endpoint *at = &t->plan->address[i].at;
	struct troubles found = { .n = 0 };
	struct buf ip = { 0 };

	begin(out, t, probe_host(t, i));
	ip_put(&ip, &at->ip);
	json_put_text(out, "address", buf_slice(&ip));
	buf_free(&ip);
	json_put_key(out, "port");
	buf_putf(out, "%u", at->port);
	put_bool(out, "reachable", v->connected != 0);
	put_seconds(out, "connect_seconds", v->begun, v->connected);
	put_seconds(out, "total_seconds", v->begun, v->ended);
	put_said(out, "greeting", &v->greeting);
	put_offers(out, "offers", &v->ehlo);
	put_offers(out, "offers_tls", &v->ehlo_tls);
	put_tls(out, v, d);
	put_rcpts(out, v);
	troubles_find(&found, t, i, d);
	put_troubles(out, &found);
}

/* What has no address: a host, or all of a target. */
static void
put_lacking(struct buf *out, const struct probe_target *t,
    const struct plan_host *h)
{
	struct troubles found = { .n = 0 };

	if (h)
		troubles_find_host(&found, h);
	else
		troubles_find_plan(&found, t->plan);
	if (found.n == 0)
		return;
	begin(out, t, h);
	json_put_text(out, "address", (struct slice){ 0 });
	put_bool(out, "reachable", false);
	put_troubles(out, &found);
}

static void
put_summary(struct buf *out, const struct probe *p, const struct demands *d)
{
	enum trouble_kind worst = probe_worst(p, d);

	buf_putf(out, "{\"event\":\"summary\",\"targets\":%zu,"
	    "\"addresses\":%zu,\"well\":%zu,\"result\":\"%s\","
	    "\"status\":%d}\n", p->n, p->over, probe_count_well(p, d),
	    trouble_name(worst), trouble_exit(worst));
}

void
probe_put_json(struct buf *out, const struct probe *p, const struct demands *d)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct probe_target *t = p->target[i];

		for (size_t k = 0; k < t->n; k++)
			put_visit(out, t, k, d);
		for (size_t h = 0; h < t->plan->nhosts; h++)
			put_lacking(out, t, &t->plan->host[h]);
		if (t->plan->nhosts == 0)
			put_lacking(out, t, NULL);
	}
	put_summary(out, p, d);
}
