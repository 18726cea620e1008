/* SPDX-License-Identifier: ISC */
/*
 * net_resolver.c - the resolver against servers that lie, keep silent and break
 * off (FAULTS rows 5 to 9 and 18).  They live in this process, on loopback;
 * time is a number here, so that no test sleeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <malloc.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/cache.h"
#include "net/clock.h"
#include "net/hosts.h"
#include "net/resolver.h"
#include "net/sockets.h"
#include "net/sockaddr.h"

#include "../support/dns_packet.h"

/* ---- servers ---- */

enum over_udp {
	UDP_GOOD,
	UDP_SILENT,
	UDP_SERVFAIL,
	UDP_NXDOMAIN,
	UDP_MALFORMED,
	UDP_TRUNCATED,
	UDP_WRONG_ID,	    /* two forgeries, then the truth */
	UDP_WRONG_QUESTION, /* the same */
	UDP_WRONG_SOURCE,   /* many forgeries from another port */
	UDP_FLOOD,	    /* a thousand forgeries; the truth only over TCP */
	/* these are so to questions with an OPT record only */
	UDP_FORMERR,
	UDP_BARE_FORMERR,   /* a header and nothing else */
	UDP_NOTIMP,
	UDP_BADVERS,
	UDP_DROPS_EDNS,
	UDP_ALWAYS_FORMERR, /* ... and this one to all */
};

enum over_tcp { TCP_GOOD, TCP_BYTEWISE, TCP_CLOSES, TCP_SILENT, TCP_WRONG_ID,
	TCP_TRUNCATED, TCP_ABSENT };

#define LOGGED 200

struct server {
	enum over_udp over_udp;
	enum over_tcp over_tcp;
	unsigned flags;		/* more header flags */
	int udp, tcp, conn;
	struct endpoint at;
	size_t datagrams, streams;
	size_t with_edns;	/* questions with an OPT record */
	unsigned ttl;		/* of its answers; 0 = 60 */
	char log[LOGGED][32];	/* the first names asked for */
	uint16_t port[LOGGED];	/* where questions came from */
	size_t nports;
	struct buf in, out;
};

#define TRUTH "192.0.2.1"
#define LIE "192.0.2.66"

static const char BROKEN[] = "";

static int
bind_socket(int type, struct endpoint *at)
{
	struct sockaddr_storage to;
	socklen_t n = sockaddr_put(&to, at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&to, n) < 0) {
		close(fd);
		return -1;
	}
	assert_true(sockaddr_local(fd, at));
	return fd;
}

/* UDP and TCP on one free port. */
static void
server_open(struct server *s)
{
	s->conn = s->tcp = -1;
	for (int tries = 0; s->tcp < 0 && tries < 100; tries++) {
		s->at = (struct endpoint){ .ip = { 4, { 127, 0, 0, 1 }, 0 } };
		s->udp = bind_socket(SOCK_DGRAM, &s->at);
		s->tcp = bind_socket(SOCK_STREAM, &s->at);
		if (s->tcp < 0)
			close(s->udp);
	}
	assert_true(s->tcp >= 0);
	if (s->over_tcp != TCP_ABSENT)
		assert_int_equal(listen(s->tcp, 16), 0);
}

static void
server_close(struct server *s)
{
	close(s->udp);
	close(s->tcp);
	if (s->conn >= 0)
		close(s->conn);
	buf_free(&s->in);
	buf_free(&s->out);
}

struct query {
	unsigned id;
	char name[256];
	enum dns_type type;
	bool edns;
};

static struct query
query_read(struct slice p)
{
	struct query q = { .id = 0 };
	size_t at = 12, n = 0;

	assert_true(p.n > 16);
	q.id = (unsigned)(unsigned char)p.p[0] << 8 | (unsigned char)p.p[1];
	while (p.p[at] != 0) {
		if (n > 0)
			q.name[n++] = '.';
		memcpy(q.name + n, p.p + at + 1, (size_t)p.p[at]);
		n += (size_t)p.p[at];
		at += (size_t)p.p[at] + 1;
	}
	q.type = (enum dns_type)p.p[at + 2];
	q.edns = p.p[11] == 1; /* ARCOUNT */
	return q;
}

static void
put_answer(struct buf *b, const struct server *s, const struct query *q,
    unsigned flags, const char *address)
{
	size_t start;

	packet_begin(b, q->id, FLAGS_RECURSIVE | flags | s->flags, q->name,
	    q->type);
	start = b->n;
	if (address == BROKEN)
		packet_record(b, q->name, q->type, SLICE("\1"));
	else if (q->type == DNS_MX)
		packet_mx(b, q->name, 10, "mx.example.org");
	else if (address)
		packet_ip(b, q->name, q->type == DNS_A ? address :
		    "2001:db8::1");
	else if ((flags & 0xf) == 3)
		packet_soa(b, "example.org");
	if (s->ttl && address && address != BROKEN)
		packet_ttl(b, start, q->name, s->ttl);
}

/* What a server without EDNS says to an OPT record. */
static void
send_refusal(const struct server *s, const struct query *q,
    const struct endpoint *to)
{
	unsigned rcode = s->over_udp == UDP_NOTIMP ? 4 : 1;
	struct sockaddr_storage sa;
	socklen_t n = sockaddr_put(&sa, to);
	struct buf b = { 0 };

	if (s->over_udp == UDP_BADVERS) {
		packet_begin(&b, q->id, FLAGS_RECURSIVE, q->name, q->type);
		packet_opt(&b, 1);
	} else {
		packet_begin(&b, q->id, FLAGS_RECURSIVE | rcode, q->name,
		    q->type);
	}
	if (s->over_udp == UDP_BARE_FORMERR) {
		buf_cut(&b, 12);
		b.base[5] = 0; /* no question */
	}
	sendto(s->udp, b.base, b.n, 0, (struct sockaddr *)&sa, n);
	buf_free(&b);
}

static void
send_answer(int fd, const struct server *s, const struct query *q,
    unsigned flags, const char *address, const struct endpoint *to)
{
	struct sockaddr_storage sa;
	socklen_t n = sockaddr_put(&sa, to);
	struct buf b = { 0 };

	put_answer(&b, s, q, flags, address);
	sendto(fd, b.base, b.n, 0, (struct sockaddr *)&sa, n);
	buf_free(&b);
}

static void
forge_ids(struct server *s, struct query q, int times,
    const struct endpoint *to)
{
	while (times-- > 0) {
		q.id = (q.id + 1) & 0xffff;
		send_answer(s->udp, s, &q, 0, LIE, to);
	}
}

static void
forge_elsewhere(struct server *s, const struct query *q,
    const struct endpoint *to)
{
	struct endpoint at = { .ip = s->at.ip };
	int fd = bind_socket(SOCK_DGRAM, &at);

	for (int i = 0; i < 50; i++)
		send_answer(fd, s, q, 0, LIE, to);
	close(fd);
}

