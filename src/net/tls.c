/* SPDX-License-Identifier: ISC */
/*
 * tls.c - TLS as a kind of stream; see tls.h
 *
 * OpenSSL reads from the socket and writes into t->out, which we push out
 * ourselves: one network write for a flight however many records it has, and
 * the client's Finished waits there (t->held) to leave with the first command.
 *
 * An end of the connection without close_notify is IO_END as well: every SMTP
 * reply ends by its own CRLF, so a truncation cannot pass for a shorter reply,
 * and many servers just close.  stream_error() tells the difference.
 */
#include "net/tls.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/inet.h"
#include "base/mem.h"
#include "net/tls_state.h"

#define OUT_SOFT 65536	/* above it a write waits for the network */
#define OUT_MAX	 262144 /* above it the peer is mad (key updates) */
#define IDLE_MAX 1000	/* messages without data, in a row */

static int
wire_read(BIO *b, char *to, size_t max, size_t *n)
{
	struct tls *t = BIO_get_data(b);
	enum io io = stream_read(&t->raw, to, max, n);
	size_t room = sizeof t->seen - t->nseen;

	BIO_clear_retry_flags(b);
	t->starved = io == IO_AGAIN;
	t->ended = io == IO_END;
	if (t->starved)
		BIO_set_retry_read(b);
	if (io != IO_OK)
		return 0;
	memcpy(t->seen + t->nseen, to, *n < room ? *n : room);
	t->nseen += *n < room ? *n : room;
	return 1;
}

static int
wire_write(BIO *b, const char *from, size_t size, size_t *n)
{
	struct tls *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	*n = buf_put(&t->out, (struct slice){ from, size }) ? size : 0;
	return *n > 0;
}

static long
wire_ctrl(BIO *b, int command, long number, void *p)
{
	(void)b, (void)number, (void)p;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
tls_wire_new(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");

	if (m && BIO_meth_set_read_ex(m, wire_read) &&
	    BIO_meth_set_write_ex(m, wire_write) &&
	    BIO_meth_set_ctrl(m, wire_ctrl))
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* One write of all there is; IO_OK when nothing is left. */
static enum io
push(struct stream *s)
{
	struct tls *t = s->state;
	enum io io;
	size_t n;

	t->held = false;
	if (t->out.n == 0)
		return IO_OK;
	io = stream_write(&t->raw, buf_slice(&t->out), &n);
	buf_consume(&t->out, n);
	s->unsent = t->out.n > 0 && io != IO_ERROR;
	if (io == IO_ERROR)
		snprintf(s->error, sizeof s->error, "%s", t->raw.error);
	if (io == IO_ERROR || t->out.n == 0)
		return io;
	s->events = POLLOUT;
	return IO_AGAIN;
}

/* The last call failed for good: say why in the stream. */
static enum io
fail(struct stream *s)
{
	struct tls *t = s->state;
	struct buf why = { .max = sizeof s->error - 1 };

	t->broken = true;
	tls_reason_put(&why, t);
	snprintf(s->error, sizeof s->error, "%s", buf_str(&why));
	buf_free(&why);
	ERR_clear_error();
	return IO_ERROR;
}

static enum io
fail_words(struct stream *s, const char *words)
{
	struct tls *t = s->state;

	t->broken = true;
	snprintf(s->error, sizeof s->error, "%s", words);
	return IO_ERROR;
}

/*
 * Nothing to read now.  What OpenSSL answered by itself (key updates) goes out,
 * but not our Finished, which still waits for the first command.
 */
static enum io
read_again(struct stream *s)
{
	struct tls *t = s->state;
	enum io io = t->held ? IO_OK : push(s);

	if (io == IO_ERROR)
		return io;
	s->events = io == IO_OK ? POLLIN : POLLIN | POLLOUT;
	return IO_AGAIN;
}

static enum io
read_end(struct stream *s, int error)
{
	struct tls *t = s->state;

	if (error == SSL_ERROR_ZERO_RETURN)
		return IO_END;
	if (!t->ended)
		return fail(s);
	fail_words(s, "connection closed without TLS close_notify");
	ERR_clear_error();
	return IO_END;
}

static enum io
tls_read(struct stream *s, char *to, size_t max, size_t *n)
{
	struct tls *t = s->state;

	for (; t->idle < IDLE_MAX; t->idle++) {
		int error;

		t->starved = false;
		s->readable = false;
		ERR_clear_error();
		if (SSL_read_ex(t->ssl, to, max, n) == 1) {
			t->idle = 0;
			s->unsent = t->out.n > 0;
			s->readable = SSL_has_pending(t->ssl) == 1;
			return IO_OK;
		}
		error = SSL_get_error(t->ssl, 0);
		if (error != SSL_ERROR_WANT_READ)
			return read_end(s, error);
		if (t->starved)
			return read_again(s);
	}
	return fail_words(s, "too many TLS messages without any data");
}

static enum io
tls_write(struct stream *s, struct slice data, size_t *n)
{
	struct tls *t = s->state;
	enum io io = t->out.n < OUT_SOFT ? IO_OK : push(s);

	if (io == IO_ERROR || t->out.n >= OUT_SOFT)
		return io;
	ERR_clear_error();
	data = slice_first(data, OUT_SOFT);
	if (SSL_write_ex(t->ssl, data.p, data.n, n) != 1)
		return fail(s);
	return push(s) == IO_ERROR ? IO_ERROR : IO_OK;
}

static enum io
tls_flush(struct stream *s)
{
	return push(s);
}

static void
tls_shutdown(struct stream *s)
{
	struct tls *t = s->state;

	if (t->broken || !SSL_is_init_finished(t->ssl))
		return;
	SSL_shutdown(t->ssl);
	ERR_clear_error();
	push(s);
}

static void
tls_free(struct stream *s)
{
	struct tls *t = s->state;

	SSL_free(t->ssl);
	X509_free(t->refused);
	buf_free(&t->out);
	free(t);
	s->state = NULL;
}

static const struct stream_ops tls_ops = {
	.read = tls_read,
	.write = tls_write,
	.flush = tls_flush,
	.shutdown = tls_shutdown,
	.free = tls_free,
};

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
	s->ops = &tls_ops;
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

/* "[192.0.2.1]", "[IPv6:::1]", "mx.example." without their wrapping. */
static void
set_name(char to[256], const char *host)
{
	struct slice s = slice_of(host);

	if (s.n > 1 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = slice_from(slice_first(s, s.n - 1), 1);
	if (slice_starts_nocase(s, SLICE("IPv6:")))
		s = slice_from(s, 5);
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	snprintf(to, 256, "%.*s", (int)s.n, s.p);
}

/* Whom the certificate must be for, and what SNI asks for (RFC 6066). */
static bool
set_peer(struct tls *t)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
	struct ip ip;

	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (ip_parse(slice_of(t->name), &ip))
		return X509_VERIFY_PARAM_set1_ip(param, ip.b,
		    ip.version == 6 ? 16 : 4) == 1;
	memcpy(t->sni, t->name, sizeof t->sni);
	return X509_VERIFY_PARAM_set1_host(param, t->name, 0) == 1 &&
	    SSL_set_tlsext_host_name(t->ssl, t->sni) == 1;
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
	    level == TLS_VERIFY ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, on_verify);
	X509_VERIFY_PARAM_set_auth_level(SSL_get0_param(ssl), strength);
	if (level != TLS_MAY)
		return;
	SSL_set_security_level(ssl, strength < 1 ? strength : 1);
	SSL_set_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT);
}

