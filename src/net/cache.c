/* SPDX-License-Identifier: ISC */
/* cache.c - see cache.h */
#include "net/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define KEY_HEAD 2 /* octets of a key before the name */

static void
put_key(char key[KEY_HEAD], enum dns_type type, enum ticket_kind kind)
{
	assert(type <= 0xff);
	key[0] = (char)type;
	key[1] = (char)kind;
}

static void
unlist(struct cache *c, struct ticket *t)
{
	if (t->listed)
		table_remove(&c->table, &t->node);
	t->listed = false;
}

static bool
is_over(const struct ticket *t, int64_t now)
{
	return t->done && t->answer.good_until <= now;
}

struct ticket *
cache_find(struct cache *c, const char *name, enum dns_type type,
    enum ticket_kind kind, int64_t now)
{
	char key[KEY_HEAD + DNS_NAME_SIZE];
	size_t n = strlen(name);
	struct ticket *t;

	assert(n < DNS_NAME_SIZE);
	put_key(key, type, kind);
	memcpy(key + KEY_HEAD, name, n + 1);
	t = table_find(&c->table, (struct slice){ key, KEY_HEAD + n });
	if (!t || !is_over(t, now))
		return t;
	unlist(c, t);
	if (t->refs == 0)
		cache_drop(c, t);
	return NULL;
}

struct ticket *
cache_add(struct cache *c, const char *name, enum dns_type type,
    enum ticket_kind kind)
{
	size_t n = strlen(name);
	struct ticket *t = mem_alloc(size_add(sizeof *t, KEY_HEAD + n + 1));

	put_key(t->key, type, kind);
	memcpy(t->key + KEY_HEAD, name, n);
	t->name = t->key + KEY_HEAD;
	t->type = type;
	t->kind = kind;
	t->refs = 1;
	t->listed = true;
	table_add(&c->table, &t->node,
	    (struct slice){ t->key, KEY_HEAD + n }, t);
	return t;
}

void
ticket_hold(struct ticket *t)
{
	if (t->refs++ == 0)
		list_remove(&t->queue);
}

void
cache_release(struct cache *c, struct ticket *t)
{
	assert(t->refs > 0);
	if (--t->refs > 0)
		return;
	assert(t->done);
	if (!t->listed) {
		cache_drop(c, t);
		return;
	}
	list_append(&c->idle, &t->queue, t);
	if (c->idle.n > CACHE_IDLE_MAX)
		cache_drop(c, list_first(&c->idle));
}

static void
end(void *owner)
{
	struct ticket *t = owner;

	dns_answer_free(&t->answer);
	free(t);
}

void
cache_drop(struct cache *c, struct ticket *t)
{
	unlist(c, t);
	list_remove(&t->queue);
	end(t);
}

void
cache_free(struct cache *c)
{
	table_each(&c->table, end);
	table_free(&c->table);
	*c = (struct cache){ 0 };
}
