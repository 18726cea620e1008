/* SPDX-License-Identifier: ISC */
/*
 * lookup.h - one question, put to the resolver's servers in turn until one of
 * them has answered it.
 *
 * A server that refuses, fails (SERVFAIL) or sends rubbish is not asked again
 * for this question; one that keeps silent is, with twice the patience.
 */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include "dns/name.h"
#include "net/exchange.h"
#include "net/resolver.h"

/* What all lookups of a resolver share. */
struct lookups {
	struct resolver_config config; /* without zeros: defaults filled in */
	struct events *events;
	size_t first;		/* server to begin with: it answered last */
	int64_t heard_at;	/* when any server last answered anything */
};

struct lookup {
	char name[DNS_NAME_SIZE];
	enum dns_type type;
	size_t ticket;
	struct lookup *chain;	/* the resolver's */
	bool done;
	struct dns_answer answer;

	/* while it is under way */
	struct exchange x;
	enum transport by;	/* what attempt_ends was made for */
	size_t first;		/* server of the first attempt */
	size_t attempt;		/* how many were begun */
	size_t server;		/* the one being asked */
	size_t turn;		/* how often all were asked before */
	uint32_t spent;		/* servers not to ask again, as bits */
	int64_t begun, attempt_ends, budget_ends;
	bool heard;		/* why is what a server said, not silence */
	char why[256];
};

void lookup_free(struct lookup *l);

void lookup_begin(struct lookups *all, struct lookup *l, int64_t now);
void lookup_wait(struct lookup *l, struct wait *w);
void lookup_step(struct lookups *all, struct lookup *l, const struct wait *w,
    int64_t now);

/* End it without asking (further). */
void lookup_fail(struct lookups *all, struct lookup *l, const char *why);

/* Done, and no server has answered anything at all since it began? */
bool lookup_met_silence(const struct lookups *all, const struct lookup *l);

#endif
