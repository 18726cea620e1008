/* SPDX-License-Identifier: ISC */
/* query.h - DNS questions as packets (RFC 1035, RFC 6891); ldns encodes. */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_TLSA = 52,
};

/* "MX", "AAAA", ... */
const char *dns_type_name(enum dns_type type);

/*
 * Append the packet that asks for name and type: recursion desired, EDNS with a
 * 1232 octet buffer, AD wanted.  False when name is no domain name.
 */
bool dns_query_put(struct buf *out, struct slice name, enum dns_type type,
    uint16_t id);

#endif
