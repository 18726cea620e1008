/* SPDX-License-Identifier: ISC */
/*
 * list.h - things in a row, each linked by a node of its own.
 *
 * A node knows its owner and the list that it is in, so that a thing is taken
 * out in one step, wherever it is; a node is in one list at most.  Lists and
 * nodes are zero-initialised; neither owns anything.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
	struct list_node *prev, *next;
	struct list *in;	/* NULL = in none */
	void *owner;
};

struct list {
	struct list_node *first, *last;
	size_t n;
};

/* The node is in no list. */
void list_append(struct list *l, struct list_node *node, void *owner);
void list_prepend(struct list *l, struct list_node *node, void *owner);

/* The node may be in none. */
void list_remove(struct list_node *node);

/* The owner of the first, or of what follows a node; NULL = no more. */
void *list_first(const struct list *l);
void *list_after(const struct list_node *node);

/* The same as list_first(), and it is taken out. */
void *list_take(struct list *l);

#endif
