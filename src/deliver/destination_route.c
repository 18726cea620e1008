/* SPDX-License-Identifier: ISC */
/* destination_route.c - from a destination's domain and rules to its plan. */
#include "deliver/destination.h"

#include <stdlib.h>

#include "base/mem.h"
#include "deliver/site.h"
#include "deliver/sts.h"

/* "10 mx1.example.org, 20 mx2.example.org"; "mail.example.org:587" */
static void
put_hosts(struct buf *out, const struct plan *p)
{
	const char *sep = "";

	for (size_t i = 0; i < p->nhosts; i++) {
		const struct plan_host *h = &p->host[i];

		buf_puts(out, sep);
		if (p->relay)
			buf_putf(out, "%s:%u", h->name, h->port);
		else if (plan_has_preferences(p))
			buf_putf(out, "%u %s", h->preference, h->name);
		else
			buf_puts(out, h->name);
		sep = ", ";
	}
}

/* "mx1.example.org [192.0.2.1]:25, ...", in the order to try. */
static void
put_addresses(struct buf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->naddresses; i++) {
		const struct plan_address *a = &p->address[i];

		buf_putf(out, "%s%s", i > 0 ? ", " : "",
		    p->host[a->host].name);
		if (a->at.ip.version == 0)
			continue;
		buf_puts(out, " [");
		ip_put(out, &a->at.ip);
		buf_putf(out, "]:%u", a->at.port);
	}
}

/* "mx1.example.org: dane, 2 TLSA records of _25._tcp.mx1.example.org; ..." */
static void
put_policies(struct buf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->nhosts; i++) {
		const struct plan_host *h = &p->host[i];

		if (!h->tls_why && !h->problem)
			continue;
		buf_puts(out, out->n > 0 ? "; " : "");
		if (h->problem)
			buf_puts(out, h->problem->text);
		else
			buf_putf(out, "%s: %s, %s", h->name,
			    tls_level_name(h->tls), h->tls_why);
	}
}

static void
tell_plan(const struct destination *d, const struct plan *p)
{
	struct event e = event_make(EVENT_PLAN, 0);
	struct buf hosts = { 0 }, addresses = { 0 }, policies = { 0 };

	if (!events_wanted(d->job->events))
		return;
	put_hosts(&hosts, p);
	put_addresses(&addresses, p);
	event_text(&e, "domain", slice_of(p->domain));
	event_text(&e, "how", slice_of(p->how));
	event_text(&e, "hosts", buf_slice(&hosts));
	event_text(&e, "addresses", buf_slice(&addresses));
	event_text(&e, "tls", slice_of(tls_level_name(p->tls)));
	event_text(&e, "reason", slice_of(p->tls_why));
	if (p->sts)
		event_text(&e, "sts", slice_of(p->sts));
	if (p->tls >= TLS_DANE || p->sts)
		put_policies(&policies, p);
	if (policies.n > 0)
		event_text(&e, "policies", buf_slice(&policies));
	events_put(d->job->events, &e);
	buf_free(&policies);
	buf_free(&hosts);
	buf_free(&addresses);
}

static void
forget(struct destination *d)
{
	result_release(d->no_way);
	d->no_way = NULL;
	sts_policy_free(d->policy);
	free(d->policy);
	d->policy = NULL;
	if (d->site)
		site_release(d->site);
	d->site = NULL;
}

void
destination_sts_policy(const struct destination *d, struct tls_policy *out,
    struct buf text[2])
{
	buf_clear(&text[0]);
	buf_clear(&text[1]);
	sts_policy_put(&text[0], &text[1], d->policy);
	out->type = TLS_POLICY_STS;
	out->strings = buf_slice(&text[0]);
	out->mx = buf_slice(&text[1]);
}

/* One fault, of a host or of the policy itself (host NULL). */
static void
count_fault(const struct destination *d, const struct plan *p,
    const struct plan_host *h)
{
	bool by_sts = !h || (h->by_sts &&
	    h->tls_fault == TLS_RESULT_FAILURE); /* of not being named */
	const char *why = h && !by_sts ? h->tls_why : p->sts;
	struct tls_result r = { .type = h ? h->tls_fault : d->sts_fault,
		.policy = { .type = by_sts ? TLS_POLICY_STS : TLS_POLICY_TLSA,
		    .domain = slice_of(p->domain) } };
	struct buf text[2] = { { 0 } };

	if (by_sts && d->policy)
		destination_sts_policy(d, &r.policy, text);
	r.host = slice_of(h ? h->name : NULL);
	r.reason = slice_of(h && h->problem ? h->problem->text : why);
	tlsrpt_tally_add(d->job->config->tls_results, &r, 1);
	buf_free(&text[0]);
	buf_free(&text[1]);
}

