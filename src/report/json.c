/* SPDX-License-Identifier: ISC */
/* json.c - see json.h */
#include "report/json.h"

#include "report/explain.h"
#include "route/dane.h"

/* A number, or null for zero. */
static void
put_number(struct buf *out, const char *key, unsigned n)
{
	json_put_key(out, key);
	if (n > 0)
		buf_putu(out, n);
	else
		buf_puts(out, "null");
}

static void
put_seconds(struct buf *out, const char *key, int64_t microseconds)
{
	if (microseconds < 0)
		microseconds = 0;
	json_put_key(out, key);
	buf_putf(out, "%lld.%06lld", (long long)(microseconds / 1000000),
	    (long long)(microseconds % 1000000));
}

static void
put_field(struct buf *out, const struct event_field *f)
{
	json_put_key(out, f->key);
	if (f->text.p)
		json_put_string(out, f->text);
	else
		buf_putf(out, "%lld", (long long)f->number);
}

void
json_put_event(struct buf *out, const struct event *e, int64_t start)
{
	buf_putf(out, "{\"event\":\"%s\"", event_name(e->kind));
	put_seconds(out, "time", e->at - start);
	if (e->lane > 0)
		put_number(out, "lane", e->lane);
	json_put_key(out, "secure");
	buf_puts(out, e->secure ? "true" : "false");
	for (size_t i = 0; i < e->n; i++)
		put_field(out, &e->field[i]);
	buf_puts(out, "}\n");
}

static void
put_esc(struct buf *out, struct esc esc)
{
	struct buf text = { 0 };

	esc_put(&text, esc);
	json_put_text(out, "enhanced", buf_slice(&text));
	buf_free(&text);
}

static void
put_address(struct buf *out, const struct ip *ip)
{
	struct buf text = { 0 };

	ip_put(&text, ip);
	json_put_text(out, "address", buf_slice(&text));
	buf_free(&text);
}

void
json_put_result(struct buf *out, const struct recipient *r, int64_t start,
    const char *message)
{
	const struct result *o = r->result;

	buf_puts(out, "{\"event\":\"result\",\"recipient\":");
	json_put_string(out, slice_of(r->to.path));
	if (message)
		json_put_text(out, "message", slice_of(message));
	json_put_text(out, "status",
	    slice_of(outcome_word(r->verdict, o->stage)));
	put_number(out, "code", o->code);
	put_esc(out, o->esc);
	json_put_text(out, "stage", slice_of(stage_name(o->stage)));
	json_put_text(out, "host", slice_of(o->host));
	put_address(out, &o->peer.ip);
	put_number(out, "port", o->peer.port);
	json_put_text(out, "tls", slice_of(o->tls));
	json_put_text(out, "policy", slice_of(o->tls[0] != '\0' ?
	    tls_level_name(o->policy) : NULL));
	json_put_text(out, "text", slice_of(o->text));
	json_put_text(out, "why", slice_of(o->ours));
	json_put_text(out, "queue_id", slice_of(o->queue_id));
	put_seconds(out, "seconds", r->decided - start);
	if (o->maybe_sent)
		buf_puts(out, ",\"maybe_sent\":true");
	buf_puts(out, "}\n");
}

/* In a plan none means that nothing is wrong. */
static struct slice
problem_text(const struct outcome *o)
{
	return slice_of(o ? o->text : NULL);
}

/* Under DANE each host has its own. */
static void
put_host_policy(struct buf *out, const struct plan_host *h)
{
	if (!h->tls_why)
		return;
	json_put_text(out, "tls", slice_of(tls_level_name(h->tls)));
	json_put_text(out, "tls_why", slice_of(h->tls_why));
	json_put_key(out, "tlsa");
	for (size_t i = 0; h->dane && i < h->dane->n; i++) {
		struct buf one = { 0 };

		dns_tlsa_put(&one, &h->dane->tlsa[i]);
		buf_putc(out, i == 0 ? '[' : ',');
		json_put_string(out, buf_slice(&one));
		buf_free(&one);
	}
	buf_puts(out, h->dane ? "]" : "[]");
}

