/* SPDX-License-Identifier: ISC */
/* heap.c - see heap.h */
#include "queue/heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
heap_free(struct heap *h)
{
	free(h->v);
	*h = (struct heap){ 0 };
}

static int
is_before(const struct heap_node *a, const struct heap_node *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return strcmp(a->tie, b->tie) < 0;
}

static void
put(struct heap *h, size_t at, struct heap_node *node)
{
	h->v[at] = node;
	node->at = at;
}

static void
rise(struct heap *h, size_t at, struct heap_node *node)
{
	size_t up;

	for (; at > 0; at = up) {
		up = (at - 1) / 2;
		if (!is_before(node, h->v[up]))
			break;
		put(h, at, h->v[up]);
	}
	put(h, at, node);
}

static void
sink(struct heap *h, size_t at, struct heap_node *node)
{
	size_t down;

	for (; (down = 2 * at + 1) < h->n; at = down) {
		if (down + 1 < h->n && is_before(h->v[down + 1], h->v[down]))
			down++;
		if (!is_before(h->v[down], node))
			break;
		put(h, at, h->v[down]);
	}
	put(h, at, node);
}

void
heap_add(struct heap *h, struct heap_node *node, int64_t rank, const char *tie,
    void *owner)
{
	assert(!node->in);
	if (h->n == h->cap) {
		h->cap = h->cap ? size_mul(h->cap, 2) : 4;
		h->v = mem_resize(h->v, h->cap, sizeof(struct heap_node *));
	}
	*node = (struct heap_node){ .in = h, .rank = rank, .tie = tie,
		.owner = owner };
	rise(h, h->n++, node);
}

void
heap_remove(struct heap_node *node)
{
	struct heap *h = node->in;
	struct heap_node *last;
	size_t at = node->at;

	if (!h)
		return;
	node->in = NULL;
	last = h->v[--h->n];
	if (last == node)
		return;
	if (at > 0 && is_before(last, h->v[(at - 1) / 2]))
		rise(h, at, last);
	else
		sink(h, at, last);
}

void *
heap_take(struct heap *h)
{
	struct heap_node *first = h->n > 0 ? h->v[0] : NULL;

	if (!first)
		return NULL;
	heap_remove(first);
	return first->owner;
}
