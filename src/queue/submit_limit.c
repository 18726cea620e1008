/* SPDX-License-Identifier: ISC */
/* submit_limit.c - see submit_limit.h */
#include "queue/submit_limit.h"

#include <stdlib.h>

#include "base/mem.h"

static struct slice
key_of(const unsigned *uid)
{
	return (struct slice){ (const char *)uid, sizeof *uid };
}

struct tally *
tally_of(struct tallies *t, unsigned uid)
{
	struct tally *one = table_find(&t->table, key_of(&uid));

	if (one)
		return one;
	one = mem_alloc(sizeof *one);
	one->uid = uid;
	table_add(&t->table, &one->node, key_of(&one->uid), one);
	return one;
}

void
tally_drop(struct tallies *t, struct tally *one)
{
	if (one->connections > 0 || one->messages > 0)
		return;
	table_remove(&t->table, &one->node);
	free(one);
}

void
tallies_free(struct tallies *t)
{
	table_each(&t->table, free);
	table_free(&t->table);
}
