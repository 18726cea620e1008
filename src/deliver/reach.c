/* SPDX-License-Identifier: ISC */
/* reach.c - see reach.h */
#include "deliver/reach.h"

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

static struct reach *
find(struct job *job, const struct ip *ip)
{
	return table_find(&job->reaches, key_of(ip));
}

static struct reach *
find_or_make(struct job *job, const struct ip *ip)
{
	struct reach *r = find(job, ip);

	if (r)
		return r;
	r = mem_alloc(sizeof *r);
	r->job = job;
	r->ip = *ip;
	table_add(&job->reaches, &r->node, key_of(&r->ip), r);
	return r;
}

static bool
is_full(const struct reach *r)
{
	return r && r->lanes >= r->job->config->max_address_lanes;
}

static void
retire(struct reach *r)
{
	if (r->lanes > 0 || r->users > 0)
		return;
	table_remove(&r->job->reaches, &r->node);
	free(r);
}

struct reach *
reach_limit(struct job *job, struct lane_call *call)
{
	size_t n = call->n;
	struct reach *r, *full = NULL;

	if (job->config->max_address_lanes == 0)
		return NULL;
	call->n = 0;
	for (size_t i = 0; i < n; i++) {
		r = find(job, &call->target[i].at.ip);
		if (is_full(r)) {
			full = full ? full : r;
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
end_idle(const struct reach *r)
{
	struct lane *l = list_first(&r->job->idle);

	while (l && l->reach[l->winner] != r)
		l = list_after(&l->idle);
	if (l)
		l->deadline = 0;
}

void
reach_await(struct reach *r, struct site *s)
{
	r->users++;
	s->reach = r;
	list_append(&r->waiting, &s->ready, s);
	end_idle(r);
}

static void
wake_next(struct reach *r)
{
	struct site *s = is_full(r) ? NULL : list_take(&r->waiting);

	if (s)
		list_append(&r->job->ready, &s->ready, s);
}

void
reach_pass(struct reach *r)
{
	if (!r)
		return;
	r->users--;
	wake_next(r);
	retire(r);
}

void
reach_begin(struct lane *l)
{
	if (l->job->config->max_address_lanes == 0)
		return;
	for (size_t i = 0; i < l->call.n; i++) {
		const struct ip *ip = &l->call.target[i].at.ip;

		if (ip->version == 0)
			continue;
		l->reach[i] = find_or_make(l->job, ip);
		l->reach[i]->lanes++;
	}
}

static void
leave(struct lane *l, size_t i)
{
	struct reach *r = l->reach[i];

	if (!r)
		return;
	l->reach[i] = NULL;
	r->lanes--;
	wake_next(r);
	retire(r);
}

void
reach_won(struct lane *l)
{
	for (size_t i = 0; i < l->call.n; i++)
		if (i != l->winner)
			leave(l, i);
}

void
reach_end(struct lane *l)
{
	for (size_t i = 0; i < l->call.n; i++)
		leave(l, i);
}
