/* SPDX-License-Identifier: ISC */
/* inet.h - IP addresses as plain values, without sockets. */
#ifndef BASE_INET_H
#define BASE_INET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct ip {
	unsigned char version;	/* 4 or 6; 0 = none */
	unsigned char b[16];	/* network order; the first 4 for version 4 */
	uint32_t scope;		/* interface of a link-local address, or 0 */
};

struct endpoint {
	struct ip ip;
	uint16_t port;
};

/* "192.0.2.1", "2001:db8::1"; no brackets, no port, no zone. */
bool ip_parse(struct slice s, struct ip *out);

/*
 * An address literal (RFC 5321 4.1.3): "[192.0.2.1]", "[IPv6:2001:db8::1]".
 * The tag may be missing, as many leave it out: "[2001:db8::1]".
 */
bool ip_literal_parse(struct slice s, struct ip *out);

/* The same, as it is on the wire: with the tag. */
void ip_literal_put(struct buf *out, const struct ip *ip);

/* From the 4 or 16 bytes of an A or AAAA record; false for another length. */
bool ip_from_bytes(struct slice raw, struct ip *out);

/* With the number of its interface, if it has one: "fe80::1%2". */
void ip_put(struct buf *out, const struct ip *ip);
bool ip_eq(const struct ip *a, const struct ip *b);

/*
 * An IPv4-mapped IPv6 address (::ffff:192.0.2.1, RFC 4291 2.5.5.2) as the IPv4
 * address that it is; others as they are.
 */
struct ip ip_unmap(const struct ip *ip);

/*
 * IPv4-mapped addresses are judged as the IPv4 address inside.  Loopback:
 * 127/8, ::1.  Unspecified: 0/8, "this host" (RFC 1122 3.2.1.3), and ::.
 * Multicast, with what is no better as a target: 224/4, 240/4 with the
 * broadcast address, ff00::/8.  Link-local: 169.254/16 (RFC 3927), fe80::/10.
 */
bool ip_is_loopback(const struct ip *ip);

/* Not out in the internet: loopback, link-local, RFC 1918, RFC 4193. */
bool ip_is_private(const struct ip *ip);
bool ip_is_unspecified(const struct ip *ip);
bool ip_is_multicast(const struct ip *ip);
bool ip_is_link_local(const struct ip *ip);

/*
 * "HOST", "HOST:PORT", "[IPv6]:PORT", "[IPv6]", bare "2001:db8::1".  *host gets
 * the host without brackets, *port only changes when one was given (1..65535).
 */
bool hostport_parse(struct slice s, struct slice *host, uint16_t *port);

/* Append "192.0.2.1:25" or "[2001:db8::1]:25". */
void endpoint_put(struct buf *out, const struct endpoint *e);

#endif
