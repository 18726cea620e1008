/* SPDX-License-Identifier: ISC */
/* chain_impl.h - the inside of a chain. */
#ifndef DNS_CHAIN_IMPL_H
#define DNS_CHAIN_IMPL_H

#include <stdarg.h>

#include "base/buf.h"
#include "dns/chain.h"
#include "dns/dnssec_impl.h"

#define CHAIN_LABELS 30
#define CHAIN_CNAMES 8

struct chain_asked {
	char *name;
	struct dns_question question;
	bool answered;
	struct buf octets;
	ldns_pkt *pkt;		/* NULL = it could not be had, or read */
};

struct chain {
	char name[DNS_NAME_SIZE]; /* of this round */
	enum dns_type type;
	const struct anchors *anchors;
	unsigned hops;		/* CNAMEs so far */
	struct chain_asked *asked; /* the first is the one for the records */
	size_t n, nanswered;
	struct dnssec_zone zone; /* the last that is trusted; keys NULL = none
				   yet */
	struct dnssec_work work;
	enum trust trust;
	bool weak;		/* a name before this one was insecure: */
	char weak_why[320];	/* ... why; so this cannot be secure */
	char why[320];
	struct buf last;	/* the packet of the records */
	struct buf steps;	/* what was found, a NUL behind each */
	char step[512];
};

void chain_end(struct chain *c, enum trust trust, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void chain_say(struct chain *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The packet that answers this; NULL when there is none. */
ldns_pkt *chain_found(const struct chain *c, const char *name,
    enum dns_type type);

/* ---- chain_zone.c: from zone to zone ---- */

/*
 * Go down from the root as far as there are signed zones: true when the zone
 * that the name is in is c->zone; else it has ended.
 */
bool chain_descend(struct chain *c);
void chain_drop_zone(struct chain *c);

/* ---- chain_walk.c ---- */

/*
 * The owner of a DNAME record above name in this section, which the zone has
 * signed; NULL when there is none.
 */
const char *chain_dname(struct chain *c, const ldns_rr_list *section,
    const char *name);

/*
 * All of a round is there: end it, or, behind a CNAME that holds, set the name
 * to go on with.
 */
void chain_walk(struct chain *c, char target[DNS_NAME_SIZE]);

#endif
