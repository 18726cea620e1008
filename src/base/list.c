/* SPDX-License-Identifier: ISC */
/* list.c - see list.h */
#include "base/list.h"

#include <assert.h>

/* Between two neighbours, either of which may be NULL. */
static void
link_between(struct list *l, struct list_node *node, struct list_node *prev,
    struct list_node *next)
{
	assert(!node->in);
	node->in = l;
	node->prev = prev;
	node->next = next;
	*(prev ? &prev->next : &l->first) = node;
	*(next ? &next->prev : &l->last) = node;
	l->n++;
}

void
list_append(struct list *l, struct list_node *node, void *owner)
{
	node->owner = owner;
	link_between(l, node, l->last, NULL);
}

void
list_prepend(struct list *l, struct list_node *node, void *owner)
{
	node->owner = owner;
	link_between(l, node, NULL, l->first);
}

void
list_remove(struct list_node *node)
{
	struct list *l = node->in;

	if (!l)
		return;
	*(node->prev ? &node->prev->next : &l->first) = node->next;
	*(node->next ? &node->next->prev : &l->last) = node->prev;
	node->prev = node->next = NULL;
	node->in = NULL;
	l->n--;
}

void *
list_first(const struct list *l)
{
	return l->first ? l->first->owner : NULL;
}

void *
list_after(const struct list_node *node)
{
	return node->next ? node->next->owner : NULL;
}

void *
list_take(struct list *l)
{
	struct list_node *node = l->first;

	if (!node)
		return NULL;
	list_remove(node);
	return node->owner;
}
