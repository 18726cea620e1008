/* SPDX-License-Identifier: ISC */
/* table.c - see table.h */
#include "base/table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

void
table_free(struct table *t)
{
	free(t->slot);
	t->slot = NULL;
	t->nslots = t->n = 0;
}

static void
insert(struct table *t, struct table_node *node)
{
	struct table_node **at = &t->slot[node->hash & (t->nslots - 1)];

	node->chain = *at;
	*at = node;
}

/* As many slots as things, or more; a power of two. */
static void
grow(struct table *t)
{
	struct table_node **old = t->slot, *node, *next;
	size_t n = t->nslots;

	if (t->n < n)
		return;
	t->nslots = n ? size_mul(n, 2) : 16;
	t->slot = mem_alloc(size_mul(t->nslots, sizeof(struct table_node *)));
	for (size_t i = 0; i < n; i++)
		for (node = old[i]; node; node = next) {
			next = node->chain;
			insert(t, node);
		}
	free(old);
}

void
table_add(struct table *t, struct table_node *node, struct slice key,
    void *owner)
{
	grow(t);
	node->hash = hash_bytes(&t->seed, key);
	node->key = key;
	node->owner = owner;
	insert(t, node);
	t->n++;
}

void
table_remove(struct table *t, struct table_node *node)
{
	struct table_node **at = &t->slot[node->hash & (t->nslots - 1)];

	while (*at != node) {
		assert(*at);
		at = &(*at)->chain;
	}
	*at = node->chain;
	t->n--;
}

void *
table_find(const struct table *t, struct slice key)
{
	uint64_t hash = hash_bytes(&t->seed, key);
	struct table_node *node;

	if (t->nslots == 0)
		return NULL;
	node = t->slot[hash & (t->nslots - 1)];
	while (node && (node->hash != hash || !slice_eq(node->key, key)))
		node = node->chain;
	return node ? node->owner : NULL;
}

void *
table_find_hash(const struct table *t, uint64_t hash)
{
	struct table_node *node;

	if (t->nslots == 0)
		return NULL;
	node = t->slot[hash & (t->nslots - 1)];
	while (node && node->hash != hash)
		node = node->chain;
	return node ? node->owner : NULL;
}

void
table_each(struct table *t, void (*visit)(void *owner))
{
	struct table_node *node, *next;

	for (size_t i = 0; i < t->nslots; i++)
		for (node = t->slot[i]; node; node = next) {
			next = node->chain;
			visit(node->owner);
		}
}
