/* SPDX-License-Identifier: ISC */
/* site_find.c - which site a plan leads to, from the first to the last use. */
#include "deliver/site_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/gate.h"
#include "net/clock.h"
#include "route/dane.h"

#define SWEEP_FROM 1024 /* sites from which old ones are looked for */
#define SWEEP_AGE  SECONDS(3600) /* from the end of their plan */

static int
compare_hosts(const void *a, const void *b)
{
	const struct plan_host *const *x = a, *const *y = b;

	if ((*x)->preference != (*y)->preference)
		return (*x)->preference < (*y)->preference ? -1 : 1;
	return strcmp((*x)->name, (*y)->name);
}

/* What is demanded of each, so that none is met with the demands of another. */
static void
put_demands(struct buf *out, const struct plan_host *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_putf(out, " %d%s ", (int)v[i]->tls,
		    v[i]->by_sts ? "s" : "");
		if (v[i]->dane)
			dane_put_key(out, v[i]->dane);
	}
}

/*
 * The hosts in an order that does not depend on who asked; where they begin,
 * for people.
 */
static size_t
put_hosts(struct buf *out, const struct plan *p)
{
	size_t at;
	const struct plan_host **v = mem_resize(NULL, p->nhosts,
	    sizeof(struct plan_host *));

	for (size_t i = 0; i < p->nhosts; i++)
		v[i] = &p->host[i];
	if (p->nhosts > 1)
		qsort(v, p->nhosts, sizeof(struct plan_host *), compare_hosts);
	put_demands(out, v, p->nhosts);
	at = out->n;
	for (size_t i = 0; i < p->nhosts; i++) {
		buf_putf(out, " %u %s", v[i]->preference, v[i]->name);
		if (v[i]->port > 0)
			buf_putf(out, ":%u", v[i]->port);
	}
	free(v);
	return at + 1;
}

static bool
has_limits(const struct domain_rule *rule)
{
	return rule &&
	    (rule->lanes > 0 || rule->rate.n > 0 || rule->is_mailbox);
}

/*
 * Names and CA for TLS, and the client's certificate, are the run's, or the
 * relay's.  A rule with limits has them for its own domains.  Where the hosts
 * begin.
 */
static size_t
put_key(struct buf *out, const struct site_call *call)
{
	const struct plan *p = call->plan;
	const void *of[2] = { p->relay,
		has_limits(call->rule) ? call->rule : NULL };

	buf_put(out, (struct slice){ (const char *)of, sizeof of });
	buf_putf(out, "%d %d %d %d %u", (int)p->link, (int)p->tls,
	    call->tls_fixed, (int)call->quit_after,
	    p->naddresses > 0 ? p->address[0].at.port : 0);
	return put_hosts(out, p);
}

static size_t
either(size_t own, size_t common)
{
	return own > 0 ? own : common;
}

/* Its own limits, or what all have. */
static void
set_limits(struct site *s, struct rate rate, size_t lanes)
{
	const struct deliver_config *config = s->job->config;

	if (rate.n == 0)
		rate = config->rate;
	if (rate.n > 0)
		s->interval = SECONDS(rate.seconds) / rate.n;
	s->cap = either(lanes, either(config->max_site_lanes,
	    DELIVER_SITE_LANES));
	s->most = either(config->start_site_lanes, s->cap);
	if (s->most > s->cap)
		s->most = s->cap;
}

/*
 * A relay's limits are its own, whichever rule leads there; for mailboxes of
 * this machine there is no rate.
 */
static void
find_limits(struct site *s, const struct domain_rule *rule)
{
	static const struct rate none;

	if (s->relay)
		set_limits(s, s->relay->rate, s->relay->lanes);
	else if (rule)
		set_limits(s, rule->rate, rule->lanes);
	else
		set_limits(s, none, 0);
	if (rule && rule->is_mailbox)
		s->interval = 0;
}

static struct site *
make(struct job *job, const struct site_call *call, struct slice key,
    size_t hosts_at)
{
	const struct plan *p = call->plan;
	struct site *s = mem_alloc(sizeof *s);

	s->job = job;
	s->tls = p->tls;
	s->tls_fixed = call->tls_fixed;
	s->quit_after = call->quit_after;
	s->link = p->link;
	s->relay = p->relay;
	s->hosts_at = hosts_at;
	find_limits(s, call->rule);
	list_append(&job->every, &s->listed, s);
	table_add(&job->sites, &s->node, (struct slice){ mem_dup(key), key.n },
	    s);
	return s;
}

void
site_free(struct site *s)
{
	list_remove(&s->ready);
	list_remove(&s->listed);
	list_remove(&s->down);
	list_remove(&s->told);
	gate_pass(s->gate);
	table_remove(&s->job->sites, &s->node);
	free((char *)s->node.key.p);
	hops_free(&s->hops);
	free(s);
}

static bool
is_used(const struct site *s)
{
	return s->users > 0 || s->lanes.n > 0 || site_waiting(s) > 0 ||
	    s->told.in;
}

/* What it knows of its hosts is kept for the run, if there is anything. */
void
site_release(struct site *s)
{
	if (--s->users == 0 && !is_used(s) && s->failures == 0 &&
	    s->pace <= s->job->now && !hops_remember(&s->hops))
		site_free(s);
}

/* A long life knows many hosts: what was not used lately is forgotten. */
static void
sweep(void *site)
{
	struct site *s = site;

	if (!is_used(s) && !site_is_down(s, s->job->now) &&
	    s->job->now - SWEEP_AGE >= s->good_until)
		site_free(s);
}

static void
sweep_all(struct job *job)
{
	table_each(&job->sites, sweep);
	job->sites_sweep_at = 2 * job->sites.n + SWEEP_FROM;
}

struct site *
site_find(struct job *job, const struct site_call *call, int64_t now)
{
	struct buf key = { 0 };
	struct site *s;
	size_t hosts_at = put_key(&key, call);

	s = table_find(&job->sites, buf_slice(&key));
	if (!s && job->sites.n >= job->sites_sweep_at)
		sweep_all(job);
	if (!s)
		s = make(job, call, buf_slice(&key), hosts_at);
	buf_free(&key);
	s->users++;
	if (s->hops.n == 0 || now >= s->good_until) {
		hops_take_plan(&s->hops, call->plan);
		s->good_until = call->plan->good_until;
		site_renewed(s, now);
	}
	return s;
}
