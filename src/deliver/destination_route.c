/* SPDX-License-Identifier: ISC */
/* destination_route.c - from a destination's domain and rules to its plan. */
#include "deliver/destination_impl.h"

#include <stdlib.h>

#include "base/mem.h"

static void
ask(struct destination *d, int64_t now)
{
	d->ntickets = route_questions(d->route);
	d->ticket = mem_resize(d->ticket, d->ntickets,
	    sizeof(struct ticket *));
	for (size_t i = 0; i < d->ntickets; i++)
		d->ticket[i] = resolver_ask(d->job->resolver,
		    route_question(d->route, i), now);
}

void
destination_release_tickets(struct destination *d)
{
	for (size_t i = 0; i < d->ntickets; i++)
		resolver_release(d->job->resolver, d->ticket[i]);
	free(d->ticket);
	d->ticket = NULL;
	d->ntickets = 0;
}

/* Hand over what is answered; true when that ended the round. */
static bool
take_answers(struct destination *d)
{
	size_t open = d->ntickets;
	const struct dns_answer *a;

	for (size_t i = 0; i < d->ntickets; i++)
		if (route_is_answered(d->route, i))
			open--;
	for (size_t i = 0; i < d->ntickets; i++) {
		a = resolver_answer(d->ticket[i]);
		if (route_is_answered(d->route, i) || !a)
			continue;
		route_answer(d->route, i, a);
		if (--open == 0)
			return true;
	}
	return false;
}

/* "10 mx1.example.org, 20 mx2.example.org"; "mail.example.org:587" */
static void
put_hosts(struct buf *out, const struct plan *p)
{
	const char *sep = "";

	for (size_t i = 0; i < p->nhosts; i++) {
		const struct plan_host *h = &p->host[i];

		if (p->relay)
			buf_putf(out, "%s%s:%u", sep, h->name, h->port);
		else
			buf_putf(out, "%s%u %s", sep, h->preference, h->name);
		sep = ", ";
	}
}

static void
tell_plan(const struct destination *d, const struct plan *p)
{
	struct event e = event_make(EVENT_PLAN, 0);
	struct buf hosts = { 0 };

	if (!events_wanted(d->job->events))
		return;
	put_hosts(&hosts, p);
	event_text(&e, "domain", slice_of(p->domain));
	event_text(&e, "how", slice_of(p->how));
	event_text(&e, "hosts", buf_slice(&hosts));
	event_text(&e, "tls", slice_of(tls_level_name(p->tls)));
	event_text(&e, "reason", slice_of(p->tls_why));
	events_put(d->job->events, &e);
	buf_free(&hosts);
}

/* A relay that cannot be found is no reason to bounce: the next, or later. */
static void
no_way(struct destination *d, const struct plan *p, int64_t now)
{
	d->last = *p->why;
	if (d->choice.nrelays == 0) {
		destination_settle(d, &d->last, now);
		return;
	}
	d->last.verdict = DEFERRED;
	destination_add_problem(d, &d->last);
	if (d->job->config->plan_only || !destination_next_relay(d))
		destination_give_up(d, now);
}

static void
routed(struct destination *d, int64_t now)
{
	const struct plan *p = route_plan(d->route);

	d->state = READY;
	d->tried = mem_resize(d->tried, p->naddresses, sizeof *d->tried);
	for (size_t i = 0; i < p->naddresses; i++)
		d->tried[i] = false;
	tell_plan(d, p);
	if (p->why)
		no_way(d, p, now);
	else if (d->job->config->plan_only)
		d->state = SETTLED;
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
	if (rule->tls_given) {
		c->tls = rule->tls;
		c->tls_why = "a [domain] rule";
	}
}

void
destination_start_route(struct destination *d)
{
	const struct choice *c = &d->choice;

	d->config = d->job->config->route;
	if (c->rule)
		apply_rule(&d->config, c->rule);
	if (c->nrelays > 0)
		d->config.relay = c->relay[d->relay];
	route_free(d->route);
	destination_release_tickets(d);
	d->route = route_new(d->domain, &d->config);
	d->state = ROUTING;
	d->host = 0;
}

bool
destination_next_relay(struct destination *d)
{
	if (d->relay + 1 >= d->choice.nrelays)
		return false;
	d->relay++;
	destination_start_route(d);
	return true;
}

void
destination_step_routing(struct destination *d, int64_t now)
{
	while (!route_is_done(d->route)) {
		if (!d->ticket)
			ask(d, now);
		if (!take_answers(d))
			return;
		destination_release_tickets(d);
	}
	routed(d, now);
}
