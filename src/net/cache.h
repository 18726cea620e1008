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

#include "base/hash.h"
#include "dns/answer.h"
#include "net/lookup.h"

#define CACHE_IDLE_MAX 4096

struct ticket_queue;

struct ticket {
	size_t refs;		/* how many hold it */
	struct ticket *chain;	/* in its bucket */
	struct ticket *prev, *next; /* in the queue it stands in: */
	struct ticket_queue *queue; /* ... or NULL */
	struct lookup *lookup;	/* while it is under way */
	int64_t starved_at;	/* first time that no descriptor was free */
	bool done;		/* answer is there */
	bool listed;		/* a question can find it */
	bool by_hosts;		/* hosts(5) has answered it */
	enum dns_type type;
	struct dns_answer answer;
	char name[];
};

/* Tickets in a row; a ticket stands in one at most. */
struct ticket_queue {
	struct ticket *first, *last;
	size_t n;
};

void ticket_queue_add(struct ticket_queue *q, struct ticket *t);
void ticket_queue_add_first(struct ticket_queue *q, struct ticket *t);

/* Out of the queue it stands in. */
void ticket_leave(struct ticket *t);

/* Zero-initialise, and make a key for its hash. */
struct cache {
	struct hash_key key;
	struct ticket **bucket;
	size_t nbuckets, n;	/* a power of two; tickets in them */
	struct ticket_queue idle; /* held by nobody, the oldest first */
};

/* All tickets that can be found end, also those that somebody holds. */
void cache_free(struct cache *c);

/*
 * The ticket of this question, if it is still good or under way; else NULL.
 * The name is in the kept form of dns/name.h.
 */
struct ticket *cache_find(struct cache *c, const char *name,
    enum dns_type type, bool by_hosts, int64_t now);

/* A new one, held once and not done. */
struct ticket *cache_add(struct cache *c, const char *name,
    enum dns_type type, bool by_hosts);

/* Once more, one that was found. */
void ticket_hold(struct ticket *t);

/* Let go of it; one that is not done must have other holders. */
void cache_release(struct cache *c, struct ticket *t);

/* End a ticket that stands in no queue, whoever holds it. */
void cache_drop(struct cache *c, struct ticket *t);

#endif
