/* SPDX-License-Identifier: ISC */
/*
 * relay.h - libcurl as a connection provider for submission servers.
 *
 * libcurl connects (through a proxy where one is set), does TLS with
 * verification, EHLO and AUTH, and stops (CURLOPT_CONNECT_ONLY).  What it made
 * is handed over as a stream, under which our own session goes on with MAIL.
 *
 * The code is a module, smtpsend-relay.so, opened only when a relay is used: it
 * maps libcurl, which costs more than all the rest of a start.  The program
 * finds relay_module in it (net/door.h).  Driven by the same poll loop; no
 * threads of ours, no callbacks upwards.
 */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "base/event.h"
#include "base/inet.h"
#include "base/outcome.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/wait.h"
#include "relay/fetch.h"
#include "relay/https.h"

#define RELAY_DOOR                                        \
	{                                                 \
		"smtpsend-relay.so", "relay_module",      \
		    "it belongs to smtpsend; libcurl is in the package " \
		    "libcurl4"                            \
	}

enum relay_auth_kind { RELAY_NO_AUTH, RELAY_PASSWORD, RELAY_TOKEN };

/* All strings are borrowed until relay_open() returns; NULL = not given. */
struct relay_call {
	const char *host;	/* name, or address without brackets */
	uint16_t port;
	const char *addresses;	/* where that is: "192.0.2.1,2001:db8::1" */
	bool implicit_tls;	/* 465; else STARTTLS is required */
	bool in_clear;		/* no TLS at all: loopback only, for tests */
	const char *helo;	/* our name; NULL: a literal of source, else of
				   127.0.0.1, as our end of the connection is
				   not known when libcurl wants the name */
	const char *ca, *cert, *key, *tls_name;
	struct tls_terms terms;
	const char *proxy;	/* "socks5h://host:port", "http://host:port" */
	struct ip source;
	enum relay_auth_kind auth;
	const char *user;
	const char *secret;	/* password or token; wipe your own */
	const char *mechanism;	/* the only one allowed, or NULL */
	int64_t timeout;	/* for all of connecting, microseconds */
};

enum relay_state { RELAY_BUSY, RELAY_READY, RELAY_FAILED };

struct relay;

struct relay_module {
	const char *(*library)(void); /* "libcurl/7.88.1 ..." */

	/*
	 * Begin.  NULL with *why for what cannot be tried (FAILED,
	 * STAGE_CONFIG): a control byte in user, secret, helo or proxy, an
	 * unknown mechanism or one without what it needs, a bad proxy or host
	 * name, an unreadable file, no TLS off loopback.  EXTERNAL and GSSAPI
	 * are only used when they are the mechanism; they go with
	 * RELAY_NO_AUTH, EXTERNAL with a cert.
	 */
	struct relay *(*open)(const struct relay_call *call,
	    struct events *events, unsigned lane, struct outcome *why);

	void (*wait)(struct relay *r, struct wait *w);

	/*
	 * RELAY_FAILED fills *why, always DEFERRED (FAULTS row 89, row 39):
	 * the stage is CONNECT, TLS, GREETING, EHLO, HELO, STARTTLS or AUTH.
	 * With a code the text is the relay's own, and `ours` may say more
	 * ("the relay refused the password of user joe").  timeout counts from
	 * the first step.
	 */
	enum relay_state (*step)(struct relay *r, const struct wait *w,
	    int64_t now, struct outcome *why);

	/* RELAY_READY: the last EHLO reply's text, as struct reply has it. */
	struct slice (*ehlo)(const struct relay *r);
	const char *(*tls)(const struct relay *r); /* "TLSv1.3"; "" = clear */
	/* Whom the socket is connected to: the proxy, where there is one. */
	void (*peer)(const struct relay *r, struct endpoint *at);

	/* RELAY_READY: *s becomes the connection and takes the relay over. */
	void (*take)(struct relay *r, struct stream *s);

	/* Give up; not after take. */
	void (*close)(struct relay *r);

	/* No relay at all, but libcurl is here: https.h. */
	bool (*post)(const struct https_post *p, struct outcome *why);

	/* ... nor here: fetch.h. */
	const struct fetch_ops *fetch;
};

extern const struct relay_module relay_module;

#endif
