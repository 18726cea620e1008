/* SPDX-License-Identifier: ISC */
/*
 * sts.h - MTA-STS (RFC 8461): the record that a domain has a policy, the policy
 * itself, what is kept of it and which hosts it names.  Pure: who asks, fetches
 * and keeps is elsewhere (relay/fetch.h, deliver/sts.h).
 *
 * Whatever is not as the RFC has it is no policy at all: never half of one.
 */
#ifndef ROUTE_STS_H
#define ROUTE_STS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "dns/answer.h"
#include "dns/name.h"

#define STS_ID_MAX     32
#define STS_TEXT_MAX   65536	/* octets of a policy (3.3) */
#define STS_MAX_AGE    31557600 /* seconds, a year (3.2) */

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

/* Zero-initialise; what it points to is its own. */
struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age;	/* seconds from when it was fetched */
	char **mx;		/* "mx.example.org", "*.example.org": lower
				   case, A-labels */
	size_t n;
};

/* NULL is allowed. */
void sts_policy_free(struct sts_policy *p);

/* A copy on the heap; NULL of NULL.  sts_policy_free(), then free(). */
struct sts_policy *sts_policy_dup(const struct sts_policy *p);

/* Its lines, and its mx alone, each with LF: for reports of TLS. */
void sts_policy_put(struct buf *lines, struct buf *mx,
    const struct sts_policy *p);

/* "none", "testing", "enforce". */
const char *sts_mode_name(enum sts_mode mode);

/*
 * The name of the record of a domain (of dns_name_parse()), "_mta-sts.DOMAIN",
 * and of the host that has the policy, "mta-sts.DOMAIN".  False when it is
 * too long.
 */
bool sts_record_name(const char *domain, char out[DNS_NAME_SIZE]);
bool sts_host_name(const char *domain, char out[DNS_NAME_SIZE]);

/*
 * The id in the one TXT record that begins with "v=STSv1;" (3.1); others are
 * passed over.  False with *why ("two records of STSv1") when there is not
 * exactly one, or it is not well-formed.
 */
bool sts_record_find(const struct dns_answer *txt, char id[STS_ID_MAX + 1],
    const char **why);

/* The same of one record that begins so. */
bool sts_record_parse(struct slice text, char id[STS_ID_MAX + 1],
    const char **why);

/*
 * A policy (3.2): lines end with LF or CRLF, the last one need not; an empty
 * line is passed over.  Of a field that is there twice the first counts, except
 * of mx.  False with *why ("it has no mode"), and *out is empty.
 */
bool sts_policy_parse(struct slice text, struct sts_policy *out,
    const char **why);

/* Is this Content-Type text/plain, whatever its parameters (3.2)? */
bool sts_is_text_plain(struct slice content_type);

/*
 * Does it name this host (of dns_name_parse())?  A "*." stands for exactly one
 * label (4.1).
 */
bool sts_policy_names(const struct sts_policy *p, const char *host);

/* What a route asks: the policy of a domain, by what its record says. */
struct sts_wish {
	const char *domain;
	enum dns_status record;	/* DNS_FOUND: it has an id; DNS_SOFT: that is
				   not known; else it has no policy */
	char id[STS_ID_MAX + 1];
	char why[200];		/* unless found; may be cut */
};

/*
 * What is kept of a domain: the policy as it was fetched, its id in the record,
 * and when that was, in seconds since 1970.
 */
struct sts_entry {
	char id[STS_ID_MAX + 1];
	int64_t fetched;
	struct sts_policy policy;
};

void sts_entry_free(struct sts_entry *e);

/* Until when it is good: fetched + max_age. */
int64_t sts_entry_expires(const struct sts_entry *e);

/*
 * As a file: some lines about it, an empty one, the policy's text.  It is read
 * back only for the domain that it was written for; false for whatever
 * sts_entry_put() does not write.
 */
void sts_entry_put(struct buf *out, const char *domain,
    const struct sts_entry *e, struct slice text);
bool sts_entry_parse(struct slice file, const char *domain,
    struct sts_entry *out);

#endif
