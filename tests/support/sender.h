/* SPDX-License-Identifier: ISC */
/*
 * sender.h - a deliver driven by a loop of its own, against the servers of
 * peers.h: what the tests of deliver/ share.
 */
#ifndef SUPPORT_SENDER_H
#define SUPPORT_SENDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/deliver.h"
#include "net/clock.h"
#include "peers.h"

#define PIPES "PIPELINING ENHANCEDSTATUSCODES"
#define POLITE "EHLO MAIL RCPT DATA . QUIT"

struct sender {
	struct peers *peers;
	struct deliver_config config;
	struct events events;
	struct deliver *deliver;
	struct wait wait;
	int64_t ahead;		/* of the clock: time is a parameter */
};

/* A message of its own, with its consignment. */
struct letter {
	struct envelope envelope;
	struct message message;
	struct consignment c;
};

/* Servers with these rules and records, beside mx1.test, mx2.test, mx3.test. */
static inline void
sender_listen(struct sender *s, const struct peers_config *config,
    const char *const *records, size_t n)
{
	char text[40];

	s->peers = peers_start(config);
	for (unsigned i = 1; i <= config->n; i++) {
		snprintf(text, sizeof text, "mx%u.test A 127.0.0.%u", i, i + 1);
		peers_record(s->peers, text);
	}
	for (size_t i = 0; i < n && records[i]; i++)
		peers_record(s->peers, records[i]);
	peers_run(s->peers);
	s->config = (struct deliver_config){
		.route = { .port = peers_port(s->peers), .tls_why = "the test",
			.allow_loopback_mx = true, .no_ipv6 = true },
		.helo = "client.test",
	};
	s->config.resolver.server[0] = peers_dns(s->peers);
	s->config.resolver.n = 1;
}

static inline void
sender_start(struct sender *s)
{
	s->events.wanted = true;
	s->deliver = deliver_new(&s->config, &s->events);
}

static inline void
letter_init(struct letter *l, const char *rcpts, const char *id)
{
	static const struct address_options by = {
		.default_domain = SLICE("x") };
	struct slice rest = slice_of(rcpts), word;
	struct address a;
	struct outcome why;

	*l = (struct letter){ .message.body = { .memory = SLICE("hi\r\n"),
		.fd = -1, .length = 4 } };
	assert_true(address_parse(SLICE("me@client.test"), &by,
	    &l->envelope.from, &why));
	while (slice_cut(&rest, ' ', &word)) {
		assert_true(address_parse(word, &by, &a, &why));
		envelope_add(&l->envelope, &a);
	}
	buf_putf(&l->message.head, "X-Id: %s\r\n\r\n", id);
	l->message.size = l->message.head.n + 4;
	l->c = (struct consignment){ .envelope = &l->envelope,
		.message = &l->message, .owner = l };
}

static inline void
letter_free(struct letter *l)
{
	envelope_free(&l->envelope);
	buf_free(&l->message.head);
}

/* A letter for each recipient: D T F V; M = T, and it may have been taken. */
static inline void
letter_verdicts(const struct letter *l, char *out)
{
	static const char letters[] = { [PENDING] = '?', [VERIFIED] = 'V',
		[DELIVERED] = 'D', [DEFERRED] = 'T', [FAILED] = 'F' };
	const struct recipient *r = l->envelope.rcpts;

	for (size_t i = 0; i < l->envelope.n; i++, r++) {
		*out++ = r->verdict == DEFERRED && r->result->maybe_sent ?
		    'M' : letters[r->verdict];
		assert_true(r->verdict == PENDING || r->decided > 0);
	}
	*out = '\0';
}

static inline int64_t
sender_now(const struct sender *s)
{
	return clock_now() + s->ahead;
}

static inline void
sender_sleep(struct sender *s)
{
	int64_t now = sender_now(s);

	wait_clear(&s->wait);
	deliver_wait(s->deliver, &s->wait);
	wait_poll(&s->wait, now);
}

static inline void
sender_step(struct sender *s)
{
	s->events.now = sender_now(s);
	deliver_step(s->deliver, &s->wait, s->events.now);
}

/* Until a consignment is finished, which it must be. */
static inline struct letter *
sender_finish(struct sender *s)
{
	struct consignment *c;

	for (;;) {
		sender_step(s);
		c = deliver_finished(s->deliver);
		if (c)
			return c->owner;
		sender_sleep(s);
	}
}

/* Until all connections are gone; the servers stop then, too. */
static inline void
sender_close(struct sender *s)
{
	deliver_close(s->deliver);
	for (;;) {
		sender_step(s);
		if (deliver_is_idle(s->deliver))
			break;
		sender_sleep(s);
	}
	peers_stop(s->peers);
}

static inline void
sender_free(struct sender *s)
{
	deliver_free(s->deliver);
	events_free(&s->events);
	wait_free(&s->wait);
	peers_free(s->peers);
}

static inline void
sender_heard(const struct sender *s, unsigned peer, const char *want,
    const char *name)
{
	struct buf heard = { 0 };

	peers_heard(s->peers, peer, &heard);
	if (!slice_eq(buf_slice(&heard), slice_of(want)))
		fail_msg("%s: mx%u heard '%s', not '%s'", name, peer,
		    buf_str(&heard), want);
	buf_free(&heard);
}

#endif
