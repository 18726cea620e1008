/* SPDX-License-Identifier: ISC */
/* cache.c - see cache.h */
#include "net/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUCKETS_FIRST 64

/* ---- queues ---- */

void
ticket_queue_add(struct ticket_queue *q, struct ticket *t)
{
	t->prev = q->last;
	t->next = NULL;
	*(q->last ? &q->last->next : &q->first) = t;
	q->last = t;
	q->n++;
	t->queue = q;
}

void
ticket_queue_add_first(struct ticket_queue *q, struct ticket *t)
{
	t->prev = NULL;
	t->next = q->first;
	*(q->first ? &q->first->prev : &q->last) = t;
	q->first = t;
	q->n++;
	t->queue = q;
}

void
ticket_leave(struct ticket *t)
{
	struct ticket_queue *q = t->queue;

	*(t->prev ? &t->prev->next : &q->first) = t->next;
	*(t->next ? &t->next->prev : &q->last) = t->prev;
	t->prev = t->next = NULL;
	t->queue = NULL;
	q->n--;
}

/* ---- the table ---- */

static struct ticket **
bucket_of(const struct cache *c, const char *name)
{
	return &c->bucket[hash_bytes(&c->key, slice_of(name)) &
	    (c->nbuckets - 1)];
}

static void
list(struct cache *c, struct ticket *t)
{
	struct ticket **bucket = bucket_of(c, t->name);

	t->chain = *bucket;
	*bucket = t;
}

/* Twice as many buckets: finding one does not cost more with many. */
static void
grow(struct cache *c)
{
	struct ticket **old = c->bucket, *t, *next;
	size_t n = c->nbuckets;

	c->nbuckets = n ? size_mul(n, 2) : BUCKETS_FIRST;
	c->bucket = mem_alloc(size_mul(c->nbuckets, sizeof(struct ticket *)));
	for (size_t i = 0; i < n; i++)
		for (t = old[i]; t; t = next) {
			next = t->chain;
			list(c, t);
		}
	free(old);
}

static void
unlist(struct cache *c, struct ticket *t)
{
	struct ticket **at = bucket_of(c, t->name);

	if (!t->listed)
		return;
	while (*at != t)
		at = &(*at)->chain;
	*at = t->chain;
	t->listed = false;
	c->n--;
}

static bool
is_over(const struct ticket *t, int64_t now)
{
	return t->done && t->answer.good_until <= now;
}

struct ticket *
cache_find(struct cache *c, const char *name, enum dns_type type,
    bool by_hosts, int64_t now)
{
	struct ticket *t = c->n > 0 ? *bucket_of(c, name) : NULL;

	while (t && (t->type != type || t->by_hosts != by_hosts ||
	    strcmp(t->name, name) != 0))
		t = t->chain;
	if (!t || !is_over(t, now))
		return t;
	unlist(c, t);
	if (t->refs == 0) {
		ticket_leave(t);
		cache_drop(c, t);
	}
	return NULL;
}

struct ticket *
cache_add(struct cache *c, const char *name, enum dns_type type, bool by_hosts)
{
	size_t n = strlen(name) + 1;
	struct ticket *t = mem_alloc(size_add(sizeof *t, n));

	if (c->n >= c->nbuckets)
		grow(c);
	memcpy(t->name, name, n);
	t->type = type;
	t->by_hosts = by_hosts;
	t->refs = 1;
	t->listed = true;
	list(c, t);
	c->n++;
	return t;
}

void
ticket_hold(struct ticket *t)
{
	if (t->refs++ == 0)
		ticket_leave(t);
}

void
cache_release(struct cache *c, struct ticket *t)
{
	assert(t->refs > 0);
	if (--t->refs > 0)
		return;
	assert(t->done);
	if (!t->listed) {
		cache_drop(c, t);
		return;
	}
	ticket_queue_add(&c->idle, t);
	if (c->idle.n > CACHE_IDLE_MAX) {
		t = c->idle.first;
		ticket_leave(t);
		cache_drop(c, t);
	}
}

static void
ticket_free(struct ticket *t)
{
	dns_answer_free(&t->answer);
	free(t);
}

void
cache_drop(struct cache *c, struct ticket *t)
{
	unlist(c, t);
	ticket_free(t);
}

void
cache_free(struct cache *c)
{
	struct ticket *t, *next;

	for (size_t i = 0; i < c->nbuckets; i++)
		for (t = c->bucket[i]; t; t = next) {
			next = t->chain;
			ticket_free(t);
		}
	free(c->bucket);
	*c = (struct cache){ 0 };
}
