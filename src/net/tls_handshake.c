/* SPDX-License-Identifier: ISC */
/* tls_handshake.c - from a clear stream to one under TLS; see tls.h */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/inet.h"
#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_state.h"
#include "route/dane.h"

#define OUT_MAX 262144 /* above it the peer is mad (key updates) */

/* Keep the leaf that fails: OpenSSL forgets it with the handshake. */
static int
on_verify(int ok, X509_STORE_CTX *x)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);
	X509 *leaf = X509_STORE_CTX_get0_cert(x);

	if (!ok && !t->refused && leaf && X509_up_ref(leaf) == 1)
		t->refused = leaf;
	return ok;
}

/* A call may take in many messages; this is where each is counted. */
static void
on_message(int sent, int version, int type, const void *p, size_t n, SSL *ssl,
    void *user)
{
	struct tls *t = user;

	(void)version, (void)p, (void)n, (void)ssl;
	if (!sent && type == SSL3_RT_HANDSHAKE)
		t->idle++;
}

/* Put an SSL under the stream; false when there is no memory for it. */
static bool
layer_new(struct stream *s, struct tls_context *c)
{
	struct tls *t = mem_alloc(sizeof *t);
	BIO *wire = BIO_new(c->wire);

	t->ssl = SSL_new(c->ctx);
	t->out.max = OUT_MAX;
	stream_open(&t->raw, s->fd);
	t->raw.given = s->given;
	if (!t->ssl || !wire || SSL_set_app_data(t->ssl, t) != 1) {
		BIO_free(wire);
		SSL_free(t->ssl);
		free(t);
		return false;
	}
	BIO_set_data(wire, t);
	BIO_set_init(wire, 1);
	SSL_set_bio(t->ssl, wire, wire);
	SSL_set_msg_callback(t->ssl, on_message);
	SSL_set_msg_callback_arg(t->ssl, t);
	s->ops = &tls_stream_ops;
	s->state = t;
	s->readable = false;
	return true;
}

static bool
start_fail(struct outcome *why)
{
	ERR_clear_error();
	return outcome_fail(why, DEFERRED, STAGE_TLS, ESC(4, 3, 0),
	    "cannot start TLS: no memory, no randomness or a bad host name");
}

/* Whom the certificate must be for, and what SNI asks for (RFC 6066). */
static bool
set_peer(struct tls *t)
{
	struct ip ip;

	if (!tls_name_demand(SSL_get0_param(t->ssl), t->name))
		return false;
	if (ip_parse(slice_of(t->name), &ip))
		return true;
	memcpy(t->sni, t->name, sizeof t->sni);
	return SSL_set_tlsext_host_name(t->ssl, t->sni) == 1;
}

/*
 * Under "may" weak keys of an old server are still better than clear text; the
 * verdict on the certificate keeps the system's measure.
 */
static void
set_level(SSL *ssl, enum tls_level level)
{
	int strength = SSL_get_security_level(ssl);

	SSL_set_verify(ssl,
	    level >= TLS_VERIFY ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, on_verify);
	X509_VERIFY_PARAM_set_auth_level(SSL_get0_param(ssl), strength);
	if (level != TLS_MAY)
		return;
	SSL_set_security_level(ssl, strength < 1 ? strength : 1);
	SSL_set_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT);
}

/* Who it must be, by TLSA records where there are any; false: why. */
static bool
demand_peer(struct tls *t, struct tls_context *c, const struct tls_demand *d,
    struct outcome *why)
{
	bool dane = d->dane != NULL;

	if (dane) {
		snprintf(t->name, sizeof t->name, "%s", d->dane->base);
		memcpy(t->sni, t->name, sizeof t->sni);
		if (!tls_dane_demand(t, c->ctx, d->dane))
			return start_fail(why);
	}
	if (t->dane == TLS_DANE_UNUSABLE && d->dane_only)
		return outcome_fail(why, DEFERRED, STAGE_TLS, ESC(4, 7, 5),
		    "%s: no TLSA record of %s has a key or certificate that "
		    "can be read", d->host, d->dane->base);
	t->level = t->dane == TLS_DANE_UNUSABLE ? TLS_ENCRYPT : d->level;
	set_level(t->ssl, t->level);
	return dane || set_peer(t) || start_fail(why);
}

bool
tls_start(struct stream *s, struct tls_context *c,
    const struct tls_demand *demand, struct outcome *why)
{
	struct tls *t;

	if (!layer_new(s, c))
		return start_fail(why);
	t = s->state;
	snprintf(t->host, sizeof t->host, "%s", demand->host);
	tls_name_plain(t->name, demand->name ? demand->name : demand->host);
	SSL_set_connect_state(t->ssl);
	return demand_peer(t, c, demand, why);
}

bool
tls_accept(struct stream *s, struct tls_context *c, struct outcome *why)
{
	struct tls *t;

	if (!layer_new(s, c))
		return start_fail(why);
	t = s->state;
	SSL_set_accept_state(t->ssl);
	return true;
}

static enum tls_step
handshake_fail(struct stream *s, struct outcome *why)
{
	struct tls *t = s->state;
	bool certificate = tls_reason_is_certificate();

	tls_push(s); /* our alert */
	tls_fail(s);
	outcome_fail(why, DEFERRED, STAGE_TLS,
	    certificate ? ESC(4, 7, 5) : ESC(4, 7, 0), "%s %s: %s%s",
	    certificate ? "certificate of" : "TLS handshake with",
	    t->host[0] != '\0' ? t->host : "the client",
	    certificate && t->dane == TLS_DANE_DEMANDED ?
	    "by its TLSA records: " : "", s->error);
	outcome_set_host(why, slice_of(t->host), NULL);
	return TLS_FAILED;
}

/* A server's last flight goes out at once, a client's waits. */
static enum tls_step
handshake_done(struct stream *s, struct outcome *why)
{
	struct tls *t = s->state;

	t->idle = 0;
	s->readable = SSL_has_pending(t->ssl) == 1;
	t->held = !SSL_is_server(t->ssl);
	s->unsent = t->out.n > 0;
	if (!t->held && tls_push(s) == IO_ERROR)
		return handshake_fail(s, why);
	return TLS_DONE;
}

/* One turn of the handshake: what OpenSSL wants, and out with its flight. */
static enum tls_step
handshake_turn(struct stream *s, struct outcome *why)
{
	struct tls *t = s->state;
	int got;

	t->starved = false;
	ERR_clear_error();
	got = SSL_do_handshake(t->ssl);
	if (got == 1)
		return handshake_done(s, why);
	if (SSL_get_error(t->ssl, got) != SSL_ERROR_WANT_READ)
		return handshake_fail(s, why);
	s->events = POLLIN;
	if (tls_push(s) == IO_ERROR)
		return handshake_fail(s, why);
	return TLS_BUSY;
}

enum tls_step
tls_step(struct stream *s, struct outcome *why)
{
	struct tls *t = s->state;

	for (unsigned i = 0; i < TLS_IDLE_MAX; i++) {
		enum tls_step step = handshake_turn(s, why);

		if (step != TLS_BUSY || t->starved)
			return step;
	}
	return handshake_fail(s, why);
}
