/* SPDX-License-Identifier: ISC */
/*
 * table.h - things found by a key: a hash table of nodes that lie in them.
 *
 * The hash is seeded (hash.h), as strangers choose the keys.  The key's octets
 * belong to the thing and stay as they are while it is in the table.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/hash.h"

struct table_node {
	struct table_node *chain;
	uint64_t hash;
	struct slice key;
	void *owner;
};

/* Zero-initialise, but for the seed. */
struct table {
	struct hash_key seed;
	struct table_node **slot;
	size_t nslots, n;
};

/* Frees the table, not what is in it. */
void table_free(struct table *t);

/* No other thing in the table has this key. */
void table_add(struct table *t, struct table_node *node, struct slice key,
    void *owner);
void table_remove(struct table *t, struct table_node *node);

/* The owner of the node with this key, or NULL. */
void *table_find(const struct table *t, struct slice key);

/* The owner of a node with this hash, whatever its key; or NULL. */
void *table_find_hash(const struct table *t, uint64_t hash);

/* Call visit() with each owner; it may remove that one, and no other. */
void table_each(struct table *t, void (*visit)(void *owner));

#endif
