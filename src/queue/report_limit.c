/* SPDX-License-Identifier: ISC */
/* report_limit.c - see report_limit.h */
#include "queue/report_limit.h"

#include <stdlib.h>

#include "base/duration.h"
#include "base/mem.h"

/*
 * The last reports of one uid, in a ring of as many as a minute may have: the
 * next one takes the place of the oldest, a minute after it or later.
 */
struct tally {
	struct table_node node;
	unsigned uid;
	unsigned n;    /* made or booked so far, up to the limit */
	unsigned next; /* place in the ring */
	bool is_late;  /* the last one had to wait */
	int64_t at[];
};

static struct slice
key_of(const unsigned *uid)
{
	return (struct slice){ (const char *)uid, sizeof *uid };
}

static struct tally *
tally_of(struct report_limit *l, unsigned uid)
{
	struct tally *t = table_find(&l->table, key_of(&uid));

	if (t)
		return t;
	t = mem_alloc(
	    size_add(sizeof *t, size_mul(l->most, sizeof t->at[0])));
	t->uid = uid;
	table_add(&l->table, &t->node, key_of(&t->uid), t);
	return t;
}

/* When it may be made: never before one that was booked earlier. */
static int64_t
time_for(const struct report_limit *l, const struct tally *t, int64_t now)
{
	int64_t free_at = now;

	if (t->n == l->most)
		free_at = t->at[t->next] + SECONDS(60);
	return free_at > now ? free_at : now;
}

struct report_booking
report_limit_book(struct report_limit *l, unsigned uid, int64_t now)
{
	struct report_booking b = { .at = now };
	struct tally *t;

	if (l->most == 0)
		return b;
	t = tally_of(l, uid);
	b.at = time_for(l, t, now);
	b.is_first = b.at > now && !t->is_late;
	t->is_late = b.at > now;
	t->at[t->next] = b.at;
	t->next = (t->next + 1) % l->most;
	t->n += t->n < l->most;
	return b;
}

void
report_limit_free(struct report_limit *l)
{
	table_each(&l->table, free);
	table_free(&l->table);
}
