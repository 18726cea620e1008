/* SPDX-License-Identifier: ISC */
/*
 * tls.h - TLS >= 1.2 by OpenSSL, as a kind of stream.
 *
 * A struct tls_context is made once per run, lazily, while a greeting is
 * awaited (it costs 3 ms; loading a CA bundle would cost 50, the hashed
 * directory nothing).  tls_start() puts TLS onto an open clear stream; step the
 * handshake until it is done; from then on the stream carries TLS.  Our
 * Finished is not flushed by itself: it leaves with the first command in one
 * write, so who has nothing to write yet (SMTPS: the greeting comes first)
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
#include "net/stream.h"

struct tls_config {
	const char *ca;		/* --ca: file or hashed directory; NULL = the
				   system's */
	const char *cert, *key; /* client certificate, PEM; NULL = none */
	const char *name;	/* --tls-name: SNI and name to verify; NULL =
				   the host */
};

struct tls_context;

/* NULL with *why (STAGE_CONFIG) when a file of the config is unusable. */
struct tls_context *tls_client_context(const struct tls_config *config,
    struct outcome *why);

/* A server's, with a self-signed certificate for name made now (P-256). */
struct tls_context *tls_server_context(const char *name, struct outcome *why);
void tls_context_free(struct tls_context *c);

enum tls_step { TLS_BUSY, TLS_DONE, TLS_FAILED };

/*
 * Begin a client handshake on s for host (the SNI, unless it is an address
 * literal or config.name is set), or a server's one.  The chain and name are
 * always checked; level VERIFY makes a bad one fail the handshake.
 */
bool tls_start(struct stream *s, struct tls_context *c, const char *host,
    enum tls_level level, struct outcome *why);
bool tls_accept(struct stream *s, struct tls_context *c, struct outcome *why);

/*
 * Go on with the handshake.  TLS_BUSY: poll s->events.  TLS_FAILED fills *why
 * (STAGE_TLS, DEFERRED; 4.7.5 for certificates).
 */
enum tls_step tls_step(struct stream *s, struct outcome *why);

/*
 * After TLS_DONE: put an EVENT_TLS (a server's has no verdict); "TLSv1.3";
 * trusted chain and name?
 */
void tls_report(const struct stream *s, struct events *q, unsigned lane);
const char *tls_version(const struct stream *s);
bool tls_is_trusted(const struct stream *s);

/* For --version: "OpenSSL 3.0.19 27 Jan 2026". */
const char *tls_library_version(void);

#endif
