/* SPDX-License-Identifier: ISC */
/*
 * net_deliver_many.c - 1,000 messages to 200 domains on 20 servers, through one
 * deliver: servers refuse, drop connections and take few mails on one, at
 * random by a seed.  Afterwards the ledgers of both sides must agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/peers.h"
#include "base/mem.h"
#include "deliver/deliver.h"
#include "net/clock.h"

#define MESSAGES 1000
#define DOMAINS	 200
#define SERVERS	 20
#define AT_ONCE	 150 /* messages under way; more come as these end */
#define MAILMAX	 7

static const struct peer_rule rules[] = {
	{ .verb = "HELLO", .chance = 40, .reply = "421 busy" },
	{ .verb = "HELLO", .chance = 50, .reply = "drop" },
	{ .verb = "EHLO", .chance = 60, .reply = "drop" },
	{ .verb = "MAIL", .chance = 60, .reply = "421 enough" },
	{ .verb = "MAIL", .chance = 60, .reply = "451 later" },
	{ .verb = "MAIL", .chance = 60, .reply = "drop" },
	{ .verb = "RCPT", .chance = 25, .reply = "550 5.1.1 nobody" },
	{ .verb = "RCPT", .chance = 25, .reply = "450 4.7.1 greylisted" },
	{ .verb = "RCPT", .chance = 25, .reply = "452 4.5.3 too many" },
	{ .verb = "RCPT", .chance = 150, .reply = "drop" },
	{ .verb = "DATA", .chance = 60, .reply = "451 later" },
	{ .verb = "DATA", .chance = 60, .reply = "drop" },
	{ .verb = ".", .chance = 40, .reply = "554 5.7.1 spam" },
	{ .verb = ".", .chance = 40, .reply = "451 4.3.0 later" },
	{ .verb = ".", .chance = 40, .reply = "take-drop" },
	{ .verb = ".", .chance = 60, .reply = "drop" },
	{ .verb = "BDAT", .chance = 40, .reply = "554 5.7.1 spam" },
	{ .verb = "BDAT", .chance = 40, .reply = "451 4.3.0 later" },
	{ .verb = "BDAT", .chance = 40, .reply = "take-drop" },
	{ .verb = "BDAT", .chance = 60, .reply = "drop" },
	{ .verb = "BDAT", .chance = 200, .reply = "502 what?" },
	{ .verb = "RSET", .chance = 30, .reply = "drop" },
	{ .verb = "RSET", .chance = 30, .reply = "500 what?" },
};

static const struct address_options by = { .default_domain = SLICE("x") };

struct letter {
	struct consignment c;
	struct envelope envelope;
	struct message message;
	unsigned finished;
	size_t recorded;
};

struct world {
	struct peers *peers;
	struct deliver_config config;
	struct letter *mail;
	struct deliver *deliver;
	struct wait wait;
	size_t added, ended;
	uint64_t random;
	struct deliver_batch batch[64]; /* waiting to be recorded */
	size_t nbatches;
};

static unsigned
draw(struct world *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random % n);
}

/* ---- making it ---- */

static void
start_peers(struct world *w, uint64_t seed, bool chunks)
{
	struct peers_config c = { .n = SERVERS, .rule = rules,
		.nrules = sizeof rules / sizeof rules[0], .seed = seed,
		.offers = chunks ? "PIPELINING CHUNKING LIMITS_MAILMAX=7" :
				   "PIPELINING LIMITS_MAILMAX=7",
		.max_mails = MAILMAX };
	char text[80];

	w->peers = peers_start(&c);
	for (unsigned i = 0; i < SERVERS; i++) {
		snprintf(text, sizeof text, "mx%u.test A 127.0.0.%u", i, i + 2);
		peers_record(w->peers, text);
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		snprintf(text, sizeof text, "d%u.test MX 10 mx%u.test", i,
		    i % SERVERS);
		peers_record(w->peers, text);
		snprintf(text, sizeof text, "d%u.test MX 20 mx%u.test", i,
		    (i % SERVERS + 1 + i % 3) % SERVERS);
		peers_record(w->peers, text);
	}
	peers_run(w->peers);
}

