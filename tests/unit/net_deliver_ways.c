/* SPDX-License-Identifier: ISC */
/*
 * net_deliver_ways.c - rules, relays that cannot be found, bodies that cannot
 * be read, and what a run can be asked about itself.
 */
#include "../support/sender.h"
#include "deliver/job.h"

#include <sys/mman.h>
#include <unistd.h>

static const char *const records[] = { "a.test MX 10 mx1.test",
	"a.test MX 20 mx2.test", "b.test MX 10 mx3.test" };

static void
open_world(struct sender *s)
{
	const struct peers_config c = { .n = 3, .offers = PIPES };

	*s = (struct sender){ 0 };
	sender_listen(s, &c, records, sizeof records / sizeof records[0]);
}

static void
run(struct sender *s, struct letter *l, const char *want)
{
	char have[16];

	sender_start(s);
	deliver_add(s->deliver, &l->c);
	deliver_close(s->deliver);
	assert_ptr_equal(sender_finish(s), l);
	letter_verdicts(l, have);
	if (strcmp(have, want) != 0)
		fail_msg("%s, not %s: %s", have, want, l->envelope
		    .rcpts[l->envelope.n - 1].result->text);
	sender_close(s);
}

static void
end(struct sender *s, struct letter *l)
{
	sender_free(s);
	letter_free(l);
}

/* Two relays by SRV that are not there: both are asked, both reasons told. */
static void
test_relay_after_relay(void **state)
{
	struct relay_spec relays[] = {
		{ .name = "one", .by_srv = true, .host = "one.test" },
		{ .name = "two", .by_srv = true, .host = "two.test" } };
	struct rules rules = { .relay = relays, .nrelays = 2,
		.use = "one two" };
	struct sender s;
	struct letter l;
	const char *text;

	(void)state;
	open_world(&s);
	s.config.rules = &rules;
	letter_init(&l, "u@a.test v@b.test", "1");
	run(&s, &l, "TT");
	text = l.envelope.rcpts[0].result->text;
	assert_non_null(strstr(text, "one.test"));
	assert_non_null(strstr(text, "; "));
	assert_non_null(strstr(text, "two.test"));
	assert_ptr_equal(l.envelope.rcpts[0].result,
	    l.envelope.rcpts[1].result); /* one parcel */
	assert_int_equal(peers_questions(s.peers), 4);
	end(&s, &l);
}

/* [domain] rules: one direct, one to a server, one by a relay that is lost. */
static void
test_rules(void **state)
{
	struct relay_spec relay = { .name = "one", .by_srv = true,
		.host = "one.test" };
	struct domain_rule domains[] = {
		{ .pattern = "a.test", .direct = true },
		{ .pattern = "*.lan.test", .server = "127.0.0.4" } };
	struct rules rules = { .relay = &relay, .nrelays = 1,
		.domain = domains, .ndomains = 2, .use = "one" };
	struct sender s;
	struct letter l;

	(void)state;
	open_world(&s);
	s.config.rules = &rules;
	domains[1].port = s.config.route.port;
	letter_init(&l, "u@a.test v@x.lan.test w@b.test x@y.lan.test", "1");
	s.config.max_site_lanes = 1;
	run(&s, &l, "DDTD");
	sender_heard(&s, 1, POLITE, "direct");
	sender_heard(&s, 2, "", "the second MX");
	/* the same server, but a mail for each domain */
	sender_heard(&s, 3, "EHLO MAIL RCPT DATA . MAIL RCPT DATA . QUIT",
	    "a server");
	end(&s, &l);
}

static void
await_batch(struct sender *s, struct deliver_batch *b)
{
	for (;;) {
		sender_step(s);
		if (deliver_unrecorded(s->deliver, b))
			return;
		sender_sleep(s);
	}
}

/* Until its second lane is over, and the first one alone is waited for. */
static void
await_refusal(struct sender *s)
{
	for (;;) {
		sender_step(s);
		wait_clear(&s->wait);
		deliver_wait(s->deliver, &s->wait);
		if (deliver_lanes(s->deliver) == 2 && s->wait.n == 1)
			return;
		wait_poll(&s->wait, sender_now(s));
	}
}

/*
 * The server wants one connection, which has something to record: the other
 * parcel waits for it.
 */
static void
test_one_connection_is_enough(void **state)
{
	static const struct peer_rule rule = { .crowded = true,
		.verb = "HELLO", .reply = "421 too many connections" };
	const struct peers_config c = { .n = 1, .offers = PIPES,
		.rule = &rule, .nrules = 1 };
	static const char *const same[] = { "a.test MX 10 mx1.test",
		"b.test MX 10 mx1.test" };
	struct sender s = { 0 };
	struct letter first, second;
	struct deliver_batch b;
	char have[16];

	(void)state;
	sender_listen(&s, &c, same, 2);
	s.config.records = true;
	sender_start(&s);
	letter_init(&first, "u@a.test", "1");
	letter_init(&second, "v@b.test", "2");
	deliver_add(s.deliver, &first.c);
	await_batch(&s, &b);
	deliver_add(s.deliver, &second.c);
	await_refusal(&s);
	deliver_recorded(s.deliver, &b);
	await_batch(&s, &b);
	letter_verdicts(&second, have);
	assert_string_equal(have, "D");
	deliver_recorded(s.deliver, &b);
	sender_close(&s);
	sender_heard(&s, 1, "EHLO MAIL RCPT DATA . MAIL RCPT DATA . QUIT|",
	    "one lane");
	sender_free(&s);
	letter_free(&first);
	letter_free(&second);
}