/* Does this server not understand what we ask? */
static bool
refuses(const struct server *s, const struct query *q)
{
	return s->over_udp == UDP_ALWAYS_FORMERR || (q->edns &&
	    s->over_udp >= UDP_FORMERR && s->over_udp <= UDP_BADVERS);
}

static void
answer_datagram(struct server *s, struct query q, const struct endpoint *to)
{
	struct query other = q;

	if (refuses(s, &q)) {
		send_refusal(s, &q, to);
		return;
	}
	switch (s->over_udp) {
	case UDP_SILENT:
		return;
	case UDP_SERVFAIL:
		send_answer(s->udp, s, &q, 2, NULL, to);
		return;
	case UDP_NXDOMAIN:
		send_answer(s->udp, s, &q, 3, NULL, to);
		return;
	case UDP_MALFORMED:
		send_answer(s->udp, s, &q, 0, BROKEN, to);
		return;
	case UDP_TRUNCATED:
		send_answer(s->udp, s, &q, FLAG_TC, LIE, to);
		return;
	case UDP_WRONG_ID:
		forge_ids(s, q, 2, to);
		break;
	case UDP_WRONG_QUESTION:
		other.name[0] ^= 1;
		send_answer(s->udp, s, &other, 0, LIE, to);
		send_answer(s->udp, s, &other, 0, LIE, to);
		break;
	case UDP_WRONG_SOURCE:
		forge_elsewhere(s, &q, to);
		break;
	case UDP_FLOOD:
		forge_ids(s, q, 1000, to);
		return;
	case UDP_DROPS_EDNS:
		if (q.edns)
			return;
		break;
	case UDP_FORMERR:
	case UDP_BARE_FORMERR:
	case UDP_NOTIMP:
	case UDP_BADVERS:
	case UDP_ALWAYS_FORMERR:
	case UDP_GOOD:
		break;
	}
	send_answer(s->udp, s, &q, 0, TRUTH, to);
}

static void
note_port(struct server *s, uint16_t port)
{
	for (size_t i = 0; i < s->nports; i++)
		if (s->port[i] == port)
			return;
	if (s->nports < LOGGED)
		s->port[s->nports++] = port;
}

static bool
serve_udp(struct server *s)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof from;
	struct endpoint to;
	char packet[1500];
	struct query q;
	ssize_t n = recvfrom(s->udp, packet, sizeof packet, 0,
	    (struct sockaddr *)&from, &length);

	if (n < 0)
		return false;
	assert_true(sockaddr_get(&from, &to));
	q = query_read((struct slice){ packet, (size_t)n });
	note_port(s, to.port);
	if (s->datagrams < LOGGED)
		snprintf(s->log[s->datagrams], sizeof s->log[0], "%.31s",
		    q.name);
	s->datagrams++;
	s->with_edns += q.edns;
	answer_datagram(s, q, &to);
	return true;
}

static void
answer_stream(struct server *s)
{
	struct query q = query_read(slice_from(buf_slice(&s->in), 2));
	struct buf b = { 0 };

	s->streams++;
	if (s->over_tcp == TCP_WRONG_ID)
		q.id ^= 1;
	put_answer(&b, s, &q, s->over_tcp == TCP_TRUNCATED ? FLAG_TC : 0,
	    TRUTH);
	packet_u16(&s->out, (unsigned)b.n);
	buf_put(&s->out, buf_slice(&b));
	if (s->over_tcp == TCP_SILENT)
		buf_clear(&s->out);
	if (s->over_tcp == TCP_CLOSES)
		buf_cut(&s->out, s->out.n - 1);
	buf_free(&b);
	buf_clear(&s->in);
}

static void
stream_over(struct server *s)
{
	close(s->conn);
	s->conn = -1;
	buf_clear(&s->in);
	buf_clear(&s->out);
}

static void
flush_stream(struct server *s)
{
	size_t n = s->over_tcp == TCP_BYTEWISE ? 1 : s->out.n;

	assert_int_equal(send(s->conn, buf_slice(&s->out).p, n, MSG_NOSIGNAL),
	    n);
	buf_consume(&s->out, n);
	if (s->out.n == 0 && s->over_tcp == TCP_CLOSES)
		stream_over(s);
}

static bool
serve_tcp(struct server *s)
{
	char packet[1500];
	ssize_t n;

	if (s->conn < 0)
		s->conn = accept4(s->tcp, NULL, NULL, SOCK_NONBLOCK);
	if (s->conn < 0)
		return false;
	if (s->out.n > 0) {
		flush_stream(s);
		return true;
	}
	n = recv(s->conn, packet, sizeof packet, 0);
	if (n < 0)
		return false;
	if (n == 0)
		stream_over(s);
	else
		buf_put(&s->in, (struct slice){ packet, (size_t)n });
	if (s->in.n > 2 && s->in.n == 2U + (unsigned char)s->in.base[1])
		answer_stream(s);
	return true;
}

/* ---- the loop ---- */

struct world {
	struct server server[3];
	size_t n;
	struct resolver_config config;
	struct resolver *r;
	struct events events;
	struct wait w;
	int64_t now;
	size_t most_sockets;
};

static void
world_open(struct world *o)
{
	for (size_t i = 0; i < o->n; i++) {
		server_open(&o->server[i]);
		o->config.server[o->config.n++] = o->server[i].at;
	}
	o->events.wanted = true;
	o->r = resolver_new(&o->config, &o->events);
	o->now = SECONDS(1000);
}

static void
world_close(struct world *o)
{
	resolver_free(o->r);
	events_free(&o->events);
	wait_free(&o->w);
	for (size_t i = 0; i < o->n; i++)
		server_close(&o->server[i]);
}

static bool
serve(struct world *o)
{
	bool busy = false;

	for (size_t i = 0; i < o->n; i++) {
		while (serve_udp(&o->server[i]))
			busy = true;
		busy |= serve_tcp(&o->server[i]);
	}
	return busy;
}

/* One turn; time only passes when nothing else happens. */
static void
turn(struct world *o)
{
	bool busy = serve(o);
	int wait;

	wait_clear(&o->w);
	resolver_wait(o->r, &o->w);
	if (o->w.n > o->most_sockets)
		o->most_sockets = o->w.n;
	wait = busy || o->w.n == 0 ? 0 : 5; /* milliseconds, real ones */
	if (poll(o->w.fd, o->w.n, wait) == 0 && !busy &&
	    o->w.deadline != WAIT_NEVER)
		o->now = o->w.deadline;
	resolver_step(o->r, &o->w, o->now);
}

static struct ticket *
put(struct world *o, const char *name, enum dns_type type)
{
	return resolver_ask(o->r, &(struct dns_question){
		.name = name, .type = type }, o->now);
}

