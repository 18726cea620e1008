/* SPDX-License-Identifier: ISC */
/*
 * tls.h - TLS >= 1.2 by OpenSSL, as a kind of stream.
 *
 * The code lives in a module (net/module.h): it is called by its table.
 *
 * A struct tls_context is made once per run, lazily, while a greeting is
 * awaited (it costs 3 ms; loading a CA bundle would cost 50, the hashed
 * directory nothing).  start() puts TLS onto an open clear stream; step() the
 * handshake until it is done; from then on the stream carries TLS.  Our
 * Finished is not flushed by itself: it leaves with the first command in one
 * write, so whoever has nothing to write yet (SMTPS: the greeting comes first)
 * calls stream_flush(), as always when s->unsent.
 *
 * An end without close_notify reads as IO_END like an orderly one (SMTP replies
 * end by their own CRLF); stream_error() then says so.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "base/outcome.h"
#include "base/policy.h"
#include "base/tls_result.h"
#include "net/stream.h"
#include "net/tls_facts.h"

/* Which TLS a person wants to see; all zero: what is best. */
struct tls_terms {
	unsigned char min, max;	/* 2 = TLS 1.2, 3 = TLS 1.3; 0 = the usual */
	const char *ciphers;	/* OpenSSL's names, joined by ':'; or NULL */
	const char *groups;	/* the same, for the key exchange */
	const char *save;	/* put the chains that servers send into it, as
				   PEM; or NULL */
	const char *keylog;	/* append each connection's secrets to it, in
				   NSS's format; or NULL */
};

struct tls_config {
	const char *ca;		/* --ca: file or hashed directory; NULL = the
				   system's */
	const char *cert, *key; /* client certificate, PEM; NULL = none */
	struct tls_terms terms; /* a client's */
};

/* What a client wants of one connection. */
struct tls_demand {
	const char *host;	/* who it is with: SNI, unless it is an address
				   literal, and the name to verify ... */
	const char *name;	/* ... unless this is (--tls-name); or NULL */
	enum tls_level level;	/* chain and name are always checked; VERIFY
				   makes a bad one fail the handshake, DANE one
				   that no record names */
	const struct dane *dane; /* the host's TLSA records, used only while it
				   begins, or NULL; with a lower level they
				   make the verdict, and nothing depends on it.
				   Where no key or certificate is in any of them
				   that can be read, DANE is ENCRYPT (RFC 7672
				   2.2) */
	bool dane_only;		/* ... or fails */
};

struct dane;
struct tls_context;

enum tls_step { TLS_BUSY, TLS_DONE, TLS_FAILED };

struct tls_module {
	/*
	 * What all connections of a client share.  NULL with *why when a file
	 * of the config is unusable (tls_files.h) or memory is short.
	 */
	struct tls_context *(*client)(const struct tls_config *config,
	    struct outcome *why);

	/*
	 * A server's, with the certificate of the config; or, where that names
	 * none, with a self-signed one for name that is made now.
	 */
	struct tls_context *(*server)(const char *name,
	    const struct tls_config *config, struct outcome *why);

	void (*context_free)(struct tls_context *c);

	/* Begin a handshake on s, a client's or a server's. */
	bool (*start)(struct stream *s, struct tls_context *c,
	    const struct tls_demand *demand, struct outcome *why);
	bool (*accept)(struct stream *s, struct tls_context *c,
	    struct outcome *why);

	/*
	 * Go on with it.  TLS_BUSY: poll s->events.  TLS_FAILED fills *why
	 * (STAGE_TLS, DEFERRED; 4.7.5 for certificates).
	 */
	enum tls_step (*step)(struct stream *s, struct outcome *why);

	/*
	 * After TLS_DONE: put an EVENT_TLS (a server's has no verdict);
	 * "TLSv1.3".  After TLS_FAILED the event shows the certificate that
	 * was not trusted, if it was that.
	 */
	void (*report)(const struct stream *s, struct events *q,
	    unsigned lane);
	const char *(*version)(const struct stream *s);

	/* What a client's was held to in the end: see struct tls_demand. */
	enum tls_level (*level)(const struct stream *s);

	/*
	 * After TLS_DONE of a client, whether chain and name are good, and
	 * after TLS_FAILED what was not, in the words of TLS reports.
	 */
	enum tls_result_type (*result)(const struct stream *s);

	/*
	 * After TLS_DONE of a client: all that the other side has shown, its
	 * chain with every fault; to be given back by facts_free().
	 */
	void (*facts)(const struct stream *s, struct tls_facts *out);
	void (*facts_free)(struct tls_facts *f);
};

extern const struct tls_module tls_module;

#endif
