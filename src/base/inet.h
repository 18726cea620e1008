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

/* From the 4 or 16 bytes of an A or AAAA record; false for another length. */
bool ip_from_bytes(struct slice raw, struct ip *out);

void ip_put(struct buf *out, const struct ip *ip);
bool ip_eq(const struct ip *a, const struct ip *b);

/* IPv4-mapped IPv6 addresses are judged as the IPv4 address inside. */
bool ip_is_loopback(const struct ip *ip);
bool ip_is_unspecified(const struct ip *ip);
bool ip_is_multicast(const struct ip *ip);

/*
 * "HOST", "HOST:PORT", "[IPv6]:PORT", "[IPv6]", bare "2001:db8::1".  *host gets
 * the host without brackets, *port only changes when one was given (1..65535).
 */
bool hostport_parse(struct slice s, struct slice *host, uint16_t *port);

/* Append "192.0.2.1:25" or "[2001:db8::1]:25". */
void endpoint_put(struct buf *out, const struct endpoint *e);

#endif
