/* SPDX-License-Identifier: ISC */
/* index_owner.c - whose messages are in the index: see index.h */
#include "queue/index.h"

#include <stdlib.h>

#include "base/mem.h"

/* Who has messages here. */
struct owner {
	struct table_node node;
	uint64_t uid;
	uint64_t messages, octets;
};

static struct slice
key_slice(const uint64_t *key)
{
	return (struct slice){ (const char *)key, sizeof *key };
}

static struct owner *
owner_get(struct index *x, uint64_t uid)
{
	struct owner *o = table_find(&x->owners, key_slice(&uid));

	if (o)
		return o;
	o = mem_alloc(sizeof *o);
	o->uid = uid;
	table_add(&x->owners, &o->node, key_slice(&o->uid), o);
	return o;
}

void
index_disown(struct index *x, struct item *i)
{
	struct owner *o = i->of;

	i->of = NULL;
	if (!o)
		return;
	o->octets -= i->octets;
	if (--o->messages > 0)
		return;
	table_remove(&x->owners, &o->node);
	free(o);
}

void
index_set_owner(struct index *x, struct item *i, unsigned uid, uint64_t octets)
{
	if (i->of && i->of->uid == uid && i->octets == octets)
		return;
	index_disown(x, i);
	i->of = owner_get(x, uid);
	i->octets = octets;
	i->of->messages++;
	i->of->octets += octets;
}

void
index_owned(const struct index *x, unsigned uid, uint64_t *messages,
    uint64_t *octets)
{
	uint64_t key = uid;
	const struct owner *o = table_find(&x->owners, key_slice(&key));

	*messages = o ? o->messages : 0;
	*octets = o ? o->octets : 0;
}

bool
index_owner(const struct item *i, unsigned *uid)
{
	if (i->of)
		*uid = (unsigned)i->of->uid;
	return i->of != NULL;
}