static void
add_rcpt(struct envelope *e, size_t id, unsigned k, unsigned domain)
{
	struct address a;
	struct outcome why;
	char text[80];

	snprintf(text, sizeof text, "m%zur%u@d%u.test", id, k, domain);
	assert_true(address_parse(slice_of(text), &by, &a, &why));
	envelope_add(e, &a);
}

static void
make_mail(struct world *w, size_t id)
{
	struct letter *m = &w->mail[id];
	unsigned n = 1 + draw(w, 6), domain = draw(w, DOMAINS);
	struct outcome why;

	assert_true(address_parse(SLICE("me@client.test"), &by,
	    &m->envelope.from, &why));
	for (unsigned k = 0; k < n; k++) {
		if (draw(w, 2) == 0)
			domain = draw(w, DOMAINS);
		add_rcpt(&m->envelope, id, k, domain);
	}
	buf_putf(&m->message.head, "X-Id: m%zu\r\n\r\n", id);
	m->message.body = (struct content){ .memory = SLICE("hi\r\n"),
		.fd = -1, .length = 4 };
	m->message.size = m->message.head.n + 4;
	m->c = (struct consignment){ .envelope = &m->envelope,
		.message = &m->message, .owner = m };
}

static void
make_world(struct world *w, uint64_t seed, bool records, bool chunks)
{
	*w = (struct world){ .random = seed };
	start_peers(w, seed, chunks);
	w->mail = mem_alloc(MESSAGES * sizeof *w->mail);
	for (size_t i = 0; i < MESSAGES; i++)
		make_mail(w, i);
	w->config = (struct deliver_config){
		.route = { .port = peers_port(w->peers), .tls_why = "the test",
			.allow_loopback_mx = true, .no_ipv6 = true,
			.seed = seed },
		.helo = "client.test",
		.max_lanes = 60,
		.max_site_lanes = 4,
		.records = records,
	};
	w->config.resolver.server[0] = peers_dns(w->peers);
	w->config.resolver.n = 1;
	w->deliver = deliver_new(&w->config, NULL);
}

/* ---- running it ---- */

/* Recorded one turn later, and not in the order they came. */
static void
record(struct world *w)
{
	struct deliver_batch *b;
	struct recipient *r;

	while (w->nbatches > 0) {
		b = &w->batch[--w->nbatches];
		for (r = b->rcpts.first; r; r = r->next)
			assert_true(r->verdict != PENDING && r->decided > 0);
		((struct letter *)b->consignment->owner)->recorded += b->n;
		deliver_recorded(w->deliver, b);
	}
	while (w->nbatches < 64 &&
	    deliver_unrecorded(w->deliver, &w->batch[w->nbatches]))
		w->nbatches++;
}

static void
feed(struct world *w)
{
	while (w->added < MESSAGES && w->added - w->ended < AT_ONCE)
		deliver_add(w->deliver, &w->mail[w->added++].c);
	if (w->added == MESSAGES && w->ended < MESSAGES)
		return;
	if (w->ended == MESSAGES)
		deliver_close(w->deliver);
}

static void
take_finished(struct world *w)
{
	struct consignment *c;
	struct letter *m;

	while ((c = deliver_finished(w->deliver))) {
		m = c->owner;
		m->finished++;
		w->ended++;
		for (size_t i = 0; i < m->envelope.n; i++)
			assert_true(m->envelope.rcpts[i].verdict != PENDING);
		if (w->config.records)
			assert_int_equal(m->recorded, m->envelope.n);
		/* whoever still looked at it would be found out */
		memset(m->message.head.base, '?', m->message.head.cap);
		m->message.size = 1;
	}
}

static void
run_world(struct world *w)
{
	int64_t now;

	for (;;) {
		now = clock_now();
		deliver_step(w->deliver, &w->wait, now);
		if (w->config.records)
			record(w);
		take_finished(w);
		feed(w);
		if (w->ended == MESSAGES && deliver_is_idle(w->deliver))
			break;
		wait_clear(&w->wait);
		deliver_wait(w->deliver, &w->wait);
		if (w->nbatches > 0)
			wait_until(&w->wait, 0);
		wait_poll(&w->wait, now);
	}
	peers_stop(w->peers);
}

