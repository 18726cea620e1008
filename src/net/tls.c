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

#include "net/tls_state.h"

#define OUT_SOFT 65536	/* above it a write waits for the network */

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

enum io
tls_push(struct stream *s)
{
	struct tls *t = s->state;
	enum io io;
	size_t n;

	t->held = false;
	if (t->out.n == 0)
		return IO_OK;
	io = stream_write(&t->raw, buf_slice(&t->out), &n);
	s->broken = t->raw.broken;
	buf_consume(&t->out, n);
	s->unsent = t->out.n > 0 && io != IO_ERROR;
	if (io == IO_ERROR)
		snprintf(s->error, sizeof s->error, "%s", t->raw.error);
	if (io == IO_ERROR || t->out.n == 0)
		return io;
	s->events = POLLOUT;
	return IO_AGAIN;
}

enum io
tls_fail(struct stream *s)
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
	enum io io = t->held ? IO_OK : tls_push(s);

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
		return tls_fail(s);
	fail_words(s, "connection closed without TLS close_notify");
	ERR_clear_error();
	return IO_END;
}

static enum io
tls_read(struct stream *s, char *to, size_t max, size_t *n)
{
	struct tls *t = s->state;

	for (; t->idle < TLS_IDLE_MAX; t->idle++) {
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
	enum io io = t->out.n < OUT_SOFT ? IO_OK : tls_push(s);

	if (io == IO_ERROR || t->out.n >= OUT_SOFT)
		return io;
	ERR_clear_error();
	data = slice_first(data, OUT_SOFT);
	if (SSL_write_ex(t->ssl, data.p, data.n, n) != 1)
		return tls_fail(s);
	return tls_push(s) == IO_ERROR ? IO_ERROR : IO_OK;
}

static uint64_t
tls_arrived(const struct stream *s)
{
	const struct tls *t = s->state;

	return stream_arrived(&t->raw);
}

static void
tls_shutdown(struct stream *s)
{
	struct tls *t = s->state;

	if (t->broken || !SSL_is_init_finished(t->ssl))
		return;
	SSL_shutdown(t->ssl);
	ERR_clear_error();
	tls_push(s);
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

const struct stream_ops tls_stream_ops = {
	.read = tls_read,
	.write = tls_write,
	.flush = tls_push,
	.arrived = tls_arrived,
	.shutdown = tls_shutdown,
	.free = tls_free,
};

const char *
tls_version(const struct stream *s)
{
	const struct tls *t = s->state;

	return SSL_get_version(t->ssl);
}

enum tls_level
tls_level(const struct stream *s)
{
	const struct tls *t = s->state;

	return t->level;
}

bool
tls_is_trusted(const struct stream *s)
{
	const struct tls *t = s->state;

	return SSL_get0_peer_certificate(t->ssl) &&
	    SSL_get_verify_result(t->ssl) == X509_V_OK;
}

enum tls_result_type
tls_result(const struct stream *s)
{
	const struct tls *t = s->state;

	if (tls_is_trusted(s))
		return TLS_RESULT_OK;
	switch (SSL_get_verify_result(t->ssl)) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_RESULT_HOST_MISMATCH;
	case X509_V_ERR_DANE_NO_MATCH:
		return TLS_RESULT_TLSA_INVALID;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_RESULT_EXPIRED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return TLS_RESULT_NOT_TRUSTED;
	default:
		return TLS_RESULT_FAILURE;
	}
}

const struct tls_module tls_module = {
	.client = tls_client_context,
	.server = tls_server_context,
	.context_free = tls_context_free,
	.start = tls_start,
	.accept = tls_accept,
	.step = tls_step,
	.report = tls_report,
	.version = tls_version,
	.result = tls_result,
	.level = tls_level,
	.facts = tls_facts,
	.facts_free = tls_facts_free,
};