bool
tls_start(struct stream *s, struct tls_context *c, const char *host,
    enum tls_level level, struct outcome *why)
{
	struct tls *t;

	if (!layer_new(s, c))
		return start_fail(why);
	t = s->state;
	snprintf(t->host, sizeof t->host, "%s", host);
	set_name(t->name, c->name ? c->name : host);
	set_level(t->ssl, level);
	SSL_set_connect_state(t->ssl);
	return set_peer(t) || start_fail(why);
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

	push(s); /* our alert */
	fail(s);
	outcome_fail(why, DEFERRED, STAGE_TLS,
	    certificate ? ESC(4, 7, 5) : ESC(4, 7, 0), "%s %s: %s",
	    certificate ? "certificate of" : "TLS handshake with",
	    t->host[0] != '\0' ? t->host : "the client", s->error);
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
	if (!t->held && push(s) == IO_ERROR)
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
	if (push(s) == IO_ERROR)
		return handshake_fail(s, why);
	return TLS_BUSY;
}

enum tls_step
tls_step(struct stream *s, struct outcome *why)
{
	struct tls *t = s->state;

	for (unsigned i = 0; i < IDLE_MAX; i++) {
		enum tls_step step = handshake_turn(s, why);

		if (step != TLS_BUSY || t->starved)
			return step;
	}
	return handshake_fail(s, why);
}

const char *
tls_version(const struct stream *s)
{
	const struct tls *t = s->state;

	return SSL_get_version(t->ssl);
}

bool
tls_is_trusted(const struct stream *s)
{
	const struct tls *t = s->state;

	return SSL_get0_peer_certificate(t->ssl) &&
	    SSL_get_verify_result(t->ssl) == X509_V_OK;
}
