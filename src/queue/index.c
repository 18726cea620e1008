/* SPDX-License-Identifier: ISC */
/* index.c - see index.h */
#include "queue/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "net/random.h"
#include "net/wait.h"

#define STEP 500		/* that become due in one step, at most */

/* The messages for one domain. */
struct crowd {
	struct table_node node;
	uint64_t key;
	size_t active;
	struct due {
		struct heap heap;
		struct list_node turn;
	} due[NCLASSES];
};

/* Those that wait for one site. */
struct site_row {
	struct table_node node;
	uint64_t key;
	struct list items;
};

static struct slice
key_slice(const uint64_t *key)
{
	return (struct slice){ (const char *)key, sizeof *key };
}

void
index_init(struct index *x, size_t most)
{
	*x = (struct index){ .most = most };
	random_draw(&x->items.seed, sizeof x->items.seed);
	x->crowds.seed = x->sites.seed = x->owners.seed = x->items.seed;
}

/* ---- crowds ---- */

uint64_t
index_crowd(const struct index *x, struct slice domain)
{
	char low[256];
	struct slice s = slice_first(domain, sizeof low);
	uint64_t key;

	for (size_t i = 0; i < s.n; i++)
		low[i] = ascii_lower(s.p[i]);
	key = hash_bytes(&x->items.seed, (struct slice){ low, s.n });
	return key ? key : 1;
}

static struct crowd *
crowd_get(struct index *x, uint64_t key)
{
	struct crowd *c = table_find(&x->crowds, key_slice(&key));

	if (c)
		return c;
	c = mem_alloc(sizeof *c);
	c->key = key;
	table_add(&x->crowds, &c->node, key_slice(&c->key), c);
	return c;
}

/* Nobody is in it: it ends here. */
static void
crowd_retire(struct index *x, struct crowd *c)
{
	size_t n = c->active;

	for (size_t k = 0; k < NCLASSES; k++)
		n += c->due[k].heap.n;
	if (n > 0)
		return;
	table_remove(&x->crowds, &c->node);
	for (size_t k = 0; k < NCLASSES; k++)
		heap_free(&c->due[k].heap);
	free(c);
}

/*
 * A quarter of what is free without itself (0 or 1), which is active already;
 * of those whose domain is not known any number.
 */
static bool
is_full(const struct index *x, const struct crowd *c, size_t itself)
{
	size_t most = (x->most - (x->active - itself)) / 4;

	return c->key != 0 && c->active - itself > most;
}

bool
index_is_crowded(const struct index *x, const struct item *i)
{
	const struct crowd *c = table_find(&x->crowds, key_slice(&i->crowd));

	return c && i->state == ITEM_ACTIVE && is_full(x, c, 1);
}

/* ---- leaving a place ---- */

static void
leave_due(struct index *x, struct item *i)
{
	struct crowd *c = crowd_get(x, i->crowd);
	struct due *d = &c->due[i->class];

	heap_remove(&i->place);
	x->ndue--;
	if (d->heap.n == 0)
		list_remove(&d->turn);
	crowd_retire(x, c);
}

static void
leave_waits(struct index *x, struct item *i)
{
	struct list *row = i->row.in;
	struct site_row *s;

	heap_remove(&i->place);
	list_remove(&i->row);
	if (!row || row->n > 0)
		return;
	s = (struct site_row *)((char *)row - offsetof(struct site_row, items));
	table_remove(&x->sites, &s->node);
	free(s);
}

static void
leave_active(struct index *x, struct item *i)
{
	struct crowd *c = crowd_get(x, i->crowd);

	c->active--;
	x->active--;
	x->changes++;
	crowd_retire(x, c);
}

static void
leave(struct index *x, struct item *i)
{
	switch ((enum item_state)i->state) {
	case ITEM_WAITS:
		leave_waits(x, i);
		break;
	case ITEM_DUE:
		leave_due(x, i);
		break;
	case ITEM_ACTIVE:
		leave_active(x, i);
		break;
	case ITEM_HELD:
		x->nheld--;
		break;
	case ITEM_NEW:
	case ITEM_KEPT:
		break;
	}
	i->state = ITEM_NEW;
}

/* ---- items ---- */

static struct slice
id_slice(const char *id)
{
	return (struct slice){ id, strnlen(id, STORE_ID) };
}

struct item *
index_find(const struct index *x, const char *id)
{
	return table_find(&x->items, id_slice(id));
}

struct item *
index_get(struct index *x, const char *id)
{
	struct item *i = index_find(x, id);
	struct slice s = id_slice(id);

	if (i)
		return i;
	i = mem_alloc(sizeof *i);
	memcpy(i->id, s.p, s.n);
	table_add(&x->items, &i->node, id_slice(i->id), i);
	return i;
}

