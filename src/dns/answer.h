/* SPDX-License-Identifier: ISC */
/*
 * answer.h - DNS answers, checked.
 *
 * ldns decodes, but returns OK for records with missing fields and does not
 * look whether a packet answers the question: both are done here.  CNAMEs
 * inside the packet are followed, at most 8 (FAULTS row 10).  Every record name
 * and rdata that comes out is validated.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/inet.h"
#include "base/outcome.h"
#include "dns/query.h"

enum dns_status {
	DNS_FOUND,	/* at least one record of the type asked for */
	DNS_NODATA,	/* the name exists, the type does not */
	DNS_NXDOMAIN,
	DNS_SOFT,	/* SERVFAIL, REFUSED, malformed, loop, timeout: later */
};

/*
 * Kept per answer; more are counted, not kept.  Of MX and SRV records the ones
 * of lowest preference or priority are kept.
 */
#define DNS_RECORDS_MAX 64

/* How long an answer may be kept, in seconds (RFC 2308 5 for the negative). */
#define DNS_TTL_MAX	     86400
#define DNS_TTL_NEGATIVE_MAX 10800

struct dns_mx {
	char *host;		/* of dns_name_from_wire(); "" = the root; use
				   it only when dns_name_is_host() */
	uint16_t preference;
};

struct dns_srv {		/* RFC 2782 */
	char *target;		/* as dns_mx.host; "" = not offered here */
	uint16_t priority, weight, port;
};

struct dns_txt {
	char *text;		/* its strings joined; any octets, and a NUL */
	size_t n;
};

struct dns_tlsa {		/* RFC 6698 2.1; numbers as they came */
	uint8_t usage, selector, matching;
	unsigned char *data;
	size_t n;		/* never 0 */
};

/* Zero-initialise; what it points to is its own. */
struct dns_answer {
	enum dns_type type;
	enum dns_status status;
	bool secure;		/* AD was set: only as good as the resolver */
	enum stage fault;	/* soft by a fault of this host's: a shortage
				   (STAGE_SYSTEM), a lack (STAGE_CONFIG) */
	unsigned short rcode;	/* the server's; with the upper bits of EDNS */
	uint32_t ttl;		/* seconds it may be kept, bounded; soft: 0 */
	int64_t good_until;	/* the same on the clock of who keeps it, set
				   by him (the resolver) */
	size_t n;		/* records kept */
	size_t total;		/* records there were */
	struct dns_mx *mx;	/* for DNS_MX, and the names of DNS_PTR */
	struct dns_srv *srv;	/* for DNS_SRV */
	struct dns_txt *txt;	/* for DNS_TXT */
	struct dns_tlsa *tlsa;	/* for DNS_TLSA */
	struct ip *ip;		/* for DNS_A and DNS_AAAA */
	char *canonical;	/* the name at the end of the CNAMEs; NULL when
				   there are none */
	char *why;		/* unless found: "NXDOMAIN", "SERVFAIL", ... */
	char *packet;		/* of a raw question, found: all of it, ... */
	size_t packet_n;	/* ... and its octets */
};

void dns_answer_free(struct dns_answer *a);

/* *to becomes an answer of its own, freed by dns_answer_free(). */
void dns_answer_copy(struct dns_answer *to, const struct dns_answer *from);

/*
 * Count one more record and keep a copy of it: the first DNS_RECORDS_MAX, or of
 * MX and SRV the best ones.  Of an SRV the numbers are taken from *numbers.
 */
void dns_answer_add_mx(struct dns_answer *a, const char *host,
    uint16_t preference);
void dns_answer_add_srv(struct dns_answer *a, const char *target,
    const struct dns_srv *numbers);
void dns_answer_add_txt(struct dns_answer *a, struct slice text);
void dns_answer_add_tlsa(struct dns_answer *a, const struct dns_tlsa *tlsa);
void dns_answer_add_ip(struct dns_answer *a, const struct ip *ip);

/* Replace why; text is made as printf does. */
void dns_answer_say(struct dns_answer *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Does the packet answer this very question (id, QR, name, type, class)?  A
 * FORMERR or NOTIMP may come without any question: such a server has not read
 * so far.
 */
bool dns_answer_matches(struct slice packet, struct slice name,
    enum dns_type type, uint16_t id);

/* Is its TC bit set?  (Only for packets that match.) */
bool dns_answer_is_truncated(struct slice packet);

/*
 * Read a matching packet into *out (freed by dns_answer_free).  Whatever is
 * wrong with it makes status DNS_SOFT with the reason in why.
 * A negative counts only from a server that recurses (RA) or is authoritative
 * (AA): a referral is soft.  Types that can be read: MX, SRV, TXT, TLSA, A,
 * AAAA, PTR; and CNAME, whose target is the canonical name, with n 1.
 */
void dns_answer_parse(struct slice packet, struct slice name,
    enum dns_type type, struct dns_answer *out);

/*
 * Does it say that the server did not understand the question's OPT record: is
 * it FORMERR, NOTIMP or BADVERS?  (RFC 6891 7; 6.1.3.)
 */
bool dns_answer_refuses_edns(const struct dns_answer *a);

/*
 * The same of a raw question: the packet is kept as it is, for as long as its
 * records may be.
 */
void dns_answer_parse_raw(struct slice packet, enum dns_type type,
    struct dns_answer *out);

/* A soft failure of our own making: no answer, no resolver; why is copied. */
struct dns_answer dns_answer_soft(enum dns_type type, const char *why);

/*
 * "10 mx1.example.org, 20 mx2.example.org" by preference, "192.0.2.1",
 * "NXDOMAIN", ...; an SRV as in a zone: "0 1 587 mail.example.org"; a TXT in
 * quotes, escaped; a TLSA as dns_tlsa_put() has it.
 */
void dns_answer_put(struct buf *out, const struct dns_answer *a);

/* "3 1 1 0123abcd..."; of what is long only the first 64 octets. */
void dns_tlsa_put(struct buf *out, const struct dns_tlsa *tlsa);

/* "MX", "AAAA", ...; "found", "nodata", "nxdomain", "soft": for events. */
const char *dns_type_name(enum dns_type type);
const char *dns_status_name(enum dns_status status);

#endif