static const struct dns_answer *
await(struct world *o, struct ticket *t)
{
	for (int i = 0; i < 2000 && !resolver_answer(t); i++)
		turn(o);
	assert_non_null(resolver_answer(t));
	return resolver_answer(t);
}

static const struct dns_answer *
ask(struct world *o, const char *name, enum dns_type type)
{
	return await(o, put(o, name, type));
}

/* Ask and give the ticket back at once. */
static enum dns_status
ask_briefly(struct world *o, const char *name, enum dns_type type)
{
	struct ticket *t = put(o, name, type);
	enum dns_status status = await(o, t)->status;

	resolver_release(o->r, t);
	return status;
}

/* "192.0.2.1" or the status and why, with @N for server N. */
static void
answer_text(struct world *o, const struct dns_answer *a, struct buf *out)
{
	struct buf all = { 0 }, server = { 0 };
	struct slice s;

	if (a->status != DNS_FOUND)
		buf_putf(&all, "%s: ", dns_status_name(a->status));
	dns_answer_put(&all, a);
	s = buf_slice(&all);
	for (size_t i = 0; s.n > 0; i = 0) {
		for (; i < o->n; i++) {
			buf_clear(&server);
			endpoint_put(&server, &o->server[i].at);
			if (slice_starts(s, buf_slice(&server)))
				break;
		}
		if (i < o->n)
			buf_putf(out, "@%zu", i);
		else
			buf_putc(out, s.p[0]);
		s = slice_from(s, i < o->n ? server.n : 1);
	}
	buf_free(&all);
	buf_free(&server);
}

/* ---- cases ---- */

static const struct {
	const char *name;
	size_t n;
	enum over_udp udp[3];
	enum over_tcp tcp[3];
	const char *want;
	int64_t seconds; /* that pass */
	size_t datagrams[3], streams[3];
} cases[] = {
	{ "a good server", 1, { UDP_GOOD }, { 0 }, TRUTH, 0, { 1 }, { 0 } },
	{ "NXDOMAIN", 1, { UDP_NXDOMAIN }, { 0 },
	    "nxdomain: NXDOMAIN from @0", 0, { 1 }, { 0 } },
	{ "wrong id", 1, { UDP_WRONG_ID }, { 0 }, TRUTH, 0, { 1 }, { 0 } },
	{ "wrong question", 1, { UDP_WRONG_QUESTION }, { 0 }, TRUTH, 0,
	    { 1 }, { 0 } },
	{ "wrong source", 1, { UDP_WRONG_SOURCE }, { 0 }, TRUTH, 0, { 1 },
	    { 0 } },
	{ "flood", 1, { UDP_FLOOD }, { TCP_GOOD }, TRUTH, 0, { 1 }, { 1 } },
	{ "flood, no TCP", 1, { UDP_FLOOD }, { TCP_ABSENT },
	    "soft: @0: Connection refused", 0, { 1 }, { 0 } },
	{ "truncated", 1, { UDP_TRUNCATED }, { TCP_GOOD }, TRUTH, 0, { 1 },
	    { 1 } },
	{ "truncated, TCP bytewise", 1, { UDP_TRUNCATED }, { TCP_BYTEWISE },
	    TRUTH, 0, { 1 }, { 1 } },
	{ "truncated, no TCP", 1, { UDP_TRUNCATED }, { TCP_ABSENT },
	    "soft: @0: Connection refused", 0, { 1 }, { 0 } },
	{ "truncated, TCP closes", 1, { UDP_TRUNCATED }, { TCP_CLOSES },
	    "soft: @0: connection closed early", 0, { 1 }, { 1 } },
	{ "truncated, TCP lies", 1, { UDP_TRUNCATED }, { TCP_WRONG_ID },
	    "soft: @0: answer to another question", 0, { 1 }, { 1 } },
	{ "truncated over TCP, too", 1, { UDP_TRUNCATED }, { TCP_TRUNCATED },
	    "soft: @0: truncated answer over TCP", 0, { 1 }, { 1 } },
	{ "truncated, TCP silent", 1, { UDP_TRUNCATED }, { TCP_SILENT },
	    "soft: @0: no answer", 15, { 2 }, { 2 } },
	{ "truncated, TCP closes, next", 2, { UDP_TRUNCATED, UDP_GOOD },
	    { TCP_CLOSES }, TRUTH, 0, { 1, 1 }, { 1 } },
	{ "SERVFAIL", 1, { UDP_SERVFAIL }, { 0 }, "soft: SERVFAIL from @0",
	    0, { 1 }, { 0 } },
	{ "SERVFAIL, next", 2, { UDP_SERVFAIL, UDP_GOOD }, { 0 }, TRUTH, 0,
	    { 1, 1 }, { 0 } },
	{ "SERVFAIL, silence", 2, { UDP_SERVFAIL, UDP_SILENT }, { 0 },
	    "soft: SERVFAIL from @0", 15, { 1, 2 }, { 0 } },
	{ "malformed, next", 2, { UDP_MALFORMED, UDP_GOOD }, { 0 }, TRUTH, 0,
	    { 1, 1 }, { 0 } },
	{ "malformed", 1, { UDP_MALFORMED }, { 0 },
	    "soft: malformed answer from @0", 0, { 1 }, { 0 } },
	{ "silence, next", 2, { UDP_SILENT, UDP_GOOD }, { 0 }, TRUTH, 5,
	    { 1, 1 }, { 0 } },
	{ "silence", 1, { UDP_SILENT }, { 0 }, "soft: @0: no answer", 15,
	    { 2 }, { 0 } },
	{ "FORMERR to EDNS", 1, { UDP_FORMERR }, { 0 }, TRUTH, 0, { 2 },
	    { 0 } },
	{ "bare FORMERR to EDNS", 1, { UDP_BARE_FORMERR }, { 0 }, TRUTH, 0,
	    { 2 }, { 0 } },
	{ "NOTIMP to EDNS", 1, { UDP_NOTIMP }, { 0 }, TRUTH, 0, { 2 }, { 0 } },
	{ "BADVERS to EDNS", 1, { UDP_BADVERS }, { 0 }, TRUTH, 0, { 2 },
	    { 0 } },
	{ "FORMERR to all", 1, { UDP_ALWAYS_FORMERR }, { 0 },
	    "soft: FORMERR from @0", 0, { 2 }, { 0 } },
	{ "FORMERR to all, next", 2, { UDP_ALWAYS_FORMERR, UDP_GOOD }, { 0 },
	    TRUTH, 0, { 2, 1 }, { 0 } },
	{ "silence to EDNS", 1, { UDP_DROPS_EDNS }, { 0 }, TRUTH, 5, { 2 },
	    { 0 } },
	{ "silence of three", 3, { UDP_SILENT, UDP_SILENT, UDP_SILENT },
	    { 0 }, "soft: @0: no answer", 15, { 2, 1, 1 }, { 0 } },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world o = { .n = cases[i].n };
		struct buf got = { 0 };
		int64_t begun;

		print_message("  %s\n", cases[i].name);
		for (size_t k = 0; k < o.n; k++) {
			o.server[k].over_udp = cases[i].udp[k];
			o.server[k].over_tcp = cases[i].tcp[k];
		}
		world_open(&o);
		begun = o.now;
		answer_text(&o, ask(&o, "example.org", DNS_A), &got);
		assert_string_equal(buf_str(&got), cases[i].want);
		assert_int_equal(o.now - begun, SECONDS(cases[i].seconds));
		for (size_t k = 0; k < o.n; k++) {
			assert_int_equal(o.server[k].datagrams,
			    cases[i].datagrams[k]);
			assert_int_equal(o.server[k].streams,
			    cases[i].streams[k]);
		}
		buf_free(&got);
		world_close(&o);
	}
}

