/* SPDX-License-Identifier: ISC */
/*
 * chain.h - DNSSEC: from the root's keys to the records of a name, as a pure
 * machine (RFC 4033-4035, 5155, 6840).
 *
 * Started for a name and type it says which packets it wants (with the DO bit),
 * all of a round at once: the records, and the DS and DNSKEY records of each
 * name on the way.  It takes them in any order.  A CNAME is a further round, of
 * its target.  What it says in the end is about the last packet of the records,
 * which is the one to be used.
 *
 * Work is bounded: 16 signatures are tried for a record set, 64 in all; NSEC3
 * of more than 50 iterations is insecure.
 */
#ifndef DNS_CHAIN_H
#define DNS_CHAIN_H

#include "dns/anchor.h"
#include "dns/query.h"

enum trust {
	TRUST_PENDING,
	TRUST_SECURE,
	TRUST_INSECURE,	/* proven to be unsigned from some name on */
	TRUST_BOGUS,	/* it should be signed, and is not, or not rightly */
	TRUST_UNKNOWN,	/* a packet on the way cannot be had */
	TRUST_NONE,	/* the resolver passes no signatures at all */
};

struct chain;

/*
 * name is in the kept form; now is seconds since 1970.  The anchors outlive it.
 */
struct chain *chain_new(const char *name, enum dns_type type,
    const struct anchors *anchors, int64_t now);
void chain_free(struct chain *c);

/* The questions of this round, good until it is over. */
size_t chain_questions(const struct chain *c);
const struct dns_question *chain_question(const struct chain *c, size_t i);

/*
 * Answer question i: an empty packet for one that could not be had.  True when
 * the round is over: there are other questions, or it is done.
 */
bool chain_answer(struct chain *c, size_t i, struct slice packet)
    __attribute__((warn_unused_result));

enum trust chain_trust(const struct chain *c);

/*
 * Once done: why it is not secure, as a part of a sentence, else "".  The
 * packet of the last name, its name, and how many seconds it may be kept.
 */
const char *chain_why(const struct chain *c);
struct slice chain_packet(const struct chain *c);
const char *chain_name(const struct chain *c);
uint32_t chain_ttl(const struct chain *c);

/* The next step in words ("example.org. is a zone, signed by its key 12345"),
 * each once; NULL when there are no more. */
const char *chain_step(struct chain *c);

#endif
