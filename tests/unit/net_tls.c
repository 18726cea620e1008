/* SPDX-License-Identifier: ISC */
/*
 * net_tls.c - client and server in one process, over sockets.
 *
 * A world is a client and a server with a wire between them that the test pumps
 * itself: the client's end keeps the borders of its writes (SOCK_SEQPACKET), so
 * that flights can be counted.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/pem.h>

#include "net/tls.h"
#include "net/tls_state.h"

#define DEMAND(who, how) \
	((const struct tls_demand){ .host = (who), .level = (how) })

struct world {
	struct tls_context *cc, *sc;
	struct stream client, server;
	int cwire, swire;	/* the test's ends */
	unsigned flights;	/* writes of the client that were seen */
	struct outcome cwhy, swhy;
};

static void
pair(int type, int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
}

static void
world_wire(struct world *w)
{
	int c[2], s[2];

	pair(SOCK_SEQPACKET, c);
	pair(SOCK_STREAM, s);
	stream_open(&w->client, c[0]);
	stream_open(&w->server, s[0]);
	w->cwire = c[1];
	w->swire = s[1];
}

/* Begin the handshake of both ends. */
static void
world_start(struct world *w, const struct tls_demand *demand)
{
	struct outcome why;

	assert_true(tls_start(&w->client, w->cc, demand, &why));
	assert_true(tls_accept(&w->server, w->sc, &why));
}

static void
world_demand(struct world *w, const struct tls_config *config,
    struct tls_context *server, const struct tls_demand *demand)
{
	struct outcome why;

	*w = (struct world){ .sc = server };
	assert_non_null(server);
	w->cc = tls_client_context(config, &why);
	assert_non_null(w->cc);
	world_wire(w);
	world_start(w, demand);
}

static void
world_open(struct world *w, const struct tls_config *config,
    struct tls_context *server, const char *host, enum tls_level level)
{
	const struct tls_demand demand = { .host = host, .level = level };

	world_demand(w, config, server, &demand);
}

static struct tls_context *
server_for(const char *name)
{
	struct outcome why;

	return tls_server_context(name, &(struct tls_config){ 0 }, &why);
}

static void
world_close(struct world *w)
{
	stream_close(&w->client);
	stream_close(&w->server);
	tls_context_free(w->cc);
	tls_context_free(w->sc);
	close(w->cwire);
	close(w->swire);
}

static void
hand_over(int to, const char *data, ssize_t n)
{
	assert_int_equal(send(to, data, (size_t)n, MSG_NOSIGNAL), n);
}

/* Carry what lies on the wire; counts the client's writes. */
static void
pump(struct world *w)
{
	static char data[300000];
	ssize_t n;

	while ((n = recv(w->cwire, data, sizeof data, 0)) > 0) {
		w->flights++;
		hand_over(w->swire, data, n);
	}
	while ((n = recv(w->swire, data, 30000, 0)) > 0)
		hand_over(w->cwire, data, n);
}

/* Step both ends until neither is busy or the client alone is done. */
static enum tls_step
shake(struct world *w)
{
	enum tls_step c = TLS_BUSY, s = TLS_BUSY;

	for (int i = 0; i < 20000 && c == TLS_BUSY; i++) {
		c = tls_step(&w->client, &w->cwhy);
		pump(w);
		if (s == TLS_BUSY)
			s = tls_step(&w->server, &w->swhy);
		pump(w);
	}
	return c;
}

/* The client's Finished has arrived: let the server see it. */
static void
finish_server(struct world *w)
{
	assert_int_equal(stream_flush(&w->client), IO_OK);
	pump(w);
	if (!SSL_is_init_finished(((struct tls *)w->server.state)->ssl))
		assert_int_equal(tls_step(&w->server, &w->swhy), TLS_DONE);
}

static void
say(struct stream *s, const char *text)
{
	size_t n;

	assert_int_equal(stream_write(s, slice_of(text), &n), IO_OK);
	assert_int_equal(n, strlen(text));
	assert_int_equal(stream_flush(s), IO_OK);
}

