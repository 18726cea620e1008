/* SPDX-License-Identifier: ISC */
/* resolver.c - see resolver.h */
#include "net/resolver.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/lookup.h"

#define ACTIVE_MAX 64
#define BUCKETS	   256
#define ATTEMPT	   SECONDS(5)
#define BUDGET	   SECONDS(15)
#define TURNS	   2

struct resolver {
	struct lookups all;
	struct lookup **lookup;	/* by ticket */
	size_t n, cap;
	size_t started;		/* lookups that have left the queue */
	struct lookup *bucket[BUCKETS];
	struct lookup *active[ACTIVE_MAX];
	size_t nactive;
};

/*
 * Defaults for zeros; and however short the budget, it is enough to ask every
 * server, and one of them twice.
 */
static void
fill_in(struct resolver_config *c)
{
	int64_t share;

	if (c->budget == 0 || c->budget > BUDGET)
		c->budget = BUDGET;
	share = c->budget / (int64_t)(c->n + 1);
	if (c->attempt == 0)
		c->attempt = ATTEMPT;
	if (c->attempt > share)
		c->attempt = share;
	if (c->attempts == 0)
		c->attempts = TURNS;
}

struct resolver *
resolver_new(const struct resolver_config *config, struct events *events)
{
	struct resolver *r = mem_alloc(sizeof *r);

	assert(config->n <= RESOLVER_SERVERS);
	r->all.config = *config;
	fill_in(&r->all.config);
	r->all.events = events;
	r->all.heard_at = INT64_MIN;
	return r;
}

void
resolver_free(struct resolver *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		lookup_free(r->lookup[i]);
		free(r->lookup[i]);
	}
	free(r->lookup);
	free(r);
}

static size_t
bucket_of(const char *name, enum dns_type type)
{
	uint32_t h = 0x811c9dc5 ^ (uint32_t)type;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x01000193;
	return (h ^ h >> 16) % BUCKETS;
}

static struct lookup *
find(const struct resolver *r, const char *name, enum dns_type type)
{
	struct lookup *l = r->bucket[bucket_of(name, type)];

	while (l && (l->type != type || strcmp(l->name, name) != 0))
		l = l->chain;
	return l;
}

static struct lookup *
add(struct resolver *r, const char *name, enum dns_type type)
{
	size_t bucket = bucket_of(name, type);
	struct lookup *l = mem_alloc(sizeof *l);

	if (r->n == r->cap) {
		r->cap = r->cap ? size_mul(r->cap, 2) : 16;
		r->lookup = mem_resize(r->lookup, r->cap,
		    sizeof(struct lookup *));
	}
	snprintf(l->name, sizeof l->name, "%s", name);
	l->type = type;
	l->ticket = r->n;
	l->chain = r->bucket[bucket];
	r->bucket[bucket] = l;
	r->lookup[r->n++] = l;
	return l;
}

/* Let lookups out of the queue, in the order they were asked. */
static void
start_queued(struct resolver *r, int64_t now)
{
	while (r->started < r->n && r->nactive < ACTIVE_MAX) {
		struct lookup *l = r->lookup[r->started++];

		if (!l->done)
			lookup_begin(&r->all, l, now);
		if (!l->done)
			r->active[r->nactive++] = l;
	}
}

/* Silence all through a lookup: those behind it need not wait for the same. */
static void
fail_queue(struct resolver *r, const char *why)
{
	while (r->started < r->n) {
		struct lookup *l = r->lookup[r->started++];

		if (!l->done)
			lookup_fail(&r->all, l, why);
	}
}

size_t
resolver_ask(struct resolver *r, const char *name, enum dns_type type,
    int64_t now)
{
	char kept[DNS_NAME_SIZE];
	struct lookup *l;

	if (!dns_name_parse(slice_of(name), kept)) {
		l = add(r, "", type);
		lookup_fail(&r->all, l, "not a domain name");
		return l->ticket;
	}
	l = find(r, kept, type);
	if (!l) {
		l = add(r, kept, type);
		start_queued(r, now);
	}
	return l->ticket;
}

const struct dns_answer *
resolver_answer(const struct resolver *r, size_t ticket)
{
	assert(ticket < r->n);
	return r->lookup[ticket]->done ? &r->lookup[ticket]->answer : NULL;
}

void
resolver_wait(struct resolver *r, struct wait *w)
{
	for (size_t i = 0; i < r->nactive; i++)
		lookup_wait(r->active[i], w);
}

void
resolver_step(struct resolver *r, const struct wait *w, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->nactive; i++) {
		struct lookup *l = r->active[i];

		lookup_step(&r->all, l, w, now);
		if (!l->done)
			r->active[kept++] = l;
		else if (lookup_met_silence(&r->all, l))
			fail_queue(r, l->why);
	}
	r->nactive = kept;
	start_queued(r, now);
}
