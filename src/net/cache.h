/* SPDX-License-Identifier: ISC */
/*
 * cache.h - the resolver's questions and their answers, by name, type and where
 * they were looked up.
 *
 * A ticket is held by those who asked.  One that nobody holds is kept for as
 * long as its answer is good, at most CACHE_IDLE_MAX of them; one whose time is
 * over stays with those who hold it, but is not found any more.  So the memory
 * of a run does not grow with what it has asked.
 */
#ifndef NET_CACHE_H
#define NET_CACHE_H

#include "base/list.h"
#include "base/table.h"
#include "dns/answer.h"
#include "net/lookup.h"

#define CACHE_IDLE_MAX 4096

/* Who answers a question. */
enum ticket_kind {
	BY_DNS,
	BY_HOSTS,	/* hosts(5) */
	BY_PACKET,	/* DNS, and the packet is the answer */
	BY_CHAIN,	/* DNS, validated */
};

struct validation;

struct ticket {
	struct table_node node;	/* the cache's, while listed */
	struct list_node queue;	/* the resolver's, or the cache's idle ones */
	size_t refs;		/* how many hold it */
	struct lookup *lookup;	/* while it is under way, as ... */
	struct validation *validation; /* ... this one of BY_CHAIN */
	enum ticket_kind kind;
	int64_t starved_at;	/* first time that no descriptor was free */
	bool done;		/* answer is there */
	bool listed;		/* a question can find it */
	enum dns_type type;
	struct dns_answer answer;
	const char *name;	/* the end of its key */
	char key[];
};

/* Zero-initialise, and make a seed for its table. */
struct cache {
	struct table table;
	struct list idle;	/* held by nobody, the oldest first */
};

/* All tickets that can be found end, also those that somebody holds. */
void cache_free(struct cache *c);

/*
 * The ticket of this question, if it is still good or under way; else NULL.
 * The name is in the kept form of dns/name.h.
 */
struct ticket *cache_find(struct cache *c, const char *name,
    enum dns_type type, enum ticket_kind kind, int64_t now);

/* A new one, held once and not done. */
struct ticket *cache_add(struct cache *c, const char *name,
    enum dns_type type, enum ticket_kind kind);

/* Once more, one that was found. */
void ticket_hold(struct ticket *t);

/* Let go of it; one that is not done must have other holders. */
void cache_release(struct cache *c, struct ticket *t);

/* End a ticket, whoever holds it and wherever it stands. */
void cache_drop(struct cache *c, struct ticket *t);

#endif
