/* SPDX-License-Identifier: ISC */
/*
 * proxyline.h - the header of HAProxy's PROXY protocol: before all else on a
 * connection, for whom a proxy speaks (proxy-protocol.txt, 2.1 and 2.2).
 */
#ifndef BASE_PROXYLINE_H
#define BASE_PROXYLINE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/inet.h"

struct proxyline {
	unsigned version;	/* 1 or 2; 0 = none is said */
	bool local;		/* v2 LOCAL; v1 UNKNOWN: nobody in particular */
	/* The client and where it came to; an address without version, or port
	 * 0, is that of the connection itself. */
	struct endpoint from, to;
};

/*
 * "v1", "v2", with ":unknown" (v1) or ":local" (v2), or with
 * ":SRC[:PORT][,DST[:PORT]]", IP addresses, of IPv6 in [].  False with what is
 * wrong, a static text.
 */
bool proxyline_parse(struct slice text, struct proxyline *out,
    const char **wrong);

/*
 * Append the octets for a connection between these two ends.  Addresses of two
 * families are both said as IPv6.  An end that is no internet address (a
 * socket of this machine) makes it UNKNOWN.
 */
void proxyline_put(struct buf *out, const struct proxyline *p,
    const struct endpoint *local, const struct endpoint *peer);

/* The same for people: "PROXY TCP4 192.0.2.1 127.0.0.1 4711 25". */
void proxyline_describe(struct buf *out, const struct proxyline *p,
    const struct endpoint *local, const struct endpoint *peer);

#endif
