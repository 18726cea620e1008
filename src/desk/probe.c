/* SPDX-License-Identifier: ISC */
/* probe.c - see probe.h */
#include "desk/probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/sts.h"
#include "net/clock.h"
#include "net/limit.h"

#define OTHER_DESCRIPTORS 80 /* the resolver's, files, what we began with */

bool
probe_init(struct probe *p, const struct deliver_config *way, bool tls,
    struct events *events, struct outcome *why)
{
	*p = (struct probe){ .way = way, .tls = tls, .events = events };
	p->resolver = resolver_new(&way->resolver, events);
	p->sts = sts_new(way, p->resolver, events);
	if (!tls)
		return true;
	p->net = net_module_open(why);
	if (p->net)
		p->context = p->net->tls->client(&way->tls, why);
	return p->context != NULL;
}

static void
target_free(struct probe_target *t, struct resolver *resolver)
{
	for (size_t i = 0; i < t->n; i++)
		visit_free(&t->visit[i]);
	for (size_t i = 0; i < t->call.nrcpts; i++)
		address_free(&t->rcpt[i]);
	routing_end(&t->routing, resolver);
	free(t->rcpt);
	free(t->visit);
	free(t->name);
	free(t->server);
	free(t);
}

void
probe_free(struct probe *p)
{
	for (size_t i = 0; i < p->n; i++)
		target_free(p->target[i], p->resolver);
	free(p->target);
	if (p->context)
		p->net->tls->context_free(p->context);
	sts_free(p->sts);
	resolver_free(p->resolver);
	*p = (struct probe){ 0 };
}

/* ---- targets ---- */

static int64_t
patience(const struct probe *p)
{
	return p->way->timeout > 0 ? p->way->timeout : SECONDS(PROBE_PATIENCE);
}

static struct visit_call
visit_call(const struct probe *p)
{
	struct visit_call c = {
		.helo = p->way->helo,
		.link = p->way->route.link,
		.tls = p->tls,
		.module = p->net ? p->net->tls : NULL,
		.context = p->context,
		.tls_name = p->way->tls_name,
		.dial = p->way->dial,
		.patience = patience(p),
		.events = p->events,
	};

	c.dial.timeout = c.patience;
	return c;
}

/*
 * As mail would go, but to all addresses; and a server of this very machine may
 * be looked at, since no mail can run in a circle.
 */
static struct route_config
route_config(const struct probe *p, const char *server, uint16_t port)
{
	struct route_config c = p->way->route;

	c.server = server;
	c.own_names = NULL;
	c.n_own_ips = 0;
	if (port != 0)
		c.port = port;
	c.max_addresses = PROBE_ADDRESSES;
	c.seed = 0; /* the same order each time */
	return c;
}

static bool
is_same(const struct probe_target *t, const char *domain, const char *server,
    uint16_t port)
{
	if (server && t->server)
		return strcmp(server, t->server) == 0 &&
		    (port == 0 || port == t->routing.config.port);
	return !server && !t->server && strcmp(domain, t->name) == 0;
}

struct probe_target *
probe_add(struct probe *p, const char *domain, const char *server,
    uint16_t port)
{
	struct probe_target *t;

	for (size_t i = 0; i < p->n; i++)
		if (is_same(p->target[i], domain, server, port))
			return p->target[i];
	t = mem_alloc(sizeof *t);
	t->name = mem_dup(slice_of(domain));
	t->server = server ? mem_dup(slice_of(server)) : NULL;
	t->call = visit_call(p);
	t->routing.config = route_config(p, t->server, port);
	p->target = mem_resize(p->target, size_add(p->n, 1),
	    sizeof(struct probe_target *));
	p->target[p->n++] = t;
	return t;
}

