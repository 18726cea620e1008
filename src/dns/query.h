/* SPDX-License-Identifier: ISC */
/* query.h - DNS questions as packets (RFC 1035, RFC 6891). */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_DS = 43,
	DNS_DNSKEY = 48,
	DNS_TLSA = 52,
};

/* What is asked; the name is the asker's. */
struct dns_question {
	const char *name;
	enum dns_type type;
	bool named;		/* a host that the user named, not DNS: what
				   hosts(5) says of it goes first */
	bool spare;		/* it may turn out not to be needed: others go
				   first where they cannot all be asked */
	bool raw;		/* the packet itself is wanted, with all that
				   DNSSEC has to say of it */
	bool validate;		/* is it signed? where that can be told */
};

/*
 * Append the packet that asks for name and type: recursion desired, AD wanted,
 * and unless the server knows no EDNS, an OPT record with a 1232 octet buffer.
 * False when name is no domain name.
 */
bool dns_query_put(struct buf *out, struct slice name, enum dns_type type,
    uint16_t id, bool edns);

/*
 * The same for a raw question: signatures are wanted (DO), and also an answer
 * that the server would not believe (CD).  The name may be the root's, "".
 */
bool dns_query_put_raw(struct buf *out, struct slice name, enum dns_type type,
    uint16_t id);

#endif
