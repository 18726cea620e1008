/* SPDX-License-Identifier: ISC */
/*
 * relay_route.c - the way to a relay: the SRV records of its domain, if it is
 * one, then the addresses of its hosts, if DNS servers of the user's choice are
 * to be asked for them.
 */
#include "route/route_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/name.h"
#include "route/submission.h"

#define ADDRESSES_MAX 8 /* of a host */

static void
finish(struct route *r)
{
	route_forget_questions(r);
	r->plan.good_until = r->targets.good_until;
	r->round = ROUND_DONE;
}

static bool
is_to_be_asked_for(const struct plan_host *h)
{
	struct ip ip;

	return !ip_parse(slice_of(h->name), &ip) &&
	    !dns_name_is_localhost(h->name);
}

/* The hosts are known; a proxy finds out their addresses by itself. */
static void
ask_for_hosts(struct route *r)
{
	const struct relay_spec *relay = r->config->relay;
	const struct plan *p = &r->plan;

	route_forget_questions(r);
	r->round = ROUND_RELAY_HOSTS;
	if (r->config->ask_for_relays && !relay->proxy)
		for (size_t i = 0; i < p->nhosts; i++)
			if (is_to_be_asked_for(&p->host[i]))
				route_ask_addresses(r, p->host[i].name,
				    !relay->by_srv);
	if (r->n == 0)
		finish(r);
}

static void
put_addresses(struct buf *out, const struct dns_answer *a, size_t *n)
{
	for (size_t i = 0; i < a->n && *n < ADDRESSES_MAX; i++) {
		if (ip_is_link_local(&a->ip[i]))
			continue;
		if (out->n > 0)
			buf_putc(out, ',');
		ip_put(out, &a->ip[i]);
		++*n;
	}
}

/* A negative is no reason to bounce: the relay's name is the user's. */
static struct outcome
not_found(const struct relay_spec *relay, const struct asked *a)
{
	if (a->answer.status == DNS_SOFT)
		return lookup_failed(a->name, &a->answer);
	return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 4),
	    "relay %s: %s: %s (%s)", relay->name, a->name,
	    a->answer.status == DNS_NXDOMAIN ? "no such host" : "no address",
	    a->answer.status == DNS_FOUND ? "link-local ones only" :
					    a->answer.why);
}

/* What was found out of a host; without an address *why, soft over the rest. */
static bool
take_addresses(struct route *r, struct plan_host *h, struct outcome *why)
{
	struct buf text = { 0 };
	size_t n = 0;

	*why = (struct outcome){ 0 };
	for (size_t i = 0; i < r->n; i++) {
		struct asked *a = &r->asked[i];

		if (strcmp(a->name, h->name) != 0)
			continue;
		targets_note(&r->targets, &a->answer);
		put_addresses(&text, &a->answer, &n);
		if (why->stage == STAGE_NONE || a->answer.status == DNS_SOFT)
			*why = not_found(r->config->relay, a);
	}
	if (n > 0)
		h->addresses = mem_dup(buf_slice(&text));
	buf_free(&text);
	return n > 0;
}

/* Hosts that have no address are none. */
static void
hosts_are_known(struct route *r)
{
	struct plan *p = &r->plan;
	struct outcome why, first = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < p->nhosts; i++) {
		struct plan_host *h = &p->host[i];

		if (!is_to_be_asked_for(h) || take_addresses(r, h, &why)) {
			p->host[kept++] = *h;
			continue;
		}
		if (first.stage == STAGE_NONE)
			first = why;
		plan_host_free(h);
	}
	p->nhosts = kept;
	if (kept == 0)
		plan_set_why(p, first);
	finish(r);
}

static void
services_are_known(struct route *r)
{
	for (size_t i = 0; i < r->n; i++)
		targets_note(&r->targets, &r->asked[i].answer);
	submission_plan_by_srv(r->config, &r->asked[0].answer,
	    &r->asked[1].answer, &r->plan);
	ask_for_hosts(r);
}

void
route_end_relay_round(struct route *r)
{
	if (r->round == ROUND_RELAY)
		services_are_known(r);
	else
		hosts_are_known(r);
}

void
route_start_relay(struct route *r)
{
	const struct relay_spec *relay = r->config->relay;
	char implicit[DNS_NAME_SIZE], starttls[DNS_NAME_SIZE];

	r->plan.relay = relay;
	r->plan.how = relay->by_srv ? "relay by SRV" : "relay";
	if (!relay->by_srv) {
		submission_plan(relay, &r->plan);
		ask_for_hosts(r);
	} else if (submission_names(relay, implicit, starttls)) {
		r->round = ROUND_RELAY;
		route_ask(r, implicit, DNS_SRV, false);
		route_ask(r, starttls, DNS_SRV, false);
	} else {
		route_finish_with(r, outcome_make(DEFERRED, STAGE_CONFIG,
		    ESC(4, 3, 5), "relay %s: %s is not a domain name",
		    relay->name, relay->host));
	}
}
