/* SPDX-License-Identifier: ISC */
/* parse_impl.h - what both ways to read a packet need: records, or whole. */
#ifndef DNS_PARSE_IMPL_H
#define DNS_PARSE_IMPL_H

#include <ldns/ldns.h>

#include "dns/answer.h"

/* Make *a a soft failure, whatever it held; false. */
bool parse_soft(struct dns_answer *a, const char *why);

/* ... since the server said so. */
void parse_refused(struct dns_answer *a, unsigned rcode);

/* With the upper bits from EDNS: BADVERS is NOERROR in the lower ones. */
unsigned parse_rcode(const ldns_pkt *pkt);

/* RFC 2181 8: a TTL with its top bit set is zero. */
uint32_t parse_ttl(const ldns_rr *rr);

/*
 * RFC 2308 5: a negative is good for the lesser of the SOA's TTL and its
 * MINIMUM field; without an SOA it is not kept at all.
 */
uint32_t parse_negative_ttl(const ldns_pkt *pkt);

#endif
