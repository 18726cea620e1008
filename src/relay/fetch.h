/* SPDX-License-Identifier: ISC */
/*
 * fetch.h - one file over HTTPS, by libcurl: the policies of MTA-STS (RFC 8461
 * 3.3).
 *
 * TLS 1.2 or more, with a certificate of a known authority for the very host;
 * no redirects, no proxy, nothing of the environment; nothing but "200".  Part
 * of the relay module (relay.h), driven by the same poll loop.
 */
#ifndef RELAY_FETCH_H
#define RELAY_FETCH_H

#include "base/outcome.h"
#include "net/wait.h"

/* All strings are borrowed until open() returns. */
struct fetch_call {
	const char *host;	/* of dns_name_parse() */
	const char *path;	/* "/.well-known/mta-sts.txt" */
	const char *addresses;	/* where it is: "192.0.2.1,2001:db8::1" */
	const char *ca;		/* as struct tls_config has it */
	size_t max;		/* octets that are taken */
	int64_t timeout;	/* for all of it, microseconds */
};

enum fetch_state { FETCH_BUSY, FETCH_DONE, FETCH_FAILED };

struct fetch;

struct fetch_ops {
	/* Begin; NULL with *why when the ca cannot be read. */
	struct fetch *(*open)(const struct fetch_call *call,
	    struct outcome *why);

	void (*wait)(struct fetch *f, struct wait *w);

	/* FETCH_FAILED fills *why, always DEFERRED; it may hold any octets. */
	enum fetch_state (*step)(struct fetch *f, const struct wait *w,
	    int64_t now, struct outcome *why);

	/* FETCH_DONE: what was fetched, and its Content-Type, "" = none. */
	struct slice (*text)(const struct fetch *f);
	struct slice (*type)(const struct fetch *f);

	void (*close)(struct fetch *f);
};

extern const struct fetch_ops fetch_ops;

#endif
