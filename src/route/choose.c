/* SPDX-License-Identifier: ISC */
/*
 * choose.c - from targets with addresses to the plan: which few addresses are
 * tried, in which order, or why there are none.
 */
#include "route/route_impl.h"

#include <stdlib.h>

#include "base/mem.h"

/* One preference group: targets from `from` up to, not including, `to`. */
struct group {
	const struct targets *t;
	size_t from, to;
};

static struct group
group_at(const struct targets *t, size_t from)
{
	struct group g = { t, from, from };

	while (g.to < t->n && t->v[g.to].host.preference ==
	    t->v[from].host.preference)
		g.to++;
	return g;
}

static bool
group_has_addresses(const struct group *g)
{
	for (size_t i = g->from; i < g->to; i++)
		if (g->t->v[i].n > 0)
			return true;
	return false;
}

static bool
comes_later(const struct targets *t, size_t from)
{
	const struct group rest = { t, from, t->n };

	return group_has_addresses(&rest);
}

static bool
has_address(const struct plan *p, const struct ip *ip)
{
	for (size_t i = 0; i < p->naddresses; i++)
		if (ip_eq(&p->address[i].at.ip, ip))
			return true;
	return false;
}

/* The nth address of this version, or NULL. */
static const struct ip *
nth_ip(const struct target *t, unsigned char version, size_t nth)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->ip[i].version == version && nth-- == 0)
			return &t->ip[i];
	return NULL;
}

static size_t
most_addresses(const struct group *g)
{
	size_t most = 0;

	for (size_t i = g->from; i < g->to; i++)
		if (g->t->v[i].n > most)
			most = g->t->v[i].n;
	return most;
}

static void
add_address(struct plan *p, const struct ip *ip, size_t host, uint16_t port)
{
	p->address[p->naddresses].at.ip = *ip;
	p->address[p->naddresses].at.port = port;
	p->address[p->naddresses++].host = host;
	p->host[host].naddresses++;
}

/*
 * Add the group's next address of a version: the first one of each host, then
 * the second ones, and so on.  False when there is none left.
 */
static bool
add_next(struct plan *p, const struct group *g, unsigned char version,
    uint16_t port)
{
	size_t most = most_addresses(g);

	for (size_t nth = 0; nth < most; nth++)
		for (size_t i = g->from; i < g->to; i++) {
			const struct ip *ip = nth_ip(&g->t->v[i], version,
			    nth);

			if (!ip || has_address(p, ip))
				continue;
			add_address(p, ip, i, port);
			return true;
		}
	return false;
}

/* IPv6 and IPv4 in turn (RFC 8305), until `max` addresses are in the plan. */
static void
add_group(struct plan *p, const struct group *g, size_t max, uint16_t port)
{
	bool more = true;

	while (more && p->naddresses < max) {
		more = add_next(p, g, 6, port);
		if (p->naddresses < max)
			more |= add_next(p, g, 4, port);
	}
}

uint16_t
route_port(const struct route_config *c)
{
	if (c->port)
		return c->port;
	switch (c->link) {
	case LINK_SMTPS:
		return 465;
	case LINK_LMTP:
		return 24;
	case LINK_SMTP:
		break;
	}
	return 25;
}

/* A later group gets at least the last place: else it would never be tried. */
static void
choose_addresses(const struct targets *t, struct plan *p)
{
	size_t max = t->config->max_addresses;
	uint16_t port = route_port(t->config);

	if (max == 0)
		max = PLAN_ADDRESSES_MAX;
	p->address = mem_alloc(size_mul(max, sizeof *p->address));
	for (size_t i = 0; i < t->n && p->naddresses < max;) {
		const struct group g = group_at(t, i);
		bool spare = comes_later(t, g.to) && p->naddresses + 1 < max;

		add_group(p, &g, spare ? max - 1 : max, port);
		i = g.to;
	}
}

static const struct outcome *
first_problem(const struct targets *t, enum verdict verdict)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].host.problem &&
		    t->v[i].host.problem->verdict == verdict)
			return t->v[i].host.problem;
	return NULL;
}

static bool
is_by_mx(const struct plan *p)
{
	return slice_eq(slice_of(p->how), SLICE("MX"));
}

static bool
is_implicit(const struct plan *p)
{
	return slice_eq(slice_of(p->how), SLICE("implicit MX"));
}

static struct outcome
soft_outcome(const struct plan *p, const char *text)
{
	if (!is_by_mx(p))
		return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 3), "%s",
		    text);
	return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 4),
	    "%s: no MX host can be found now: %s", p->domain, text);
}

static const char *
switched_off(const struct route_config *c)
{
	if (c->no_ipv4)
		return "; IPv4 is switched off";
	return c->no_ipv6 ? "; IPv6 is switched off" : "";
}

static struct outcome
hard_outcome(const struct targets *t, const struct plan *p, const char *text)
{
	const char *off = switched_off(t->config);

	if (!is_by_mx(p))
		return outcome_make(FAILED, STAGE_DNS, ESC(5, 4, 4), "%s%s%s",
		    text, is_implicit(p) ? ", and no MX records" : "", off);
	return outcome_make(FAILED, STAGE_DNS, ESC(5, 4, 4),
	    "%s: none of its MX hosts has an address: %s%s", p->domain, text,
	    off);
}

/* Without any address: a soft error dominates, then the loop, then the rest. */
static struct outcome
reason(const struct targets *t, const struct plan *p)
{
	const struct outcome *soft = first_problem(t, DEFERRED);
	const struct outcome *hard = first_problem(t, FAILED);

	if (soft)
		return soft->stage == STAGE_SYSTEM || soft->esc.subject == 7 ?
		    *soft : soft_outcome(p, soft->text);
	if (t->n == 0)
		return outcome_make(FAILED, STAGE_ROUTE, ESC(5, 4, 6),
		    "%s: mail for it loops back to this host (%s is myself)",
		    p->domain, t->loop);
	if (t->cut)
		return soft_outcome(p, "more MX hosts than are looked up");
	return hard_outcome(t, p, hard ? hard->text : p->domain);
}

void
targets_make_plan(struct targets *t, struct plan *p)
{
	p->good_until = t->good_until;
	p->nhosts = t->n;
	p->host = mem_alloc(size_mul(t->n, sizeof *p->host));
	for (size_t i = 0; i < t->n; i++) {
		p->host[i] = t->v[i].host;
		p->host[i].naddresses = 0;
	}
	choose_addresses(t, p);
	if (p->naddresses == 0)
		plan_set_why(p, reason(t, p));
	for (size_t i = 0; i < t->n; i++) {
		t->v[i].host.name = NULL; /* the plan's now */
		t->v[i].host.canonical = NULL;
		t->v[i].host.problem = NULL;
		t->v[i].host.tls_why = NULL;
		t->v[i].host.dane = NULL;
	}
}