void
probe_add_rcpt(struct probe_target *t, struct address *a)
{
	for (size_t i = 0; i < t->call.nrcpts; i++) {
		if (address_eq(&t->rcpt[i], a)) {
			address_free(a);
			return;
		}
	}
	t->rcpt = mem_resize(t->rcpt, size_add(t->call.nrcpts, 1),
	    sizeof *t->rcpt);
	t->rcpt[t->call.nrcpts++] = *a;
	*a = (struct address){ 0 };
	t->call.rcpt = t->rcpt;
}

const struct plan_host *
probe_host(const struct probe_target *t, size_t visit)
{
	return &t->plan->host[t->plan->address[visit].host];
}

/* ---- stepping ---- */

void
probe_start(struct probe *p, int64_t now)
{
	size_t have = limit_descriptors(PROBE_VISITS + OTHER_DESCRIPTORS);

	p->room = have > OTHER_DESCRIPTORS + 1 ? have - OTHER_DESCRIPTORS : 1;
	if (p->room > PROBE_VISITS)
		p->room = PROBE_VISITS;
	for (size_t i = 0; i < p->n; i++)
		routing_start(&p->target[i]->routing, p->target[i]->name);
	probe_step(p, &(struct wait){ 0 }, now);
}

static void
planned(struct probe_target *t)
{
	t->plan = route_plan(t->routing.route);
	t->n = t->plan->naddresses;
	t->visit = mem_alloc((t->n + 1) * sizeof *t->visit);
}

/* Has it been begun? */
static bool
is_begun(const struct visit *v)
{
	return v->call != NULL;
}

static void
begin(struct probe *p, struct probe_target *t, size_t i, int64_t now)
{
	struct visit *v = &t->visit[i];
	const struct dial_target to = { .at = t->plan->address[i].at,
		.host = probe_host(t, i)->name };

	v->preference = probe_host(t, i)->preference;
	v->dane = probe_host(t, i)->dane;
	v->number = (unsigned)++p->begun;
	visit_start(v, &t->call, &to, now);
}

static void
step_visit(struct probe *p, struct probe_target *t, size_t i,
    const struct wait *w, int64_t now)
{
	struct visit *v = &t->visit[i];

	if (!is_begun(v)) {
		if (p->begun - p->over >= p->room)
			return;
		begin(p, t, i, now);
	}
	if (v->state == VISIT_OVER)
		return;
	visit_step(v, w, now);
	p->over += v->state == VISIT_OVER;
}

static bool
is_routed(struct probe *p, struct probe_target *t, int64_t now)
{
	enum tls_result_type fault;

	while (!routing_step(&t->routing, p->resolver, now))
		if (!sts_give_policy(p->sts, t->routing.route, now, &fault))
			return false;
	return true;
}

void
probe_step(struct probe *p, const struct wait *w, int64_t now)
{
	resolver_step(p->resolver, w, now);
	sts_step(p->sts, w, now);
	for (size_t i = 0; i < p->n; i++) {
		struct probe_target *t = p->target[i];

		if (!t->plan && is_routed(p, t, now))
			planned(t);
		for (size_t k = 0; k < t->n; k++)
			step_visit(p, t, k, w, now);
	}
}

void
probe_wait(struct probe *p, struct wait *w)
{
	resolver_wait(p->resolver, w);
	sts_wait(p->sts, w);
	for (size_t i = 0; i < p->n; i++) {
		struct probe_target *t = p->target[i];

		for (size_t k = 0; k < t->n; k++)
			if (is_begun(&t->visit[k]))
				visit_wait(&t->visit[k], w);
			else if (p->begun - p->over < p->room)
				wait_until(w, 0);
	}
}

bool
probe_is_over(const struct probe *p)
{
	size_t all = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!p->target[i]->plan)
			return false;
		all += p->target[i]->n;
	}
	return p->over == all;
}

void
probe_stop(struct probe *p, const struct outcome *why, int64_t now)
{
	for (size_t i = 0; i < p->n; i++) {
		struct probe_target *t = p->target[i];

		for (size_t k = 0; k < t->n; k++)
			if (is_begun(&t->visit[k]))
				visit_stop(&t->visit[k], why, now);
	}
}
