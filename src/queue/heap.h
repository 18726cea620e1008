/* SPDX-License-Identifier: ISC */
/*
 * heap.h - things of which the first is wanted: a binary heap of nodes that lie
 * in them, so that each can be taken out wherever it is.
 */
#ifndef QUEUE_HEAP_H
#define QUEUE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap;

struct heap_node {
	struct heap *in;	/* NULL = in none */
	size_t at;
	int64_t rank;		/* the lowest is the first; */
	const char *tie;	/* ... of equal ones the first by strcmp(); it
				   stays as it is while in the heap */
	void *owner;
};

/* Zero-initialise. */
struct heap {
	struct heap_node **v;
	size_t n, cap;
};

/* Frees the heap, not what is in it. */
void heap_free(struct heap *h);

/* The node is in no heap. */
void heap_add(struct heap *h, struct heap_node *node, int64_t rank,
    const char *tie, void *owner);

/* The node may be in none. */
void heap_remove(struct heap_node *node);

/* The first, or NULL; heap_take() takes its owner out. */
static inline const struct heap_node *
heap_first(const struct heap *h)
{
	return h->n > 0 ? h->v[0] : NULL;
}

void *heap_take(struct heap *h);

#endif