/* A demand for TLS that a message brings keeps it apart from others. */
static void
test_a_floor(void **state)
{
	struct sender s;
	struct letter l;

	(void)state;
	open_world(&s);
	letter_init(&l, "u@b.test", "1");
	l.c.tls_floor = TLS_ENCRYPT;
	l.c.tls_floor_why = "the message";
	run(&s, &l, "T");
	sender_heard(&s, 3, "EHLO", "no STARTTLS there");
	assert_int_equal(l.envelope.rcpts[0].result->stage, STAGE_STARTTLS);
	assert_string_equal(l.envelope.rcpts[0].result->host, "mx3.test");
	assert_int_equal(l.envelope.rcpts[0].result->peer.port,
	    s.config.route.port);
	end(&s, &l);
}

/* The file is shorter than it was: not the server's fault, and no other's. */
static void
test_the_body_is_gone(void **state)
{
	struct sender s;
	struct letter l;

	(void)state;
	open_world(&s);
	letter_init(&l, "u@a.test", "1");
	l.message.body.fd = memfd_create("body", MFD_CLOEXEC);
	l.message.body.memory = (struct slice){ 0 };
	assert_int_equal(write(l.message.body.fd, "h", 1), 1);
	run(&s, &l, "T");
	assert_int_equal(l.envelope.rcpts[0].result->stage, STAGE_READ);
	assert_false(l.envelope.rcpts[0].result->maybe_sent);
	sender_heard(&s, 1, "EHLO MAIL RCPT DATA", "no end of it");
	sender_heard(&s, 2, "", "nobody else");
	close(l.message.body.fd);
	end(&s, &l);
}

static void
test_times_and_progress(void **state)
{
	struct sender s;
	struct letter l;
	const struct recipient *r;
	uint64_t sent, size;

	(void)state;
	open_world(&s);
	letter_init(&l, "u@a.test v@b.test", "1");
	run(&s, &l, "DD");
	r = &l.envelope.rcpts[0];
	assert_true(r->connected > 0 && r->text >= r->connected);
	assert_true(r->decided >= r->text);
	deliver_progress(s.deliver, &sent, &size);
	assert_int_equal(size, 2 * l.message.size);
	assert_true(sent >= size); /* and the final dots */
	assert_int_equal(deliver_awaited(s.deliver).stage, STAGE_NONE);
	/* closed and done: nothing is kept that is of no more use */
	assert_int_equal(s.deliver->job.destinations.n, 0);
	assert_int_equal(s.deliver->job.sites.n, 0);
	end(&s, &l);
}

static void
test_the_plan_is_told(void **state)
{
	struct sender s;
	struct letter l;
	struct event e = { .n = 0 };

	(void)state;
	open_world(&s);
	letter_init(&l, "u@a.test", "1");
	run(&s, &l, "D");
	while (e.kind != EVENT_PLAN)
		assert_true(events_take(&s.events, &e));
	assert_true(slice_eq(event_get(&e, "domain"), SLICE("a.test")));
	assert_true(slice_eq(event_get(&e, "hosts"),
	    SLICE("10 mx1.test, 20 mx2.test")));
	end(&s, &l);
}

/* --explain: each plan once, in the order of the recipients; nobody is sent. */
static void
test_plans(void **state)
{
	static const char *const want[] = { "b.test", "a.test", "no.test" };
	static const char *const whom[] = { "v@b.test\nw@b.test\n",
		"u@a.test\n", "x@no.test\n" };
	const struct plan *plan;
	struct slice rcpts;
	struct sender s;
	struct letter l;

	(void)state;
	open_world(&s);
	s.config.plan_only = true;
	letter_init(&l, "v@b.test u@a.test w@b.test x@no.test", "1");
	run(&s, &l, "???F");
	for (size_t i = 0; i < 3; i++) {
		assert_true(deliver_next_plan(s.deliver, &plan, &rcpts));
		assert_string_equal(plan->domain, want[i]);
		assert_true(slice_eq(rcpts, slice_of(whom[i])));
	}
	assert_false(deliver_next_plan(s.deliver, &plan, &rcpts));
	assert_int_equal(peers_connections(s.peers, 3), 0);
	end(&s, &l);
}

/* What is known of a way is given back when it is not good any more. */
static void
test_a_long_run(void **state)
{
	struct sender s;
	struct letter l;
	char to[32], have[16];

	(void)state;
	open_world(&s);
	sender_start(&s);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(to, sizeof to, "u@no%u.test", i);
		letter_init(&l, i % 100 == 0 ? "u@b.test" : to, "1");
		deliver_add(s.deliver, &l.c);
		assert_ptr_equal(sender_finish(&s), &l);
		letter_verdicts(&l, have);
		assert_string_equal(have, i % 100 == 0 ? "D" : "F");
		letter_free(&l);
		events_free(&s.events);
		s.events.wanted = true;
		s.ahead += SECONDS(20);
	}
	assert_true(s.deliver->job.destinations.n < 2000);
	assert_true(s.deliver->job.sites.n <= 1);
	sender_close(&s);
	sender_free(&s);
}

/* Who has his verdict from before is left alone. */
static void
test_nobody(void **state)
{
	struct sender s;
	struct letter l;

	(void)state;
	open_world(&s);
	letter_init(&l, "u@a.test", "1");
	l.envelope.rcpts[0].verdict = DELIVERED;
	l.envelope.rcpts[0].decided = 1;
	run(&s, &l, "D");
	assert_int_equal(peers_questions(s.peers), 0);
	end(&s, &l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay_after_relay),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_one_connection_is_enough),
		cmocka_unit_test(test_a_floor),
		cmocka_unit_test(test_the_body_is_gone),
		cmocka_unit_test(test_times_and_progress),
		cmocka_unit_test(test_the_plan_is_told),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_a_long_run),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests_name("net_deliver_ways", tests, NULL,
	    NULL);
}