void
index_drop(struct index *x, struct item *i)
{
	index_say(x, i, NULL, 0, (struct slice){ 0 });
	leave(x, i);
	index_disown(x, i);
	table_remove(&x->items, &i->node);
	free(i);
}

void
index_set_crowd(struct index *x, struct item *i, uint64_t crowd)
{
	bool was_active = i->state == ITEM_ACTIVE;

	if (i->crowd == crowd)
		return;
	assert(i->state == ITEM_NEW || was_active);
	if (was_active)
		leave(x, i);
	i->crowd = crowd;
	if (!was_active)
		return;
	i->state = ITEM_ACTIVE;
	x->active++;
	crowd_get(x, crowd)->active++;
}

/* ---- places ---- */

static struct site_row *
site_row(struct index *x, uint64_t site)
{
	struct site_row *s = table_find(&x->sites, key_slice(&site));

	if (s)
		return s;
	s = mem_alloc(sizeof *s);
	s->key = site;
	table_add(&x->sites, &s->node, key_slice(&s->key), s);
	return s;
}

uint64_t
index_site(const struct item *i)
{
	const char *list = (const char *)i->row.in;

	return list ? ((const struct site_row *)(list -
	    offsetof(struct site_row, items)))->key : 0;
}

void
index_wait(struct index *x, struct item *i, int64_t due, uint64_t site)
{
	leave(x, i);
	i->state = ITEM_WAITS;
	i->due = due;
	heap_add(&x->waits, &i->place, due, i->id, i);
	if (site != 0)
		list_append(&site_row(x, site)->items, &i->row, i);
}

void
index_ready(struct index *x, struct item *i)
{
	struct crowd *c;
	struct due *d;

	leave(x, i);
	i->state = ITEM_DUE;
	c = crowd_get(x, i->crowd);
	d = &c->due[i->class];
	if (d->heap.n == 0)
		list_append(&x->due[i->class], &d->turn, c);
	heap_add(&d->heap, &i->place, 0, i->id, i);
	x->ndue++;
	x->changes++;
}

void
index_rest(struct index *x, struct item *i, enum item_state state)
{
	leave(x, i);
	i->state = (unsigned char)state;
	if (state == ITEM_HELD)
		x->nheld++;
}

void
index_woke(struct index *x, uint64_t site, int64_t now, size_t most)
{
	struct site_row *s = table_find(&x->sites, key_slice(&site));
	size_t n = s ? s->items.n : 0;
	struct item *i;

	for (n = n < most ? n : most; n > 0; n--) {
		i = list_first(&s->items);
		index_wait(x, i, now, 0); /* the last one ends the row */
	}
}

bool
index_step(struct index *x, int64_t now)
{
	const struct heap_node *first;

	for (size_t n = 0; n < STEP; n++) {
		first = heap_first(&x->waits);
		if (!first || first->rank > now)
			return true;
		index_ready(x, first->owner);
	}
	return false;
}

/* ---- whose turn it is ---- */

/* The next crowd of this class that may have one more; the others wait. */
static struct item *
take_of_class(struct index *x, enum mail_class class)
{
	struct list *turns = &x->due[class];
	struct crowd *c;
	struct item *i;

	for (size_t n = turns->n; n > 0; n--) {
		c = list_take(turns);
		list_append(turns, &c->due[class].turn, c);
		if (is_full(x, c, 0))
			continue;
		i = heap_first(&c->due[class].heap)->owner;
		c->active++; /* before it leaves, so that the crowd stays */
		x->active++;
		leave_due(x, i);
		i->state = ITEM_ACTIVE;
		return i;
	}
	return NULL;
}

struct item *
index_take(struct index *x)
{
	static const enum mail_class turns[] = { CLASS_URGENT, CLASS_NORMAL,
		CLASS_URGENT, CLASS_BULK, CLASS_URGENT, CLASS_NORMAL,
		CLASS_URGENT };
	static const enum mail_class others[] = { CLASS_URGENT, CLASS_NORMAL,
		CLASS_BULK };
	struct item *i;

	if (x->active >= x->most)
		return NULL;
	i = take_of_class(x, turns[x->turn++ % (sizeof turns /
	    sizeof turns[0])]);
	for (size_t k = 0; !i && k < NCLASSES; k++)
		i = take_of_class(x, others[k]);
	return i;
}

int64_t
index_next(const struct index *x)
{
	const struct heap_node *first = heap_first(&x->waits);

	return first ? first->rank : WAIT_NEVER;
}

/* ---- all of them ---- */

void
index_each(struct index *x, void (*visit)(void *item))
{
	table_each(&x->items, visit);
}

void
index_free(struct index *x)
{
	for (size_t at = 0; at < x->items.nslots; at++)
		while (x->items.slot[at])
			index_drop(x, x->items.slot[at]->owner);
	table_free(&x->items);
	table_free(&x->crowds);
	table_free(&x->sites);
	table_free(&x->owners);
	heap_free(&x->waits);
}