/* A closed port answers with ICMP: no need to wait. */
static void
test_a_refusing_server_is_left_at_once(void **state)
{
	struct world o = { .n = 2 };
	struct buf got = { 0 };
	int64_t begun;

	(void)state;
	world_open(&o);
	close(o.server[0].udp);
	o.server[0].udp = -1;
	begun = o.now;
	answer_text(&o, ask(&o, "example.org", DNS_A), &got);
	assert_string_equal(buf_str(&got), TRUTH);
	assert_int_equal(o.now, begun);
	close(o.server[1].udp);
	o.server[1].udp = -1;
	buf_clear(&got);
	answer_text(&o, ask(&o, "example.net", DNS_A), &got);
	assert_string_equal(buf_str(&got), "soft: @0: Connection refused");
	assert_int_equal(o.now, begun);
	buf_free(&got);
	world_close(&o);
}

/* The answer that says "ask by TCP" came late: TCP has its 5 s all the same. */
static void
test_tcp_has_a_time_of_its_own(void **state)
{
	struct world o = { .n = 1, .server[0].over_udp = UDP_TRUNCATED,
		.server[0].over_tcp = TCP_SILENT };

	(void)state;
	world_open(&o);
	put(&o, "example.org", DNS_A);
	o.now += SECONDS(4);
	turn(&o);
	wait_clear(&o.w);
	resolver_wait(o.r, &o.w);
	assert_int_equal(o.w.deadline - o.now, SECONDS(5));
	world_close(&o);
}

static void
test_a_question_is_sent_once(void **state)
{
	struct world o = { .n = 1 };
	struct ticket *a, *b, *c;

	(void)state;
	world_open(&o);
	a = put(&o, "example.org", DNS_A);
	b = put(&o, "Example.ORG.", DNS_A);
	c = put(&o, "example.org", DNS_AAAA);
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_null(resolver_answer(a));
	assert_int_equal(ask(&o, "example.org", DNS_A)->ip[0].version, 4);
	assert_int_equal(ask(&o, "example.org", DNS_AAAA)->ip[0].version, 6);
	assert_ptr_equal(put(&o, "example.org", DNS_A), a);
	assert_int_equal(o.server[0].datagrams, 2);
	world_close(&o);
}

static void
test_names_that_are_none_and_servers_that_are_none(void **state)
{
	struct world o = { .n = 0 };

	(void)state;
	o.config.rotate = true;
	world_open(&o);
	assert_string_equal(ask(&o, "a b", DNS_A)->why, "not a domain name");
	assert_string_equal(ask(&o, "", DNS_MX)->why, "not a domain name");
	assert_string_equal(ask(&o, "example.org", DNS_A)->why,
	    "no resolver is configured");
	world_close(&o);
}

/* The server that answered last is asked first. */
static void
test_a_dead_server_is_waited_for_once(void **state)
{
	struct world o = { .n = 2, .server[0].over_udp = UDP_SILENT };
	int64_t begun;

	(void)state;
	world_open(&o);
	begun = o.now;
	ask(&o, "a.example.org", DNS_A);
	ask(&o, "b.example.org", DNS_A);
	ask(&o, "c.example.org", DNS_A);
	assert_int_equal(o.server[0].datagrams, 1);
	assert_int_equal(o.server[1].datagrams, 3);
	assert_int_equal(o.now - begun, SECONDS(5));
	world_close(&o);
}

/* --timeout 1 and two servers: both are asked within the second. */
static void
test_a_short_budget_is_shared(void **state)
{
	struct world o = { .n = 2, .config.budget = SECONDS(1),
		.server[0].over_udp = UDP_SILENT };
	int64_t begun;

	(void)state;
	world_open(&o);
	begun = o.now;
	assert_int_equal(ask(&o, "example.org", DNS_A)->status, DNS_FOUND);
	assert_in_range(o.now - begun, 0, SECONDS(1) / 2);
	world_close(&o);
}

/* --timeout 60 makes nothing longer (FAULTS row 6). */
static void
test_a_long_budget_is_15_seconds(void **state)
{
	struct world o = { .n = 1, .config.budget = SECONDS(60),
		.server[0].over_udp = UDP_SILENT };
	int64_t begun;

	(void)state;
	world_open(&o);
	begun = o.now;
	assert_int_equal(ask(&o, "example.org", DNS_A)->status, DNS_SOFT);
	assert_int_equal(o.now - begun, SECONDS(15));
	world_close(&o);
}

static void
test_rotation(void **state)
{
	struct world o = { .n = 3, .config.rotate = true };
	char name[32];

	(void)state;
	world_open(&o);
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "n%d.example.org", i);
		ask(&o, name, DNS_A);
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(o.server[i].datagrams, 2);
	world_close(&o);
}

#define MANY 500

static bool
all_answered(struct ticket *const ticket[MANY])
{
	for (unsigned i = 0; i < MANY; i++)
		if (!resolver_answer(ticket[i]))
			return false;
	return true;
}

static void
ask_many(struct world *o, struct ticket *ticket[MANY])
{
	char name[32];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%u.example.org", i);
		ticket[i] = put(o, name, DNS_A);
	}
	for (int i = 0; i < 5000 && !all_answered(ticket); i++)
		turn(o);
	assert_true(all_answered(ticket));
}

static void
test_many_questions_share_64_sockets(void **state)
{
	struct world o = { .n = 1 };
	struct ticket *ticket[MANY];

	(void)state;
	world_open(&o);
	ask_many(&o, ticket);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(resolver_answer(ticket[i])->status,
		    DNS_FOUND);
	assert_int_equal(o.most_sockets, 64);
	assert_int_equal(o.server[0].datagrams, MANY);
	world_close(&o);
}

