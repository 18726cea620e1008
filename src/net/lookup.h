/* SPDX-License-Identifier: ISC */
/*
 * lookup.h - one question, put to the resolver's servers in turn until one of
 * them has answered it.
 *
 * A server that refuses, fails (SERVFAIL) or sends rubbish is not asked again
 * for this question; one that keeps silent is, with twice the patience.
 *
 * A server that does not understand the OPT record of EDNS says FORMERR, NOTIMP
 * or BADVERS: it is asked once more without, and when that helps never with one
 * again (RFC 6891 7).  Silence may be a box on the way that drops what it does
 * not know, but mostly it is a lost packet: the second turn asks without OPT
 * and nothing is remembered.
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
	const struct dns_codec *codec;
	size_t first;		/* server to begin with: it answered last */
	int64_t heard_at;	/* when any server last answered anything */
	uint32_t no_edns;	/* servers that know no EDNS, as bits */
	struct sockets sockets;	/* for reuse while questions wait */
};

enum lookup_state {
	LOOKUP_BUSY,
	LOOKUP_DONE,		/* answer is there */
	LOOKUP_STARVED,		/* no descriptor is free on this host: end it
				   and begin again when one may be; why says
				   what the kernel said */
};

/* Zero-initialise; in use only while it is under way. */
struct lookup {
	struct dns_question question; /* its name is the caller's */
	enum lookup_state state;
	struct dns_answer answer; /* whoever takes it zeroes it */
	struct exchange x;
	enum transport by;	/* what attempt_ends was made for */
	size_t first;		/* server of the first attempt */
	size_t attempt;		/* how many were begun */
	size_t server;		/* the one being asked */
	size_t turn;		/* how often all were asked before */
	uint32_t spent;		/* servers not to ask again, as bits */
	uint32_t disliked;	/* servers that refused the OPT record */
	int64_t begun, attempt_ends, budget_ends;
	bool heard;		/* why is what a server said, not silence */
	char why[256];
};

void lookup_free(struct lookup *l);

void lookup_begin(struct lookups *all, struct lookup *l,
    const struct dns_question *question, int64_t now);
void lookup_wait(struct lookup *l, struct wait *w);
void lookup_step(struct lookups *all, struct lookup *l, const struct wait *w,
    int64_t now);

/* Tell the events what the answer to a question is. */
void lookups_report(struct lookups *all, const struct dns_question *question,
    const struct dns_answer *a);

/* Done, and no server has answered anything at all since it began? */
bool lookup_met_silence(const struct lookups *all, const struct lookup *l);

#endif
