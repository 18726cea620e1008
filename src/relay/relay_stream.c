/* SPDX-License-Identifier: ISC */
/*
 * relay_stream.c - the connection that curl has made, as a kind of stream.
 *
 * curl reads one TLS record at a time and keeps what did not fit: a read that
 * filled the buffer says `readable`, and another one follows.  The descriptor
 * is curl's; free gives all of it back.  After take nobody but the stream knows
 * the relay.
 */
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "relay/relay_impl.h"

static enum io
again(struct stream *s, short events)
{
	s->events = events;
	return IO_AGAIN;
}

/* An end without close_notify is an end (tls.h); what else fails is broken. */
static enum io
broken(struct stream *s, CURLcode code)
{
	const struct relay *r = s->state;

	struct buf why = { 0 };

	relay_reason_put(&why, r, code);
	snprintf(s->error, sizeof s->error, "%s", buf_str(&why));
	buf_free(&why);
	return strstr(s->error, "unexpected eof") ? IO_END : IO_ERROR;
}

static enum io
relay_read(struct stream *s, char *to, size_t max, size_t *n)
{
	struct relay *r = s->state;
	CURLcode code = curl_easy_recv(r->easy, to, max, n);

	s->readable = code == CURLE_OK && *n == max;
	if (code == CURLE_OK)
		return *n > 0 ? IO_OK : IO_END;
	*n = 0;
	return code == CURLE_AGAIN ? again(s, POLLIN) : broken(s, code);
}

static enum io
relay_write(struct stream *s, struct slice data, size_t *n)
{
	struct relay *r = s->state;
	CURLcode code = curl_easy_send(r->easy, data.p, data.n, n);

	if (code == CURLE_OK && *n > 0) {
		s->given += *n;
		return IO_OK;
	}
	*n = 0;
	if (code == CURLE_OK || code == CURLE_AGAIN)
		return again(s, POLLOUT);
	return broken(s, code);
}

static enum io
relay_flush(struct stream *s)
{
	(void)s;
	return IO_OK;
}

/* Under TLS more octets leave than are written; its lowest BIO counts them. */
static uint64_t
relay_arrived(const struct stream *s)
{
	const SSL *ssl = relay_ssl(s->state);
	BIO *wire = ssl ? SSL_get_wbio(ssl) : NULL;

	return stream_acknowledged(s, wire ? BIO_number_written(wire)
					   : s->given);
}

/* curl's own close says close_notify. */
static void
relay_shutdown(struct stream *s)
{
	(void)s;
}

static void
relay_stream_free(struct stream *s)
{
	relay_free(s->state);
	s->state = NULL;
	s->fd = -1;
}

const struct stream_ops relay_stream_ops = {
	.read = relay_read,
	.write = relay_write,
	.flush = relay_flush,
	.arrived = relay_arrived,
	.shutdown = relay_shutdown,
	.free = relay_stream_free,
};