/*
 * What keeps a host from being used, its records from being followed or a
 * policy from being fetched, is for reports to the domain (RFC 8460 4.3.2), by
 * each plan once.
 */
static void
count_faults(const struct destination *d, const struct plan *p)
{
	if (!d->job->config->tls_results || !d->by_mx)
		return;
	if (d->sts_fault != TLS_RESULT_OK && p->sts)
		count_fault(d, p, NULL);
	for (size_t i = 0; i < p->nhosts; i++)
		if (p->host[i].tls_fault != TLS_RESULT_OK)
			count_fault(d, p, &p->host[i]);
}

/* Does --tls have no say, as somebody else has spoken? */
static bool
is_fixed(const struct destination *d)
{
	return d->key.tls_floor > TLS_NONE || d->key.tls_optional ||
	    (d->key.rule && d->key.rule->tls_given);
}

/* What DANE forbids another level would not. */
static struct result *
no_way_because(const struct destination *d, const struct outcome *plan)
{
	struct outcome why = *plan;

	if (why.stage == STAGE_DNS && why.esc.subject == 7 && !is_fixed(d))
		why.waiver = WAIVER_TRUST;
	return result_new(&why, SLICE(""));
}

/* The plan stands: keep what it says. */
static void
routed(struct destination *d, int64_t now)
{
	const struct plan *p = route_plan(d->routing->route);

	tell_plan(d, p);
	forget(d);
	d->state = DESTINATION_KNOWN;
	d->good_until = p->good_until;
	d->by_mx = plan_is_by_mx(p) && p->link == LINK_SMTP;
	d->policy = sts_policy_dup(p->policy);
	count_faults(d, p);
	if (p->why)
		d->no_way = no_way_because(d, p->why);
	else if (!d->job->config->plan_only)
		d->site = site_find(d->job, &(struct site_call){ .plan = p,
			.rule = d->key.rule, .quit_after = d->key.quit_after,
			.tls_fixed = is_fixed(d) }, now);
	if (!d->job->config->plan_only)
		destination_end_route(d);
}

/* [domain] rules go over what the command line says of all. */
static void
apply_rule(struct route_config *c, const struct domain_rule *rule)
{
	if (rule->server) {
		c->server = rule->server;
		c->link = rule->link;
	}
	if (rule->port != 0)
		c->port = rule->port;
	if (rule->is_mailbox) { /* what is said of others is not of it */
		c->is_mailbox = true;
		c->no_ipv4 = c->no_ipv6 = false;
	}
	if (rule->tls_given) {
		c->tls = rule->tls;
		c->tls_why = "a [domain] rule";
		if (c->sts == STS_WANTED && !c->sts_given)
			c->sts = STS_AS_LEVEL;
	}
}

void
destination_start_route(struct destination *d)
{
	const struct route_key *key = &d->key;
	struct routing *r;

	destination_end_route(d);
	r = d->routing = mem_alloc(sizeof *r);
	r->config = d->job->config->route;
	if (key->rule)
		apply_rule(&r->config, key->rule);
	if (key->nrelays > 0)
		r->config.relay = key->relay[0];
	r->config.tls_waived = key->tls_waived;
	r->config.tls_floor = key->tls_floor;
	r->config.tls_floor_why = key->tls_floor_why;
	r->config.tls_optional = key->tls_optional;
	routing_start(r, key->domain);
	d->sts_fault = TLS_RESULT_OK;
	d->state = DESTINATION_ROUTING;
}

static bool
go_on(struct destination *d, int64_t now)
{
	struct job *job = d->job;
	struct route *route = d->routing->route;

	while (!routing_step(d->routing, job->resolver, now)) {
		if (!route_wants_policy(route))
			return false;
		if (!job->sts)
			job->sts = sts_new(job->config, job->resolver,
			    job->events);
		if (!sts_give_policy(job->sts, route, now, &d->sts_fault))
			return false;
	}
	return true;
}

bool
destination_step_route(struct destination *d, int64_t now)
{
	if (!go_on(d, now))
		return false;
	routed(d, now);
	return true;
}

void
destination_end_route(struct destination *d)
{
	if (!d->routing)
		return;
	routing_end(d->routing, d->job->resolver);
	free(d->routing);
	d->routing = NULL;
}
