/* SPDX-License-Identifier: ISC */
/*
 * dmarc.h - what a domain wants done with mail that only claims to be from it:
 * the DMARC record (RFC 7489 6), and alignment (3.1).  Pure: who asks DNS, and
 * who knows organisational domains (the Public Suffix List), is elsewhere.
 *
 *	v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@example.org!10m
 */
#ifndef AUTH_DMARC_H
#define AUTH_DMARC_H

#include "base/slice.h"
#include "dns/answer.h"
#include "dns/name.h"

#define DMARC_URIS 8	 /* that are kept of a tag; more are left out */
#define DMARC_TEXT_MAX 8192 /* octets of a record */

enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

enum dmarc_alignment { DMARC_RELAXED, DMARC_STRICT };

/* fo=: which failures are reported (6.3). */
enum {
	DMARC_FO_ALL = 1,	/* "0": when nothing passed, the default */
	DMARC_FO_ANY = 2,	/* "1" */
	DMARC_FO_DKIM = 4,	/* "d" */
	DMARC_FO_SPF = 8,	/* "s" */
};

struct dmarc_uri {
	struct slice uri;	/* "mailto:dmarc@example.org" */
	uint64_t max;		/* octets of a report; UINT64_MAX: no limit */
};

struct dmarc_uris {
	struct dmarc_uri uri[DMARC_URIS];
	size_t n;
};

/* Its slices lie in the text that it was read from. */
struct dmarc_record {
	enum dmarc_policy p, sp; /* sp is p where the record has none */
	enum dmarc_alignment adkim, aspf;
	unsigned pct;		/* of the mail, 0 to 100 */
	unsigned fo;		/* DMARC_FO_* */
	struct dmarc_uris rua, ruf;
	const char *odd;	/* what was not well-formed in it, the first
				   such thing, and did not count: static words,
				   "its pct= is not 0 to 100"; or NULL */
};

/* Does it begin with v=DMARC1?  Other TXT records do not count (6.6.3). */
bool dmarc_is_record(struct slice text);

/*
 * Read one that does.  What is not well-formed counts as if it was not there
 * (6.3); without a good p=, or with a bad sp=, the policy is none if reports
 * are asked for (6.6.3).  NULL; or why it is no record, in static words.
 */
const char *dmarc_record_parse(struct slice text, struct dmarc_record *out);

enum dmarc_found {
	DMARC_FOUND,
	DMARC_ABSENT,	/* none here: ask at the organisational domain */
	DMARC_INVALID,	/* several, or no good one: DMARC is not applied */
	DMARC_UNKNOWN,	/* DNS did not say: a temporary error */
};

/*
 * The record among the TXT records of dmarc_record_name() (6.6.3).  Slices of
 * *out lie in the answer.  Unless it was found *why says why, in words of the
 * answer or static ones.
 */
enum dmarc_found dmarc_record_find(const struct dns_answer *txt,
    struct dmarc_record *out, const char **why);

/* "_dmarc.DOMAIN", of a domain of dns_name_parse(); false if too long. */
bool dmarc_record_name(const char *domain, char out[DNS_NAME_SIZE]);

/*
 * What is wanted for mail from a domain, by the record of the domain where it
 * was found: p= for itself, else sp=.  Both of dns_name_parse().
 */
enum dmarc_policy dmarc_policy_for(const struct dmarc_record *r,
    const char *from, const char *where);

/* "none", "quarantine", "reject". */
const char *dmarc_policy_name(enum dmarc_policy policy);

/* A name of dns_name_parse(), and its organisational domain: NULL if it has
   none, being a public suffix itself. */
struct dmarc_domain {
	const char *name, *org;
};

/*
 * Does what passed for one domain (SPF, a signature) speak for the domain in
 * From?  The very same if strict, else of the same organisation (3.1).
 */
bool dmarc_is_aligned(struct dmarc_domain from, struct dmarc_domain passed,
    enum dmarc_alignment how);

#endif