static int
next_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* Those to loopback, as long as questions wait; then all are closed. */
static void
test_sockets_are_used_again(void **state)
{
	struct world o = { .n = 1 };
	struct ticket *ticket[MANY];
	int fd;

	(void)state;
	world_open(&o);
	ask(&o, "example.org", DNS_A); /* the module is open now */
	fd = next_descriptor();
	ask_many(&o, ticket);
	assert_in_range(o.server[0].nports, 1, 64 + 1);
	assert_int_equal(o.server[0].datagrams, MANY + 1);
	assert_int_equal(next_descriptor(), fd);
	world_close(&o);
}

/* Where strangers can answer each question has a port of its own. */
static void
test_only_loopback_sockets_are_kept(void **state)
{
	const struct endpoint lo = { { 4, { 127, 0, 0, 1 }, 0 }, 53 },
		other = { { 4, { 127, 0, 0, 1 }, 0 }, 54 },
		remote = { { 4, { 192, 0, 2, 53 }, 0 }, 53 };
	struct sockets s = { .n = 0 };
	int fd = next_descriptor();

	(void)state;
	sockets_give(&s, &remote, dup(0));
	assert_int_equal(sockets_take(&s, &remote), -1);
	assert_int_equal(next_descriptor(), fd);
	sockets_give(&s, &lo, dup(0));
	assert_int_equal(sockets_take(&s, &other), -1);
	assert_int_equal(sockets_take(&s, &lo), fd);
	assert_int_equal(sockets_take(&s, &lo), -1);
	for (int i = 0; i <= SOCKETS_MAX; i++)
		sockets_give(&s, &lo, i == 0 ? fd : dup(0));
	assert_int_equal(s.n, SOCKETS_MAX);
	sockets_close(&s);
	assert_int_equal(next_descriptor(), fd);
}

static void
test_many_questions_to_nobody_fail_together(void **state)
{
	struct world o = { .n = 1, .server[0].over_udp = UDP_SILENT };
	struct ticket *ticket[MANY];
	int64_t begun;

	(void)state;
	world_open(&o);
	begun = o.now;
	ask_many(&o, ticket);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(resolver_answer(ticket[i])->status,
		    DNS_SOFT);
	assert_int_equal(o.now - begun, SECONDS(15));
	assert_int_equal(o.server[0].datagrams, 2 * 64);
	/* and who comes just after, but not for ever */
	assert_int_equal(ask(&o, "late.example.org", DNS_A)->status, DNS_SOFT);
	assert_int_equal(o.now - begun, SECONDS(15));
	assert_int_equal(o.server[0].datagrams, 2 * 64);
	o.server[0].over_udp = UDP_GOOD;
	o.now += SECONDS(30);
	assert_int_equal(ask(&o, "again.example.org", DNS_A)->status,
	    DNS_FOUND);
	assert_int_equal(ask(&o, "more.example.org", DNS_A)->status,
	    DNS_FOUND);
	world_close(&o);
}

/* ---- EDNS (RFC 6891 7) ---- */

static void
test_a_server_without_edns_is_remembered(void **state)
{
	static const enum over_udp kinds[] = { UDP_FORMERR, UDP_BARE_FORMERR,
		UDP_NOTIMP, UDP_BADVERS };

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct world o = { .n = 1, .server[0].over_udp = kinds[i] };

		world_open(&o);
		ask(&o, "a.example.org", DNS_A);
		assert_int_equal(o.server[0].with_edns, 1);
		ask(&o, "b.example.org", DNS_A);
		ask(&o, "c.example.org", DNS_MX);
		assert_int_equal(o.server[0].with_edns, 1);
		assert_int_equal(o.server[0].datagrams, 4);
		world_close(&o);
	}
}

/* What a server says to all, or does not say, has nothing to do with EDNS. */
static void
test_other_failures_teach_nothing_of_edns(void **state)
{
	static const enum over_udp kinds[] = { UDP_ALWAYS_FORMERR,
		UDP_SERVFAIL, UDP_DROPS_EDNS };

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct world o = { .n = 1, .server[0].over_udp = kinds[i] };

		world_open(&o);
		ask(&o, "a.example.org", DNS_A);
		ask(&o, "b.example.org", DNS_A);
		assert_int_equal(o.server[0].with_edns, 2);
		world_close(&o);
	}
}

/* One of two: the other one goes on with EDNS. */
static void
test_edns_is_known_of_each_server(void **state)
{
	struct world o = { .n = 2, .config.rotate = true,
		.server[0].over_udp = UDP_FORMERR };
	char name[32];

	(void)state;
	world_open(&o);
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "n%d.example.org", i);
		ask(&o, name, DNS_A);
	}
	assert_int_equal(o.server[0].with_edns, 1);
	assert_int_equal(o.server[0].datagrams, 4);
	assert_int_equal(o.server[1].with_edns, 3);
	world_close(&o);
}

/* ---- how long an answer is kept ---- */

static void
test_an_answer_is_kept_for_its_ttl(void **state)
{
	struct world o = { .n = 1, .server[0].ttl = 300 };
	struct ticket *held;

	(void)state;
	world_open(&o);
	held = put(&o, "example.org", DNS_A);
	await(&o, held);
	assert_true(resolver_answer(held)->good_until ==
	    o.now + SECONDS(300));
	o.now += SECONDS(299);
	ask_briefly(&o, "example.org", DNS_A);
	assert_int_equal(o.server[0].datagrams, 1);
	o.now += SECONDS(1);
	ask_briefly(&o, "example.org", DNS_A);
	assert_int_equal(o.server[0].datagrams, 2);
	/* who holds the old one still has it */
	assert_int_equal(resolver_answer(held)->status, DNS_FOUND);
	resolver_release(o.r, held);
	o.now += SECONDS(299);
	ask_briefly(&o, "example.org", DNS_A);
	assert_int_equal(o.server[0].datagrams, 2);
	world_close(&o);
}

static const struct {
	const char *name;
	enum over_udp over_udp;
	int64_t seconds; /* that it is kept */
} lifetimes[] = {
	{ "found", UDP_GOOD, 60 },
	{ "NXDOMAIN: the SOA's MINIMUM", UDP_NXDOMAIN, 5 },
	{ "a failure", UDP_SERVFAIL, 30 },
};

static void
test_lifetimes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lifetimes / sizeof lifetimes[0]; i++) {
		struct world o = { .n = 1,
			.server[0].over_udp = lifetimes[i].over_udp };

		print_message("  %s\n", lifetimes[i].name);
		world_open(&o);
		ask_briefly(&o, "example.org", DNS_A);
		o.now += SECONDS(lifetimes[i].seconds) - 1;
		ask_briefly(&o, "example.org", DNS_A);
		assert_int_equal(o.server[0].datagrams, 1);
		o.now++;
		ask_briefly(&o, "example.org", DNS_A);
		assert_int_equal(o.server[0].datagrams, 2);
		world_close(&o);
	}
}

