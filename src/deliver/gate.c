/* SPDX-License-Identifier: ISC */
/* gate.c - see gate.h */
#include "deliver/gate.h"

#include <stdlib.h>

#include "base/mem.h"
#include "deliver/site.h"

/* The octets of an address that tell it from others. */
static struct slice
key_of(const struct ip *ip)
{
	return (struct slice){ (const char *)ip->b,
		ip->version == 4 ? 4 : sizeof ip->b };
}

static struct gate *
find(struct job *job, const struct ip *ip)
{
	return table_find(&job->gates, key_of(ip));
}

static struct gate *
find_or_make(struct job *job, const struct ip *ip)
{
	struct gate *g = find(job, ip);

	if (g)
		return g;
	g = mem_alloc(sizeof *g);
	g->job = job;
	g->ip = *ip;
	table_add(&job->gates, &g->node, key_of(&g->ip), g);
	return g;
}

static bool
is_full(const struct gate *g)
{
	return g && g->lanes >= g->job->config->max_address_lanes;
}

static void
retire(struct gate *g)
{
	if (g->lanes > 0 || g->users > 0)
		return;
	table_remove(&g->job->gates, &g->node);
	free(g);
}

struct gate *
gate_limit(struct job *job, struct lane_call *call)
{
	size_t n = call->n;
	struct gate *g, *full = NULL;

	if (job->config->max_address_lanes == 0)
		return NULL;
	call->n = 0;
	for (size_t i = 0; i < n; i++) {
		g = find(job, &call->target[i].at.ip);
		if (is_full(g)) {
			full = full ? full : g;
			continue;
		}
		call->target[call->n] = call->target[i];
		call->hop[call->n] = call->hop[i];
		call->tls[call->n] = call->tls[i];
		call->no_bdat[call->n++] = call->no_bdat[i];
	}
	return call->n == 0 ? full : NULL;
}

/* A lane there that only waits for a mail is in the way. */
static void
end_idle(const struct gate *g)
{
	struct lane *l = list_first(&g->job->idle);

	while (l && l->gate[l->winner] != g)
		l = list_after(&l->idle);
	if (l)
		l->deadline = 0;
}

void
gate_await(struct gate *g, struct site *s)
{
	g->users++;
	s->gate = g;
	list_append(&g->waiting, &s->ready, s);
	end_idle(g);
}

static void
wake_next(struct gate *g)
{
	struct site *s = is_full(g) ? NULL : list_take(&g->waiting);

	if (s)
		list_append(&g->job->ready, &s->ready, s);
}

void
gate_pass(struct gate *g)
{
	if (!g)
		return;
	g->users--;
	wake_next(g);
	retire(g);
}

void
gate_begin(struct lane *l)
{
	if (l->job->config->max_address_lanes == 0)
		return;
	for (size_t i = 0; i < l->call.n; i++) {
		const struct ip *ip = &l->call.target[i].at.ip;

		if (ip->version == 0)
			continue;
		l->gate[i] = find_or_make(l->job, ip);
		l->gate[i]->lanes++;
	}
}

static void
leave(struct lane *l, size_t i)
{
	struct gate *g = l->gate[i];

	if (!g)
		return;
	l->gate[i] = NULL;
	g->lanes--;
	wake_next(g);
	retire(g);
}

void
gate_won(struct lane *l)
{
	for (size_t i = 0; i < l->call.n; i++)
		if (i != l->winner)
			leave(l, i);
}

void
gate_end(struct lane *l)
{
	for (size_t i = 0; i < l->call.n; i++)
		leave(l, i);
}