static void
free_world(struct world *w)
{
	deliver_free(w->deliver);
	wait_free(&w->wait);
	for (size_t i = 0; i < MESSAGES; i++) {
		envelope_free(&w->mail[i].envelope);
		buf_free(&w->mail[i].message.head);
	}
	free(w->mail);
	peers_free(w->peers);
}

/* ---- what came of it ---- */

static int
compare(const void *a, const void *b)
{
	const struct peer_taken *x = a, *y = b;

	return strcmp(x->rcpt, y->rcpt);
}

static size_t
copies(const struct peer_taken *v, size_t n, const char *rcpt, size_t id)
{
	struct peer_taken key = { .peer = 0 };
	const struct peer_taken *at;
	size_t found = 0;
	char want[32];

	snprintf(key.rcpt, sizeof key.rcpt, "%s", rcpt);
	snprintf(want, sizeof want, "m%zu", id);
	at = bsearch(&key, v, n, sizeof *v, compare);
	while (at && at > v && strcmp(at[-1].rcpt, rcpt) == 0)
		at--;
	for (; at && at < v + n && strcmp(at->rcpt, rcpt) == 0; at++) {
		assert_string_equal(at->id, want);
		found++;
	}
	return found;
}

static void
check_rcpt(const struct recipient *r, size_t taken, unsigned count[8])
{
	bool maybe = r->result->maybe_sent;
	size_t least = r->verdict == DELIVERED;

	count[r->verdict]++;
	if (taken < least || taken > (r->verdict == DELIVERED || maybe))
		fail_msg("%s: %s%s (%s), but taken %zu times", r->to.path,
		    verdict_name(r->verdict), maybe ? ", perhaps" : "",
		    r->result->text, taken);
}

static void
check_world(const struct world *w)
{
	const struct peer_taken *ledger;
	size_t n = peers_taken(w->peers, &ledger), known = 0;
	struct peer_taken *v = mem_alloc((n + 1) * sizeof *v);
	unsigned count[8] = { 0 }, connections = 0;

	memcpy(v, ledger, n * sizeof *v);
	qsort(v, n, sizeof *v, compare);
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct envelope *e = &w->mail[i].envelope;

		assert_int_equal(w->mail[i].finished, 1);
		for (size_t k = 0; k < e->n; k++) {
			size_t taken = copies(v, n, e->rcpts[k].to.path, i);

			check_rcpt(&e->rcpts[k], taken, count);
			known += taken;
		}
	}
	assert_int_equal(known, n);
	assert_string_equal(peers_complaint(w->peers), "");
	for (unsigned i = 1; i <= SERVERS; i++)
		connections += peers_connections(w->peers, i);
	print_message("%u delivered, %u deferred, %u failed; %u connections, "
	    "%zu questions\n", count[DELIVERED], count[DEFERRED],
	    count[FAILED], connections, peers_questions(w->peers));
	assert_true(count[DELIVERED] > 2000);
	assert_true(count[FAILED] > 100 && count[DEFERRED] > 10);
	assert_int_equal(connections, deliver_lanes(w->deliver));
	/* a mail each would be more than that by far */
	assert_true(connections * 2 < count[DELIVERED]);
	/* MX of each domain and A of each server, once; a domain's own A only
	   where it was under way before the MX was known */
	assert_in_range(peers_questions(w->peers), DOMAINS + SERVERS,
	    2 * DOMAINS + SERVERS - 1);
	free(v);
}

static void
run_all(uint64_t seed, bool records, bool chunks)
{
	struct world w;

	make_world(&w, seed, records, chunks);
	run_world(&w);
	check_world(&w);
	free_world(&w);
}

static void
test_at_once(void **state)
{
	(void)state;
	run_all(1, false, false);
	run_all(2, false, false);
}

static void
test_recorded_later(void **state)
{
	(void)state;
	run_all(3, true, false);
}

/* A mail in one flight is out whole before a word is said of it. */
static void
test_in_chunks(void **state)
{
	(void)state;
	run_all(4, false, true);
	run_all(5, true, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_recorded_later),
		cmocka_unit_test(test_in_chunks),
	};

	return cmocka_run_group_tests_name("net_deliver_many", tests, NULL,
	    NULL);
}
