/* SPDX-License-Identifier: ISC */
/*
 * dnssec_impl.h - signatures and denials, shared by the files of the validator
 * (chain.h).
 */
#ifndef DNS_DNSSEC_IMPL_H
#define DNS_DNSSEC_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "dns/name.h"

#define DNSSEC_CHECKS_SET    16 /* signatures tried of one RRset, ... */
#define DNSSEC_CHECKS_LOOKUP 64 /* ... and of a lookup in all */
#define DNSSEC_ITERATIONS    50 /* of NSEC3; more are insecure (RFC 9276) */
#define DNSSEC_SKEW	     300 /* seconds that clocks may differ */

/* A zone whose keys are trusted. */
struct dnssec_zone {
	char name[DNS_NAME_SIZE];
	ldns_rr_list *keys;
};

/* What a lookup has left to spend, and its time. */
struct dnssec_work {
	unsigned checks;
	int64_t now;	/* seconds since 1970 */
	uint32_t ttl;	/* the least that signatures allow */
	char why[160];	/* what was wrong last; a whole sentence's part */
};

/* ---- dnssec_rr.c: records, checked ---- */

bool dnssec_name(const ldns_rdf *rdf, char out[DNS_NAME_SIZE]);
bool dnssec_owner_is(const ldns_rr *rr, const char *name);
unsigned dnssec_labels(const char *name);

/* name without its first n labels; "" = the root. */
const char *dnssec_above(const char *name, unsigned n);

/* Is name at or below top? */
bool dnssec_is_below(const char *name, const char *top);

/* The records of this owner and type, borrowed; the list is the caller's. */
ldns_rr_list *dnssec_rrset(const ldns_rr_list *section, const char *owner,
    ldns_rr_type type);

/* An unsigned number of a field; 0 when it is not that long. */
uint32_t dnssec_number(const ldns_rr *rr, size_t field);

/* Is this type in a bitmap of NSEC or NSEC3? */
bool dnssec_has_type(const ldns_rdf *bitmap, ldns_rr_type type);

/* ---- dnssec_sig.c ---- */

bool dnssec_knows_algorithm(uint32_t algorithm);

enum dnssec_sig {
	SIG_GOOD,
	SIG_NONE,	/* there is none */
	SIG_BAD,	/* none holds; work.why */
};

/*
 * Are the records of this owner and type signed by this zone?  *labels is how
 * many the owner had where they were signed: fewer than it has mean a wildcard.
 */
enum dnssec_sig dnssec_verify(const ldns_rr_list *section, const char *owner,
    ldns_rr_type type, const struct dnssec_zone *z, struct dnssec_work *w,
    unsigned *labels);

/* The same by this one key of theirs, of keys that sign themselves. */
enum dnssec_sig dnssec_verify_keys(const ldns_rr_list *section,
    const char *zone, ldns_rr *key, struct dnssec_work *w);

/* ---- dnssec_deny.c ---- */

enum denial {
	DENIED_NOT,	/* it is not proven; work.why */
	DENIED_TYPE,	/* the name is there, the type is not */
	DENIED_NAME,	/* the name is not there */
	DENIED_INSECURE, /* nothing is proven, and need not be: opt-out, or too
			   many iterations */
};

struct denied {
	enum denial kind;
	bool cut;	/* DENIED_TYPE: the name is a delegation */
};

/* What the NSEC or NSEC3 records of this section prove of name and type. */
struct denied dnssec_deny(const ldns_rr_list *authority, const char *name,
    ldns_rr_type type, const struct dnssec_zone *z, struct dnssec_work *w);

/*
 * Is it proven that a name which was answered from a wildcard of so many labels
 * is not there itself?  (DENIED_NAME or DENIED_INSECURE.)
 */
enum denial dnssec_deny_expanded(const ldns_rr_list *authority,
    const char *name, unsigned labels, const struct dnssec_zone *z,
    struct dnssec_work *w);

/* ---- dnssec_nsec3.c ---- */

/* The same of NSEC3 records, which there are. */
struct denied dnssec_deny3(const ldns_rr_list *authority, const char *name,
    ldns_rr_type type, const struct dnssec_zone *z, struct dnssec_work *w);
enum denial dnssec_deny3_expanded(const ldns_rr_list *authority,
    const char *name, unsigned labels, const struct dnssec_zone *z,
    struct dnssec_work *w);

/*
 * Does a bitmap at this very name deny the type?  One of a delegation speaks of
 * DS only, one of a zone's top of all else (RFC 6840 4.1, 4.4).
 */
bool dnssec_bitmap_denies(const ldns_rdf *bitmap, ldns_rr_type type);

#endif