/* What nobody waits for any more frees its socket; the others go on. */
static void
test_a_question_is_given_up(void **state)
{
	struct world o = { .n = 1, .server[0].over_udp = UDP_SILENT };
	struct ticket *a, *b, *again, *queued[70];
	char name[32];

	(void)state;
	world_open(&o);
	a = put(&o, "a.example.org", DNS_A);
	again = put(&o, "a.example.org", DNS_A);
	b = put(&o, "b.example.org", DNS_A);
	resolver_release(o.r, again);
	wait_clear(&o.w);
	resolver_wait(o.r, &o.w);
	assert_int_equal(o.w.n, 2);
	resolver_release(o.r, a);
	wait_clear(&o.w);
	resolver_wait(o.r, &o.w);
	assert_int_equal(o.w.n, 1);
	for (unsigned i = 0; i < 70; i++) {
		snprintf(name, sizeof name, "q%u.example.org", i);
		queued[i] = put(&o, name, DNS_A);
	}
	for (unsigned i = 0; i < 70; i++)
		resolver_release(o.r, queued[(i * 9) % 70]);
	resolver_release(o.r, NULL);
	wait_clear(&o.w);
	resolver_wait(o.r, &o.w);
	assert_int_equal(o.w.n, 1);
	assert_null(resolver_answer(b));
	o.server[0].over_udp = UDP_GOOD;
	assert_int_equal(await(&o, b)->status, DNS_FOUND);
	world_close(&o);
}

static size_t
place_of(const struct server *s, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s->log[i], name) == 0)
			return i;
	fail_msg("%s was not asked for", name);
	return n;
}

/* What may not be needed goes last, and given back in time it is not sent. */
static void
test_spare_questions_wait_for_the_others(void **state)
{
	struct world o = { .n = 1, .server[0].over_udp = UDP_SILENT };
	struct ticket *first[64], *spare[3], *t;
	char name[32];

	(void)state;
	world_open(&o);
	for (unsigned i = 0; i < 64; i++) {
		snprintf(name, sizeof name, "f%u.example.org", i);
		first[i] = put(&o, name, DNS_A);
	}
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "s%u.example.org", i);
		spare[i] = resolver_ask(o.r, &(struct dns_question){
			.name = name, .type = DNS_A, .spare = true }, o.now);
	}
	t = put(&o, "t.example.org", DNS_A);
	assert_ptr_equal(put(&o, "s2.example.org", DNS_A), spare[2]);
	resolver_release(o.r, spare[0]);
	turn(&o); /* the server has heard of the first 64, and keeps silent */
	o.server[0].over_udp = UDP_GOOD;
	for (unsigned i = 0; i < 64; i++)
		await(&o, first[i]);
	await(&o, t);
	await(&o, spare[1]);
	await(&o, spare[2]);
	assert_in_range(o.server[0].datagrams, 67, LOGGED);
	assert_true(place_of(&o.server[0], o.server[0].datagrams,
	    "t.example.org") < place_of(&o.server[0], o.server[0].datagrams,
	    "s2.example.org"));
	assert_true(place_of(&o.server[0], o.server[0].datagrams,
	    "s2.example.org") < place_of(&o.server[0], o.server[0].datagrams,
	    "s1.example.org"));
	for (size_t i = 0; i < o.server[0].datagrams; i++)
		assert_string_not_equal(o.server[0].log[i], "s0.example.org");
	world_close(&o);
}

/* ---- memory and time ---- */

/* With nobody who answers each question is settled at once. */
static void
ask_nobody(struct world *o, unsigned from, unsigned to)
{
	char name[40];

	for (unsigned i = from; i < to; i++) {
		snprintf(name, sizeof name, "n%u.example.org", i);
		resolver_release(o->r, put(o, name, DNS_A));
	}
}

static size_t
heap_in_use(void)
{
	return mallinfo2().uordblks;
}

/* A run that asks about ever new names does not grow. */
static void
test_memory_is_given_back(void **state)
{
	struct world o = { .n = 0 };
	size_t before, after;

	(void)state;
	world_open(&o);
	o.events.wanted = false;
	ask_nobody(&o, 0, 10000);
	before = heap_in_use();
	ask_nobody(&o, 10000, 100000);
	after = heap_in_use();
	assert_in_range(after, 0, before + 65536);
	world_close(&o);
}

/* Finding one of many costs what finding one of few does. */
static void
test_the_table_grows_with_its_tickets(void **state)
{
	struct cache c = { .table.seed = { { 1, 2 } } };
	const unsigned n = 20000;
	size_t longest = 0;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "n%u.example.org", i);
		cache_add(&c, name, DNS_A, BY_DNS);
	}
	assert_int_equal(c.table.n, n);
	assert_in_range(c.table.nslots, n, 2 * n);
	for (size_t i = 0; i < c.table.nslots; i++) {
		size_t length = 0;

		for (struct table_node *t = c.table.slot[i]; t; t = t->chain)
			length++;
		longest = length > longest ? length : longest;
	}
	assert_in_range(longest, 1, 12);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "n%u.example.org", i);
		assert_non_null(cache_find(&c, name, DNS_A, BY_DNS, 0));
		assert_null(cache_find(&c, name, DNS_MX, BY_DNS, 0));
		assert_null(cache_find(&c, name, DNS_A, BY_HOSTS, 0));
	}
	cache_free(&c);
}

/* A name with an address costs a few hundred octets while it is held. */
static void
test_a_held_answer_is_small(void **state)
{
	struct world o = { .n = 1 };
	struct ticket *ticket[MANY];
	size_t before;

	(void)state;
	world_open(&o);
	o.events.wanted = false;
	ask_briefly(&o, "example.org", DNS_MX);
	before = heap_in_use();
	ask_many(&o, ticket);
	assert_in_range(heap_in_use() - before, 0, MANY * 400);
	world_close(&o);
}

/* ---- short of descriptors ---- */

/* As many descriptors as there are, and `spare` more. */
static void
limit_descriptors(rlim_t spare, struct rlimit *old)
{
	struct rlimit now;
	int fd = dup(0);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, old), 0);
	now = *old;
	now.rlim_cur = (rlim_t)fd + spare;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static void
test_many_questions_share_few_descriptors(void **state)
{
	struct world o = { .n = 1 };
	struct ticket *ticket[MANY];
	struct rlimit old;
	int64_t begun;

	(void)state;
	world_open(&o);
	begun = o.now;
	limit_descriptors(3, &old);
	ask_many(&o, ticket);
	setrlimit(RLIMIT_NOFILE, &old);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(resolver_answer(ticket[i])->status,
		    DNS_FOUND);
	assert_in_range(o.most_sockets, 1, 3);
	assert_int_equal(o.server[0].datagrams, MANY);
	assert_true(o.now == begun); /* none waited for the clock */
	world_close(&o);
}

