/* SPDX-License-Identifier: ISC */
/*
 * dane.h - what the TLSA records of a host demand of its TLS (RFC 7672), and
 * the finding of it: both pure.
 *
 * Usages 2 (a trust anchor) and 3 (the server's own certificate or key) count,
 * with the selectors and matching types of RFC 6698; any other record is not
 * usable (RFC 7672 3.1.3).  Whether the data of a record is a certificate or a
 * key at all only TLS can tell (net/tls.h).
 */
#ifndef ROUTE_DANE_H
#define ROUTE_DANE_H

#include "dns/answer.h"
#include "dns/name.h"

#define DANE_NAMES_MAX 4

enum { DANE_TA = 2, DANE_EE = 3 }; /* the usages */

/* Zero-initialise; what it points to is its own. */
struct dane {
	char *base;		/* the TLSA base domain: for SNI, and the first
				   of the names */
	uint16_t port;
	struct dns_tlsa *tlsa;	/* the usable ones, in the order they came */
	size_t n, total;	/* ... of so many that there were */
	char *name[DANE_NAMES_MAX]; /* for whom a certificate under usage 2 may
				   be: base, the MX host, the domain, and what
				   these are by CNAME (RFC 7672 3.2.2) */
	size_t nnames;
};

void dane_free(struct dane *d);
struct dane *dane_copy(const struct dane *from);

/* Take the usable records of an answer; false when there are none. */
bool dane_take(struct dane *d, const struct dns_answer *a);

/* One name more, once each; NULL is none. */
void dane_add_name(struct dane *d, const char *name);

/* Does one of its records name an authority, so that names are checked? */
bool dane_has_authority(const struct dane *d);

/* Append all that makes it another one, for keys: the same octets if equal. */
void dane_put_key(struct buf *out, const struct dane *d);

/* Append its records as zones have them, "3 1 1 0123...", each with LF. */
void dane_put_records(struct buf *out, const struct dane *d);

/* "_25._tcp.mx1.example.org"; false when that is too long for a name. */
bool dane_owner(const char *base, uint16_t port, char out[DNS_NAME_SIZE]);

#endif
