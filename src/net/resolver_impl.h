/* SPDX-License-Identifier: ISC */
/* resolver_impl.h - the inside of a resolver. */
#ifndef NET_RESOLVER_IMPL_H
#define NET_RESOLVER_IMPL_H

#include "net/cache.h"
#include "net/resolver.h"
#include "net/validate.h"

#define ACTIVE_MAX 64 /* questions under way */

struct resolver {
	struct lookups all;
	struct cache cache;
	struct list waiting, spare; /* these after those */
	struct ticket *active[ACTIVE_MAX];
	size_t nactive;
	struct list chains;	/* BY_CHAIN, not done */
	struct validator validator;
	int64_t pause_ends;	/* no descriptor was free: try again then */
	int64_t silent_at;	/* when no server answered anything, */
	char silence[256];	/* ... in words */
};

/* The ticket is done; it takes the answer over. */
void resolver_settle(struct resolver *r, struct ticket *t,
    struct dns_answer answer, int64_t now);

/* ---- resolver_chain.c: answers that are validated ---- */

/* Is the answer to this question about name to be? */
bool resolver_validates(struct resolver *r, const struct dns_question *q,
    const char *name);

struct ticket *resolver_ask_chain(struct resolver *r, const char *name,
    enum dns_type type, int64_t now);
void resolver_step_chains(struct resolver *r, int64_t now);

/* This one's questions are given up, or those of all. */
void resolver_end_chain(struct resolver *r, struct ticket *t);
void resolver_free_chains(struct resolver *r);

#endif