/* Somebody else has them all: this is waited for, and then told as it is. */
static void
test_no_descriptor_at_all(void **state)
{
	struct world o = { .n = 1 };
	const struct dns_answer *a;
	struct ticket *t;
	struct rlimit old;
	int64_t begun;

	(void)state;
	world_open(&o);
	begun = o.now;
	limit_descriptors(0, &old);
	t = put(&o, "example.org", DNS_A);
	for (int i = 0; i < 5000 && !resolver_answer(t); i++)
		turn(&o);
	setrlimit(RLIMIT_NOFILE, &old);
	a = resolver_answer(t);
	assert_non_null(a);
	assert_int_equal(a->status, DNS_SOFT);
	assert_int_equal(a->fault, STAGE_SYSTEM);
	assert_string_equal(a->why, "no socket to be had on this host: "
	    "Too many open files");
	assert_true(o.now - begun == SECONDS(300));
	assert_int_equal(o.server[0].datagrams, 0);
	resolver_release(o.r, t);
	assert_int_equal(ask(&o, "example.org", DNS_A)->status, DNS_FOUND);
	world_close(&o);
}

/* Freed by somebody else, 100 ms later the question is on its way. */
static void
test_a_descriptor_is_waited_for(void **state)
{
	struct world o = { .n = 1 };
	struct ticket *t;
	struct rlimit old;
	int64_t begun;

	(void)state;
	world_open(&o);
	begun = o.now;
	limit_descriptors(0, &old);
	t = put(&o, "example.org", DNS_A);
	turn(&o);
	turn(&o);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(await(&o, t)->status, DNS_FOUND);
	assert_in_range(o.now - begun, 0, SECONDS(1));
	world_close(&o);
}

/* Row 18. */
static void
test_ad_counts_from_loopback_or_with_trust(void **state)
{
	struct world o = { .n = 1, .server[0].flags = FLAG_AD };
	struct resolver_config c = { .n = 0 };
	struct endpoint remote = { { 4, { 192, 0, 2, 53 }, 0 }, 53 };

	(void)state;
	world_open(&o);
	assert_true(ask(&o, "example.org", DNS_A)->secure);
	o.server[0].flags = 0;
	assert_false(ask(&o, "example.net", DNS_A)->secure);
	assert_true(resolver_config_trusts(&c, &o.server[0].at));
	assert_false(resolver_config_trusts(&c, &remote));
	c.trust_ad = true;
	assert_true(resolver_config_trusts(&c, &remote));
	world_close(&o);
}

static void
test_events(void **state)
{
	struct world o = { .n = 2, .server[0].over_udp = UDP_SILENT };
	struct buf at[2] = { { 0 }, { 0 } }, line = { 0 };
	struct event e;

	(void)state;
	world_open(&o);
	ask(&o, "example.org", DNS_A);
	for (size_t i = 0; i < 2; i++)
		endpoint_put(&at[i], &o.server[i].at);
	assert_true(events_take(&o.events, &e));
	assert_int_equal(e.kind, EVENT_LOOKUP);
	assert_true(slice_eq(event_get(&e, "name"), SLICE("example.org")));
	assert_true(slice_eq(event_get(&e, "type"), SLICE("A")));
	assert_true(slice_eq(event_get(&e, "resolver"), buf_slice(&at[0])));
	assert_true(events_take(&o.events, &e));
	buf_putf(&line, "example.org A: %s: no answer; asking ",
	    buf_str(&at[0]));
	buf_puts(&line, buf_str(&at[1]));
	assert_int_equal(e.kind, EVENT_NOTE);
	assert_true(slice_eq(event_get(&e, "text"), buf_slice(&line)));
	assert_true(events_take(&o.events, &e));
	assert_int_equal(e.kind, EVENT_ANSWER);
	assert_true(slice_eq(event_get(&e, "status"), SLICE("found")));
	assert_true(slice_eq(event_get(&e, "answer"), SLICE(TRUTH)));
	assert_int_equal(event_get_number(&e, "validated"), 0);
	assert_false(events_take(&o.events, &e));
	buf_free(&at[0]);
	buf_free(&at[1]);
	buf_free(&line);
	world_close(&o);
}

/* ---- files ---- */

static void
write_file(char path[64], const char *text)
{
	int fd;

	snprintf(path, 64, "/tmp/smtpsend-dns-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const struct {
	const char *name, *text;
	const char *servers;
	bool trust_ad, rotate;
	int64_t attempt;
	unsigned attempts;
} files[] = {
	{ "empty", "", "127.0.0.1:53", false, false, 0, 0 },
	{ "usual", "# by hand\nsearch example.org\nnameserver 192.0.2.53\n"
	    "nameserver\t2001:db8::53 # second\n", "192.0.2.53:53 "
	    "[2001:db8::53]:53", false, false, 0, 0 },
	{ "zone by number", "nameserver fe80::1%7\n", "[fe80::1%7]:53", false,
	    false, 0, 0 },
	{ "no such zone", "nameserver fe80::1%nosuch0\n", "127.0.0.1:53",
	    false, false, 0, 0 },
	{ "zone of IPv4", "nameserver 192.0.2.1%1\n", "127.0.0.1:53", false,
	    false, 0, 0 },
	{ "options", "options timeout:3 attempts:4 trust-ad rotate edns0\n",
	    "127.0.0.1:53", true, true, SECONDS(3), 4 },
	{ "options are capped", "options timeout:900 attempts:99\n",
	    "127.0.0.1:53", false, false, SECONDS(30), 5 },
	{ "options are at least 1", "options timeout:0 attempts:0\n",
	    "127.0.0.1:53", false, false, SECONDS(1), 1 },
	{ "rubbish", "nameserver\nnameserver x\nnameserverx 192.0.2.1\n"
	    ";nameserver 192.0.2.2\noptions timeout: timeout:x attempts:-1\n",
	    "127.0.0.1:53", false, false, 0, 0 },
	{ "nine servers", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "nameserver 192.0.2.3\nnameserver 192.0.2.4\n"
	    "nameserver 192.0.2.5\nnameserver 192.0.2.6\n"
	    "nameserver 192.0.2.7\nnameserver 192.0.2.8\n"
	    "nameserver 192.0.2.9", "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53 "
	    "192.0.2.4:53 192.0.2.5:53 192.0.2.6:53 192.0.2.7:53 "
	    "192.0.2.8:53", false, false, 0, 0 },
};

static void
put_servers(struct buf *out, const struct resolver_config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (i > 0)
			buf_putc(out, ' ');
		endpoint_put(out, &c->server[i]);
	}
}

