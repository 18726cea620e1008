/* SPDX-License-Identifier: ISC */
/*
 * connect_way.c - from a domain to a connected socket: the plan that mail has,
 * its addresses preference by preference.
 */
#include "desk/connect_impl.h"

#include <stdio.h>

#include "net/clock.h"
#include "net/dial.h"
#include "net/resolver.h"
#include "net/routing.h"
#include "route/dane.h"

/* "10 mx1.example.org, 20 mx2.example.org", as sending tells it. */
static void
tell_plan(const struct connection *c, const struct plan *p)
{
	struct event e = event_make(EVENT_PLAN, 0);
	struct buf hosts = { 0 };

	for (size_t i = 0; i < p->nhosts; i++) {
		buf_puts(&hosts, i ? ", " : "");
		if (plan_has_preferences(p))
			buf_putf(&hosts, "%u ", p->host[i].preference);
		buf_puts(&hosts, p->host[i].name);
	}
	event_text(&e, "domain", slice_of(p->domain));
	event_text(&e, "how", slice_of(p->how));
	event_text(&e, "hosts", buf_slice(&hosts));
	event_text(&e, "tls", slice_of(tls_level_name(p->tls)));
	event_text(&e, "reason", slice_of(p->tls_why));
	events_put(c->call->events, &e);
	buf_free(&hosts);
}

/* Until the route is known; false at a signal. */
static bool
find_route(struct connection *c, struct routing *r, struct resolver *resolver,
    struct outcome *why)
{
	int64_t now = c->call->events->now = clock_now();

	while (!routing_step(r, resolver, now)) {
		wait_clear(&c->wait);
		resolver_wait(resolver, &c->wait);
		if (!connection_sleep(c, c->call, why))
			return false;
		now = c->call->events->now = clock_now();
		resolver_step(resolver, &c->wait, now);
	}
	return true;
}

/* ---- its addresses ---- */

static size_t
next_race(const struct plan *p, size_t from, struct dial_target *target)
{
	unsigned preference = p->host[p->address[from].host].preference;
	size_t n = 0;

	for (size_t i = from; i < p->naddresses && n < DIAL_MAX; i++, n++) {
		const struct plan_host *h = &p->host[p->address[i].host];

		if (h->preference != preference)
			break;
		target[n] = (struct dial_target){ p->address[i].at, h->name };
	}
	return n;
}

static void
met(struct connection *c, const struct plan *p, struct dial *d,
    const struct dial_target *who)
{
	snprintf(c->host, sizeof c->host, "%s", who->host);
	c->peer = who->at;
	c->tls = p->tls;
	c->dane_only = p->tls == TLS_DANE_ONLY;
	for (size_t i = 0; i < p->nhosts; i++)
		if (p->host[i].name == who->host) {
			c->tls = p->host[i].tls;
			c->dane = dane_copy(p->host[i].dane);
		}
	c->link = p->link;
	stream_open(&c->stream, d->fd);
	c->is_open = true;
	d->fd = -1;
}

/* Race these; false with why of the last one when none answered. */
static bool
race(struct connection *c, const struct plan *p,
    const struct dial_target *target, size_t n, struct outcome *why)
{
	struct dial d = { 0 };
	enum dial_state state;
	bool going = true;

	c->call->events->now = clock_now();
	dial_start(&d, target, n, &c->call->config->dial, c->call->events, 1,
	    clock_now());
	while ((state = dial_step(&d, &c->wait, clock_now())) == DIAL_BUSY) {
		wait_clear(&c->wait);
		dial_wait(&d, &c->wait);
		going = connection_sleep(c, c->call, why);
		if (!going)
			break;
		c->call->events->now = clock_now();
	}
	if (state == DIAL_CONNECTED)
		met(c, p, &d, &target[d.winner]);
	else if (going)
		*why = d.attempt[d.n - 1].why;
	dial_stop(&d);
	return state == DIAL_CONNECTED;
}

static bool
execute(struct connection *c, const struct plan *p, struct outcome *why)
{
	struct dial_target target[DIAL_MAX];
	size_t n;

	if (p->why) {
		*why = *p->why;
		return false;
	}
	for (size_t i = 0; i < p->naddresses; i += n) {
		n = next_race(p, i, target);
		wait_clear(&c->wait);
		if (race(c, p, target, n, why))
			return true;
		if (why->stage == STAGE_SYSTEM)
			break; /* stopped, or this machine is short */
	}
	return false;
}

bool
connection_reach(struct connection *c, struct outcome *why)
{
	const struct connect_call *call = c->call;
	struct routing r = { .config = call->config->route };
	struct resolver *resolver = resolver_new(&call->config->resolver,
	    call->events);
	bool ok;

	r.config.sts = STS_UNWANTED; /* it is the user who sees whom he meets */
	routing_start(&r, call->domain);
	ok = find_route(c, &r, resolver, why);
	if (ok && !r.config.server)
		tell_plan(c, route_plan(r.route));
	ok = ok && execute(c, route_plan(r.route), why);
	routing_end(&r, resolver);
	resolver_free(resolver);
	return ok;
}

bool
connection_open(struct connection *c, const struct connect_call *call,
    struct outcome *why)
{
	connection_close(c, false);
	c->call = call;
	return connection_reach(c, why) &&
	    (c->link != LINK_SMTPS || connection_secure(c, why));
}