static void
put_host(struct buf *out, const struct plan_host *h, bool has_preference)
{
	buf_puts(out, "{\"name\":");
	json_put_string(out, slice_of(h->name));
	json_put_key(out, "preference");
	if (has_preference)
		buf_putu(out, h->preference);
	else
		buf_puts(out, "null");
	json_put_text(out, "canonical", slice_of(h->canonical));
	if (h->port > 0) {
		put_number(out, "port", h->port);
		json_put_text(out, "link", slice_of(link_name(h->implicit_tls ?
		    LINK_SMTPS : LINK_SMTP)));
	}
	json_put_text(out, "problem", problem_text(h->problem));
	put_host_policy(out, h);
	buf_putc(out, '}');
}

static void
put_recipients(struct buf *out, struct slice rcpts)
{
	struct slice one;

	json_put_key(out, "recipients");
	buf_putc(out, '[');
	for (size_t i = 0; slice_cut(&rcpts, '\n', &one) && one.n > 0; i++) {
		buf_puts(out, i > 0 ? "," : "");
		json_put_string(out, one);
	}
	buf_putc(out, ']');
}

static void
put_plan_address(struct buf *out, const struct plan *p,
    const struct plan_address *a)
{
	buf_puts(out, "{\"host\":");
	json_put_string(out, slice_of(p->host[a->host].name));
	put_address(out, &a->at.ip);
	put_number(out, "port", a->at.port);
	buf_putc(out, '}');
}

static void
put_relay(struct buf *out, const struct relay_spec *relay)
{
	json_put_text(out, "relay", slice_of(relay->name));
	json_put_text(out, "user", slice_of(relay->user));
}

void
json_put_signing(struct buf *out, const char *domain,
    const struct sign_rule *rule)
{
	const char *before = "";

	buf_puts(out, "{\"event\":\"dkim\"");
	json_put_text(out, "domain", slice_of(domain));
	json_put_text(out, "section", slice_of(rule->pattern));
	json_put_key(out, "selectors");
	buf_putc(out, '[');
	for (size_t i = 0; i < SIGN_SOURCES; i++)
		if (rule->source[i].selector) {
			buf_puts(out, before);
			json_put_string(out,
			    slice_of(rule->source[i].selector));
			before = ",";
		}
	buf_puts(out, "]}\n");
}

void
json_put_plan(struct buf *out, const struct plan *p, struct slice rcpts)
{
	bool preferences = plan_has_preferences(p);

	buf_puts(out, "{\"event\":\"explain\"");
	json_put_text(out, "domain", slice_of(p->domain));
	put_recipients(out, rcpts);
	json_put_text(out, "how", slice_of(p->how));
	json_put_text(out, "link", slice_of(link_name(p->link)));
	if (p->relay)
		put_relay(out, p->relay);
	json_put_text(out, "tls", slice_of(tls_level_name(p->tls)));
	json_put_text(out, "tls_why", slice_of(p->tls_why));
	if (p->sts)
		json_put_text(out, "mta_sts", slice_of(p->sts));
	json_put_key(out, "hosts");
	for (size_t i = 0; i < p->nhosts; i++) {
		buf_putc(out, i == 0 ? '[' : ',');
		put_host(out, &p->host[i], preferences);
	}
	buf_puts(out, p->nhosts ? "]" : "[]");
	json_put_key(out, "addresses");
	for (size_t i = 0; i < p->naddresses; i++) {
		buf_putc(out, i == 0 ? '[' : ',');
		put_plan_address(out, p, &p->address[i]);
	}
	buf_puts(out, p->naddresses ? "]" : "[]");
	json_put_text(out, "why", problem_text(p->why));
	buf_puts(out, "}\n");
}