static void
test_resolv_conf(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct resolver_config c = { .n = 0 };
		struct buf servers = { 0 };
		char path[64];

		print_message("  %s\n", files[i].name);
		write_file(path, files[i].text);
		resolver_config_read(&c, path);
		unlink(path);
		put_servers(&servers, &c);
		assert_string_equal(buf_str(&servers), files[i].servers);
		assert_int_equal(c.trust_ad, files[i].trust_ad);
		assert_int_equal(c.rotate, files[i].rotate);
		assert_int_equal(c.attempt, files[i].attempt);
		assert_int_equal(c.attempts, files[i].attempts);
		buf_free(&servers);
	}
}

static void
test_no_resolv_conf_means_this_host(void **state)
{
	struct resolver_config c = { .n = 0 };

	(void)state;
	resolver_config_read(&c, "/nonexistent/resolv.conf");
	assert_int_equal(c.n, 1);
	assert_true(ip_is_loopback(&c.server[0].ip));
	assert_int_equal(c.server[0].port, 53);
}

static void
test_resolver_option(void **state)
{
	struct resolver_config c = { .n = 0 };
	struct buf servers = { 0 };

	(void)state;
	assert_true(resolver_config_add(&c, SLICE("192.0.2.53")));
	assert_true(resolver_config_add(&c, SLICE("192.0.2.53:5353")));
	assert_true(resolver_config_add(&c, SLICE("[::1]:5353")));
	assert_true(resolver_config_add(&c, SLICE("::1")));
	assert_true(resolver_config_add(&c, SLICE("fe80::1%lo")));
	assert_false(resolver_config_add(&c, SLICE("")));
	assert_false(resolver_config_add(&c, SLICE("localhost")));
	assert_false(resolver_config_add(&c, SLICE("192.0.2.53:0")));
	assert_false(resolver_config_add(&c, SLICE("192.0.2.53:x")));
	assert_false(resolver_config_add(&c, SLICE("fe80::1%")));
	assert_true(resolver_config_add(&c, SLICE("[fe80::1%7]:5353")));
	assert_true(resolver_config_add(&c, SLICE("fe80::2%7")));
	put_servers(&servers, &c);
	assert_string_equal(buf_str(&servers), "192.0.2.53:53 "
	    "192.0.2.53:5353 [::1]:5353 [::1]:53 [fe80::1%1]:53 "
	    "[fe80::1%7]:5353 [fe80::2%7]:53");
	assert_int_equal(c.server[4].ip.scope, if_nametoindex("lo"));
	buf_free(&servers);
}

#define HOSTS "127.0.0.1 localhost\n# comment\n192.0.2.1\tMail mail.lan #x\n" \
	"192.0.2.2 mail.lan\n2001:db8::1 six\nnonsense mail.lan\n192.0.2.3\n"

static const struct {
	const char *name;
	enum dns_type type;
	bool listed;
	const char *want;
} hosts[] = {
	{ "mail", DNS_A, true, "192.0.2.1" },
	{ "MAIL.lan", DNS_A, true, "192.0.2.1, 192.0.2.2" },
	{ "six", DNS_AAAA, true, "2001:db8::1" },
	{ "x", DNS_A, false, NULL },
	{ "other", DNS_A, false, NULL },
	{ "mail", DNS_MX, false, NULL },
};

static void
test_hosts(void **state)
{
	char path[64];
	struct dns_answer a;

	(void)state;
	write_file(path, HOSTS);
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct buf got = { 0 };

		print_message("  %s\n", hosts[i].name);
		assert_int_equal(hosts_answer(path, hosts[i].name,
		    hosts[i].type, &a), hosts[i].listed);
		if (hosts[i].listed) {
			dns_answer_put(&got, &a);
			assert_int_equal(a.status, DNS_FOUND);
			assert_string_equal(buf_str(&got), hosts[i].want);
		}
		dns_answer_free(&a);
		buf_free(&got);
	}
	assert_true(hosts_answer(path, "six", DNS_A, &a));
	assert_int_equal(a.status, DNS_NODATA);
	dns_answer_free(&a);
	unlink(path);
	assert_false(hosts_answer(path, "mail", DNS_A, &a));
}

/* Only what the user named is looked for in the file, and what it lacks is
   asked for. */
static void
test_named_hosts(void **state)
{
	struct world o = { .n = 1 };
	struct dns_question q = { .name = "mail.lan", .type = DNS_A,
		.named = true };
	struct ticket *t, *plain;
	struct buf got = { 0 };
	char path[64];

	(void)state;
	write_file(path, HOSTS);
	o.config.hosts = path;
	world_open(&o);
	t = resolver_ask(o.r, &q, o.now);
	assert_non_null(resolver_answer(t));
	dns_answer_put(&got, resolver_answer(t));
	assert_string_equal(buf_str(&got), "192.0.2.1, 192.0.2.2");
	plain = put(&o, "mail.lan", DNS_A);
	assert_ptr_not_equal(t, plain);
	assert_ptr_equal(t, resolver_ask(o.r, &q, o.now));
	await(&o, plain);
	q.name = "other.lan";
	await(&o, resolver_ask(o.r, &q, o.now));
	assert_int_equal(o.server[0].datagrams, 2);
	unlink(path);
	buf_free(&got);
	world_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_a_refusing_server_is_left_at_once),
		cmocka_unit_test(test_tcp_has_a_time_of_its_own),
		cmocka_unit_test(test_a_question_is_sent_once),
		cmocka_unit_test(
		    test_names_that_are_none_and_servers_that_are_none),
		cmocka_unit_test(test_a_dead_server_is_waited_for_once),
		cmocka_unit_test(test_a_short_budget_is_shared),
		cmocka_unit_test(test_a_long_budget_is_15_seconds),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_many_questions_share_64_sockets),
		cmocka_unit_test(test_sockets_are_used_again),
		cmocka_unit_test(test_only_loopback_sockets_are_kept),
		cmocka_unit_test(test_many_questions_to_nobody_fail_together),
		cmocka_unit_test(test_a_server_without_edns_is_remembered),
		cmocka_unit_test(test_other_failures_teach_nothing_of_edns),
		cmocka_unit_test(test_edns_is_known_of_each_server),
		cmocka_unit_test(test_an_answer_is_kept_for_its_ttl),
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_a_question_is_given_up),
		cmocka_unit_test(test_spare_questions_wait_for_the_others),
		cmocka_unit_test(test_memory_is_given_back),
		cmocka_unit_test(test_the_table_grows_with_its_tickets),
		cmocka_unit_test(test_a_held_answer_is_small),
		cmocka_unit_test(test_many_questions_share_few_descriptors),
		cmocka_unit_test(test_no_descriptor_at_all),
		cmocka_unit_test(test_a_descriptor_is_waited_for),
		cmocka_unit_test(test_ad_counts_from_loopback_or_with_trust),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_resolv_conf),
		cmocka_unit_test(test_no_resolv_conf_means_this_host),
		cmocka_unit_test(test_resolver_option),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_named_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