static void
hear(struct stream *s, const char *text)
{
	char got[256];
	size_t n;

	assert_int_equal(stream_read(s, got, sizeof got - 1, &n), IO_OK);
	got[n] = '\0';
	assert_string_equal(got, text);
}

/* DESIGN 6: ClientHello; Finished together with the first command. */
static void
test_finished_leaves_with_the_first_command(void **state)
{
	struct tls_config none = { 0 };
	struct world w;

	(void)state;
	world_open(&w, &none, server_for("mx.example"), "mx.example", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	assert_string_equal(tls_version(&w.client), "TLSv1.3");
	assert_int_equal(w.flights, 1);
	say(&w.client, "EHLO me\r\n");
	pump(&w);
	assert_int_equal(w.flights, 2);
	assert_int_equal(tls_step(&w.server, &w.swhy), TLS_DONE);
	hear(&w.server, "EHLO me\r\n");
	say(&w.server, "250 hi\r\n");
	pump(&w);
	hear(&w.client, "250 hi\r\n");
	world_close(&w);
}

/* SMTPS: the greeting comes first, so the flush is all that goes out. */
static void
test_flush_lets_the_server_begin(void **state)
{
	struct tls_config none = { 0 };
	struct world w;
	char to[9];
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("mx.example"), "mx.example", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	assert_int_equal(stream_read(&w.client, to, 9, &n), IO_AGAIN);
	pump(&w);
	assert_int_equal(w.flights, 1);
	assert_true(w.client.unsent);
	finish_server(&w);
	assert_false(w.client.unsent);
	assert_int_equal(w.flights, 2);
	say(&w.server, "220 hi\r\n");
	pump(&w);
	hear(&w.client, "220 hi\r\n");
	world_close(&w);
}

static void
limit_version(struct tls_context *c, int version)
{
	SSL_CTX_set_min_proto_version(c->ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(c->ctx, version);
	SSL_CTX_set_cipher_list(c->ctx, "ALL:@SECLEVEL=0");
}

static void
test_versions(void **state)
{
	struct tls_config none = { 0 };
	struct world w;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_ENCRYPT);
	stream_close(&w.server);
	close(w.swire);
	stream_close(&w.client);
	close(w.cwire);
	limit_version(w.sc, TLS1_2_VERSION);
	world_wire(&w);
	world_start(&w, &DEMAND("a", TLS_ENCRYPT));
	assert_int_equal(shake(&w), TLS_DONE);
	assert_string_equal(tls_version(&w.client), "TLSv1.2");
	say(&w.client, "EHLO\r\n");
	pump(&w);
	hear(&w.server, "EHLO\r\n");
	world_close(&w);

	world_open(&w, &none, server_for("a"), "a", TLS_ENCRYPT);
	SSL_set_max_proto_version(((struct tls *)w.server.state)->ssl,
	    TLS1_1_VERSION);
	SSL_set_min_proto_version(((struct tls *)w.server.state)->ssl,
	    TLS1_VERSION);
	SSL_set_security_level(((struct tls *)w.server.state)->ssl, 0);
	assert_int_equal(shake(&w), TLS_FAILED);
	assert_int_equal(w.cwhy.verdict, DEFERRED);
	assert_int_equal(w.cwhy.stage, STAGE_TLS);
	assert_string_equal(w.cwhy.text, "TLS handshake with a: "
	    "the other side refused: protocol version");
	world_close(&w);
}

/* A server whose certificate is good between two moments from now. */
static struct tls_context *
server_between(const char *name, long from, long to)
{
	struct tls_context *c = server_for(name);
	EVP_PKEY *key;
	X509 *cert = tls_cert_make(name, from, to, &key);

	assert_non_null(cert);
	assert_int_equal(SSL_CTX_use_certificate(c->ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(c->ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	return c;
}

static void
write_cert(const char *path, struct tls_context *c)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(
	    PEM_write_X509(f, SSL_CTX_get0_certificate(c->ctx)), 1);
	fclose(f);
}

static void
make_name(char path[32])
{
	int fd;

	strncpy(path, "/tmp/net_tls.XXXXXX", 32);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
}

static const struct trust_case {
	const char *name, *cert, *host;
	long from, to;
	bool known;
	enum tls_level level;
	bool done, trusted;
	const char *why;
} trust_cases[] = {
	{ "good", "mx.example", "mx.example", -60, 600, true, TLS_VERIFY, true,
	    true, "" },
	{ "case and dot", "mx.example", "MX.Example.", -60, 600, true,
	    TLS_VERIFY, true, true, "" },
	{ "wildcard", "*.mx.example", "a.mx.example", -60, 600, true,
	    TLS_VERIFY, true, true, "" },
	{ "address", "mx.example", "[127.0.0.1]", -60, 600, true, TLS_VERIFY,
	    true, true, "" },
	{ "address 6", "mx.example", "[IPv6:::1]", -60, 600, true, TLS_VERIFY,
	    true, true, "" },
	{ "other address", "mx.example", "192.0.2.1", -60, 600, true,
	    TLS_VERIFY, false, false, "certificate of 192.0.2.1: name "
	    "mismatch: certificate is for mx.example, localhost, 127.0.0.1, "
	    "::1" },
	{ "name", "a.example", "b.example", -60, 600, true, TLS_VERIFY, false,
	    false, "certificate of b.example: name mismatch: certificate is "
	    "for a.example, localhost, 127.0.0.1, ::1" },
	{ "name, may", "a.example", "b.example", -60, 600, true, TLS_MAY, true,
	    false, "name mismatch: certificate is for a.example, localhost, "
	    "127.0.0.1, ::1" },
	{ "unknown", "mx.example", "mx.example", -60, 600, false, TLS_VERIFY,
	    false, false, "certificate of mx.example: self-signed "
	    "certificate" },
	{ "unknown, may", "mx.example", "mx.example", -60, 600, false, TLS_MAY,
	    true, false, "self-signed certificate" },
	{ "unknown, encrypt", "mx.example", "mx.example", -60, 600, false,
	    TLS_ENCRYPT, true, false, "self-signed certificate" },
	{ "expired", "mx.example", "mx.example", -600, -60, true, TLS_VERIFY,
	    false, false, "certificate of mx.example: certificate has "
	    "expired" },
	{ "expired, may", "mx.example", "mx.example", -600, -60, true, TLS_MAY,
	    true, false, "certificate has expired" },
	{ "early", "mx.example", "mx.example", 600, 6000, true, TLS_VERIFY,
	    false, false, "certificate of mx.example: certificate is not yet "
	    "valid" },
};

static void
check_trust(const struct trust_case *c)
{
	struct tls_context *server = server_between(c->cert, c->from, c->to);
	struct events q = { .wanted = true };
	struct tls_config config = { 0 };
	struct event e;
	struct world w;
	char path[32];

	make_name(path);
	write_cert(path, server);
	config.ca = c->known ? path : "/etc/ssl/certs";
	world_open(&w, &config, server, c->host, c->level);
	if (!c->done) {
		assert_int_equal(shake(&w), TLS_FAILED);
		assert_string_equal(w.cwhy.text, c->why);
		assert_int_equal(w.cwhy.verdict, DEFERRED);
		assert_int_equal(w.cwhy.esc.cls, 4);
		assert_int_equal(w.cwhy.esc.detail, 5);
		assert_string_equal(w.cwhy.host, c->host);
	} else {
		assert_int_equal(shake(&w), TLS_DONE);
		assert_int_equal(tls_is_trusted(&w.client), c->trusted);
		tls_report(&w.client, &q, 3);
		assert_true(events_take(&q, &e));
		assert_true(slice_eq(event_get(&e, "why"), slice_of(c->why)));
		assert_true(slice_eq(event_get(&e, "verdict"),
		    slice_of(c->trusted ? "trusted" : "untrusted")));
	}
	events_free(&q);
	world_close(&w);
	unlink(path);
}

static void
test_trust(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof trust_cases / sizeof *trust_cases; i++) {
		print_message("    %s\n", trust_cases[i].name);
		check_trust(&trust_cases[i]);
	}
}

/* --tls-name is asked for and checked instead of the host. */
static void
test_tls_name(void **state)
{
	struct tls_context *server = server_for("real.example");
	const struct tls_demand demand = {
		.host = "192.0.2.1",
		.name = "real.example",
		.level = TLS_VERIFY,
	};
	struct tls_config config = { 0 };
	struct world w;
	char path[32];

	(void)state;
	make_name(path);
	write_cert(path, server);
	config.ca = path;
	world_demand(&w, &config, server, &demand);
	assert_int_equal(shake(&w), TLS_DONE);
	assert_true(tls_is_trusted(&w.client));
	assert_string_equal(SSL_get_servername(((struct tls *)w.server.state)
	    ->ssl, TLSEXT_NAMETYPE_host_name), "real.example");
	world_close(&w);
	unlink(path);
}

static void
assert_field(const struct event *e, const char *key, const char *want)
{
	struct slice got = event_get(e, key);

	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void
test_report(void **state)
{
	struct tls_config none = { .ca = "/etc/ssl/certs" };
	struct events q = { .wanted = true };
	struct event e;
	struct world w;

	(void)state;
	world_open(&w, &none, server_for("mx.example"), "Mx.example", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	tls_report(&w.client, &q, 3);
	assert_true(events_take(&q, &e));
	assert_int_equal(e.kind, EVENT_TLS);
	assert_int_equal(e.lane, 3);
	assert_field(&e, "version", "TLSv1.3");
	assert_field(&e, "cipher", "TLS_AES_256_GCM_SHA384");
	assert_field(&e, "subject", "CN=mx.example");
	assert_field(&e, "issuer", "CN=mx.example");
	assert_field(&e, "names", "mx.example, localhost, 127.0.0.1, ::1");
	assert_field(&e, "sni", "Mx.example");
	assert_int_equal(event_get(&e, "expires").n, 20);
	assert_int_equal(event_get(&e, "expires").p[19], 'Z');
	finish_server(&w);
	tls_report(&w.server, &q, 3);
	assert_true(events_take(&q, &e));
	assert_field(&e, "version", "TLSv1.3");
	assert_field(&e, "verdict", "");
	events_free(&q);
	world_close(&w);
}

static void
test_orderly_end(void **state)
{
	struct tls_config none = { 0 };
	struct world w;
	char to[9];
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	say(&w.server, "221 bye\r\n");
	stream_close(&w.server);
	pump(&w);
	hear(&w.client, "221 bye\r\n");
	assert_int_equal(stream_read(&w.client, to, 9, &n), IO_END);
	assert_string_equal(stream_error(&w.client), "");
	world_close(&w);
}

static void
test_truncation(void **state)
{
	struct tls_config none = { 0 };
	struct world w;
	char to[9];
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	shutdown(w.cwire, SHUT_WR);
	assert_int_equal(stream_read(&w.client, to, 9, &n), IO_END);
	assert_string_equal(stream_error(&w.client),
	    "connection closed without TLS close_notify");
	world_close(&w);
}

/* Progress under TLS is progress: records count as they leave. */
static void
test_records_arrive(void **state)
{
	struct tls_config none = { 0 };
	struct world w;
	uint64_t before;
	char text[1000] = { 0 };
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	before = stream_arrived(&w.client);
	assert_true(before > 0);
	assert_int_equal(stream_write(&w.client,
	    (struct slice){ text, sizeof text }, &n), IO_OK);
	assert_true(stream_arrived(&w.client) <= before);
	pump(&w);
	assert_in_range(stream_arrived(&w.client), before + sizeof text,
	    before + sizeof text + 50);
	world_close(&w);
}

static enum io
write_fails(struct stream *s, struct slice data, size_t *n)
{
	(void)data, (void)n;
	snprintf(s->error, sizeof s->error, "No buffer space available");
	return IO_ERROR;
}

/*
 * What we called lost must not leave later, neither by another try nor by the
 * good-bye; what the peer says is still heard.
 */
static void
test_failed_write_is_the_last(void **state)
{
	struct stream_ops failing = { .write = write_fails };
	const struct stream_ops *ops;
	struct tls_config none = { 0 };
	struct world w;
	struct tls *t;
	char to[9];
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	t = w.client.state;
	ops = t->raw.ops;
	t->raw.ops = &failing;
	assert_int_equal(stream_write(&w.client, SLICE(".\r\n"), &n), IO_ERROR);
	assert_string_equal(stream_error(&w.client),
	    "No buffer space available");
	t->raw.ops = ops;
	assert_int_equal(stream_flush(&w.client), IO_ERROR);
	assert_int_equal(stream_write(&w.client, SLICE("."), &n), IO_ERROR);
	say(&w.server, "552 no\r\n");
	pump(&w);
	hear(&w.client, "552 no\r\n");
	stream_close(&w.client);
	assert_int_equal(recv(w.cwire, to, sizeof to, 0), 0);
	world_close(&w);
}

/* FAULTS rows 32 and 38: what a peer may say instead of a ServerHello. */
static void
test_not_a_handshake(void **state)
{
	static const struct {
		const char *name, *says, *why;
	} cases[] = {
		{ "greeting", "220 mx.example ESMTP\r\n",
		    "the other side does not speak TLS here, it said "
		    "\"220 mx.example ESMTP\"" },
		{ "garbage", "\x01\x02\x03\x04\x05\x06\x07\x08",
		    "the other side does not speak TLS here, it said "
		    "\"\x01\x02\x03\x04\x05\x06\x07\x08\"" },
		{ "alert 40", NULL, NULL },
		{ "closed", "", "the other side closed the connection" },
	};
	static const char alert[] = { 0x15, 3, 3, 0, 2, 2, 40 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tls_config none = { 0 };
		struct buf want = { 0 };
		struct world w;

		print_message("    %s\n", cases[i].name);
		world_open(&w, &none, server_for("a"), "a", TLS_MAY);
		assert_int_equal(tls_step(&w.client, &w.cwhy), TLS_BUSY);
		assert_int_equal(w.client.events, POLLIN);
		if (!cases[i].why)
			send(w.cwire, alert, sizeof alert, 0);
		else if (cases[i].says[0] != '\0')
			send(w.cwire, cases[i].says, strlen(cases[i].says), 0);
		shutdown(w.cwire, SHUT_WR);
		assert_int_equal(tls_step(&w.client, &w.cwhy), TLS_FAILED);
		buf_putf(&want, "TLS handshake with a: %s", cases[i].why
		    ? cases[i].why
		    : "the other side refused: handshake failure");
		assert_string_equal(w.cwhy.text, buf_str(&want));
		assert_int_equal(w.cwhy.verdict, DEFERRED);
		buf_free(&want);
		world_close(&w);
	}
}

/* A server that sends tickets before it hears anything must not hang us. */
static void
test_early_tickets(void **state)
{
	struct tls_config none = { 0 };
	struct world w;
	char to[9];
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	SSL_set_num_tickets(((struct tls *)w.server.state)->ssl, 5);
	SSL_clear_options(((struct tls *)w.server.state)->ssl,
	    SSL_OP_NO_TICKET);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	assert_int_equal(stream_flush(&w.server), IO_OK);
	pump(&w);
	assert_int_equal(stream_read(&w.client, to, 9, &n), IO_AGAIN);
	assert_int_equal(w.client.events, POLLIN);
	assert_false(w.client.readable);
	say(&w.client, "EHLO\r\n");
	pump(&w);
	hear(&w.server, "EHLO\r\n");
	world_close(&w);
}

/* The server asks for n new keys in a row. */
static void
ask_for_keys(struct world *w, int n)
{
	struct tls *t = w->server.state;

	for (int i = 0; i < n; i++) {
		assert_int_equal(SSL_key_update(t->ssl,
		    SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(t->ssl), 1);
		stream_flush(&w->server);
		if (i % 50 == 0)
			pump(w);
	}
	pump(w);
}

/* FAULTS row 35: some are fine, a storm costs no more than IDLE_MAX records. */
static void
test_key_updates(void **state)
{
	struct tls_config none = { 0 };
	struct world w;
	char to[9];
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	ask_for_keys(&w, 3);
	unsigned flights = w.flights;

	assert_int_equal(stream_read(&w.client, to, 9, &n), IO_AGAIN);
	pump(&w);
	assert_int_equal(w.flights, flights + 1); /* the answers */
	say(&w.server, "250 ok\r\n");
	pump(&w);
	hear(&w.client, "250 ok\r\n");
	say(&w.client, "QUIT\r\n");
	pump(&w);
	hear(&w.server, "QUIT\r\n");
	enum io io = IO_AGAIN;

	for (int i = 0; i < 100 && io == IO_AGAIN; i++) {
		ask_for_keys(&w, 40);
		io = stream_read(&w.client, to, 9, &n);
		pump(&w);
		stream_read(&w.server, to, 9, &n);
	}
	assert_int_equal(io, IO_ERROR);
	assert_string_equal(stream_error(&w.client),
	    "too many TLS messages without any data");
	world_close(&w);
}

/* Carry one byte, if there is one. */
static bool
carry_byte(int from, int to)
{
	char byte;

	return recv(from, &byte, 1, 0) == 1 && send(to, &byte, 1, 0) == 1;
}

/* Everything arrives in pieces of one byte. */
static void
test_dripping_peer(void **state)
{
	struct tls_config none = { 0 };
	enum tls_step step = TLS_BUSY;
	struct world w;
	int c[2], turns = 0;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	stream_close(&w.client);
	close(w.cwire);
	pair(SOCK_STREAM, c);
	stream_open(&w.client, c[0]);
	w.cwire = c[1];
	assert_true(tls_start(&w.client, w.cc, &DEMAND("a", TLS_MAY),
	    &w.cwhy));
	for (; turns < 20000 && step == TLS_BUSY; turns++) {
		step = tls_step(&w.client, &w.cwhy);
		while (carry_byte(w.cwire, w.swire))
			tls_step(&w.server, &w.swhy);
		carry_byte(w.swire, w.cwire);
	}
	assert_int_equal(step, TLS_DONE);
	assert_true(turns > 500);
	world_close(&w);
}

/* A megabyte each way through small socket buffers: short writes, no loss. */
static void
test_large_transfer(void **state)
{
	static char data[1 << 20], back[1 << 20];
	struct tls_config none = { 0 };
	size_t sent = 0, got = 0, n;
	struct world w;
	bool waited = false;
	int fd[2];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 11 + i / 253);
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	pair(SOCK_STREAM, fd); /* a direct wire from here on */
	assert_int_equal(dup2(fd[0], w.client.fd), w.client.fd);
	assert_int_equal(dup2(fd[1], w.server.fd), w.server.fd);
	close(fd[0]);
	close(fd[1]);
	while (got < sizeof data) {
		struct slice rest = { data + sent, sizeof data - sent };
		enum io io = rest.n > 0 ? stream_write(&w.client, rest, &n)
					: stream_flush(&w.client);

		sent += rest.n > 0 ? n : 0;
		waited = waited || io == IO_AGAIN;
		if (io == IO_OK && rest.n > 0)
			continue;
		assert_true(io == IO_OK || w.client.events == POLLOUT);
		assert_int_equal(w.client.unsent, io == IO_AGAIN);
		while (stream_read(&w.server, back + got, 5000, &n) == IO_OK)
			got += n;
	}
	assert_true(waited);
	assert_int_equal(got, sizeof data);
	assert_memory_equal(back, data, sizeof data);
	world_close(&w);
}

/* A peer that sends more than we ask for at once: `readable` says so. */
static void
test_bytes_wait_inside(void **state)
{
	struct tls_config none = { 0 };
	struct world w;
	char to[4];
	size_t n;

	(void)state;
	world_open(&w, &none, server_for("a"), "a", TLS_MAY);
	assert_int_equal(shake(&w), TLS_DONE);
	finish_server(&w);
	say(&w.server, "250 ok\r\n");
	pump(&w);
	assert_int_equal(stream_read(&w.client, to, 4, &n), IO_OK);
	assert_true(w.client.readable);
	assert_int_equal(stream_read(&w.client, to, 4, &n), IO_OK);
	assert_int_equal(stream_read(&w.client, to, 4, &n), IO_AGAIN);
	assert_false(w.client.readable);
	world_close(&w);
}

/* A directory of certificates by hash: as --ca, and as the system's own. */
static void
test_hashed_directory(void **state)
{
	char dir[] = "/tmp/net_tls.XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int system = 0; system < 2; system++) {
		struct tls_context *server = server_for("mx.example");
		X509 *cert = SSL_CTX_get0_certificate(server->ctx);
		struct tls_config config = { .ca = system ? NULL : dir };
		struct world w;

		snprintf(path, sizeof path, "%s/%08lx.0", dir,
		    X509_subject_name_hash(cert));
		write_cert(path, server);
		if (system)
			setenv("SSL_CERT_DIR", dir, 1);
		world_open(&w, &config, server, "mx.example", TLS_VERIFY);
		assert_int_equal(shake(&w), TLS_DONE);
		assert_true(tls_is_trusted(&w.client));
		world_close(&w);
	}
	unsetenv("SSL_CERT_DIR");
	unlink(path);
	rmdir(dir);
}

/* Another certificate before and behind it, and one that is no certificate. */
static void
write_bundle(const char *path, struct tls_context *wanted)
{
	struct tls_context *other = server_for("other.example");
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	PEM_write_X509(f, SSL_CTX_get0_certificate(other->ctx));
	PEM_write_PrivateKey(f, SSL_CTX_get0_privatekey(other->ctx), NULL, NULL,
	    0, NULL, NULL);
	if (wanted)
		PEM_write_X509(f, SSL_CTX_get0_certificate(wanted->ctx));
	PEM_write_X509(f, SSL_CTX_get0_certificate(other->ctx));
	fclose(f);
	tls_context_free(other);
}

/* SSL_CERT_FILE counts, twice with one context, and only for what is in it. */
static void
test_bundle(void **state)
{
	char path[32];

	(void)state;
	make_name(path);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	setenv("SSL_CERT_FILE", path, 1);
	for (int in_it = 0; in_it < 2; in_it++) {
		struct tls_context *server = server_for("mx.example");
		struct tls_config config = { 0 };
		struct world w;

		write_bundle(path, in_it ? server : NULL);
		world_open(&w, &config, server, "mx.example", TLS_MAY);
		assert_int_equal(shake(&w), TLS_DONE);
		assert_int_equal(tls_is_trusted(&w.client), in_it);
		stream_close(&w.client);
		stream_close(&w.server);
		close(w.cwire);
		close(w.swire);
		world_wire(&w);
		world_start(&w, &DEMAND("mx.example", TLS_MAY));
		assert_int_equal(shake(&w), TLS_DONE);
		assert_int_equal(tls_is_trusted(&w.client), in_it);
		world_close(&w);
	}
	unsetenv("SSL_CERT_DIR");
	unsetenv("SSL_CERT_FILE");
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finished_leaves_with_the_first_command),
		cmocka_unit_test(test_flush_lets_the_server_begin),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_tls_name),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_orderly_end),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_records_arrive),
		cmocka_unit_test(test_failed_write_is_the_last),
		cmocka_unit_test(test_not_a_handshake),
		cmocka_unit_test(test_early_tickets),
		cmocka_unit_test(test_key_updates),
		cmocka_unit_test(test_dripping_peer),
		cmocka_unit_test(test_large_transfer),
		cmocka_unit_test(test_bytes_wait_inside),
		cmocka_unit_test(test_hashed_directory),
		cmocka_unit_test(test_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
