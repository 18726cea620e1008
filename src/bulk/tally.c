/* SPDX-License-Identifier: ISC */
/* tally.c - see tally.h */
#include "bulk/tally.h"

#include <stdlib.h>

#include "base/mem.h"

#define PARTS 8 /* of each power of two */

static void
free_domain(void *owner)
{
	struct tally_domain *d = owner;

	free(d->name);
	free(d);
}

void
tally_free(struct tally *t)
{
	table_each(&t->domains, free_domain);
	table_free(&t->domains);
}

/* ---- times: eight rooms for each power of two ---- */

static size_t
room_of(int64_t time)
{
	uint64_t v = time > 0 ? (uint64_t)time : 0;
	unsigned shift = 0;

	while (v >> shift >= 2 * PARTS)
		shift++;
	return shift * PARTS + (size_t)(v >> shift);
}

/* The longest time that is in a room. */
static int64_t
most_of(size_t room)
{
	size_t shift = room < 2 * PARTS ? 0 : room / PARTS - 1;

	return (int64_t)(((room - shift * PARTS + 1) << shift) - 1);
}

int64_t
tally_time(const struct tally *t, unsigned percent)
{
	uint64_t all = 0, sum = 0;
	size_t room = 0;

	for (size_t i = 0; i < TALLY_TIMES; i++)
		all += t->times[i];
	if (all == 0)
		return 0;
	while ((sum += t->times[room]) * 100 < all * percent)
		room++;
	return most_of(room) < t->longest ? most_of(room) : t->longest;
}

/* ---- verdicts ---- */

static struct tally_domain *
domain_of(struct tally *t, const char *name)
{
	struct tally_domain *d = table_find(&t->domains, slice_of(name));

	if (d)
		return d;
	d = mem_alloc(sizeof *d);
	d->name = mem_dup(slice_of(name));
	table_add(&t->domains, &d->node, slice_of(d->name), d);
	return d;
}

void
tally_add(struct tally *t, const struct recipient *r, int64_t since)
{
	int64_t time = r->decided > since ? r->decided - since : 0;
	unsigned code = r->result ? r->result->code : 0;
	struct tally_domain *d = domain_of(t, r->to.domain);

	t->delivered += r->verdict == DELIVERED;
	t->deferred += r->verdict == DEFERRED;
	t->failed += r->verdict == FAILED;
	if (r->verdict != DELIVERED)
		t->code[code < TALLY_CODES ? code : 0]++;
	t->times[room_of(time)]++;
	t->longest = time > t->longest ? time : t->longest;
	d->n++;
	d->total += time;
}

/* ---- the slowest ---- */

static int64_t
average(const struct tally_domain *d)
{
	return d->total / (int64_t)d->n;
}

static int
slower_first(const void *a, const void *b)
{
	int64_t x = average(*(const struct tally_domain *const *)a);
	int64_t y = average(*(const struct tally_domain *const *)b);

	return (x < y) - (x > y);
}

size_t
tally_slowest(const struct tally *t,
    const struct tally_domain *out[TALLY_SLOW])
{
	const struct tally_domain **all = mem_alloc(size_mul(t->domains.n + 1,
	    sizeof *all));
	size_t n = 0;

	for (size_t i = 0; i < t->domains.nslots; i++)
		for (const struct table_node *x = t->domains.slot[i]; x;
		    x = x->chain)
			all[n++] = x->owner;
	qsort(all, n, sizeof *all, slower_first);
	n = n < TALLY_SLOW ? n : TALLY_SLOW;
	for (size_t i = 0; i < n; i++)
		out[i] = all[i];
	free(all);
	return n;
}
