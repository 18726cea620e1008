/* SPDX-License-Identifier: ISC */
/*
 * net_deliver_queue.c - what a queue asks of a deliver that lives long: sites
 * that wait as a whole, what it is told of them, and whose fault it was.
 */
#include "../support/scene.h"

static const unsigned retry[] = { 60, 120 };

static void
open_scene(struct scene *sc, const struct peer_rule *rules, size_t nrules)
{
	scene_open(sc, rules, nrules, PIPES);
	sc->s.config.host_retry = retry;
	sc->s.config.nhost_retry = 2;
}

/* In how many seconds, rounded, the site of r is tried again; -1 = any time. */
static int
waits(const struct scene *sc, const struct recipient *r)
{
	int64_t next = deliver_site_next(sc->s.deliver, r->site);

	return next == 0 ? -1 :
	    (int)((next - sender_now(&sc->s) + SECONDS(1) / 2) / SECONDS(1));
}

/* The news is this, of this site, and no more. */
static void
has_news(struct scene *sc, const struct recipient *r, enum site_news want)
{
	enum site_news news;
	uint64_t key;

	assert_true(deliver_site_woke(sc->s.deliver, &key, &news));
	assert_int_equal(key, r->site);
	assert_int_equal(news, want);
	assert_false(deliver_site_woke(sc->s.deliver, &key, &news));
}

static void
has_no_news(struct scene *sc)
{
	enum site_news news;
	uint64_t key;

	assert_false(deliver_site_woke(sc->s.deliver, &key, &news));
}

/* ---- waiting ---- */

static void
test_a_dead_site_waits(void **state)
{
	const struct recipient *r, *other;
	struct wait w = { 0 };
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	r = scene_tries(&sc, "u@lost.test v@lost.test", "TT", 1);
	assert_true(r->host_fault && r[1].host_fault && r->site != 0);
	assert_int_equal(waits(&sc, r), 60);
	has_no_news(&sc);
	/* nobody asks it again, whatever domain it is for */
	other = scene_tries(&sc, "w@lost2.test", "T", 0);
	assert_int_equal(other->site, r->site);
	assert_true(other->host_fault);
	assert_non_null(strstr(other->result->text,
	    "connect gone.test [127.0.0.250]"));
	wait_clear(&w);
	deliver_wait(sc.s.deliver, &w);
	assert_int_equal(w.deadline, deliver_site_next(sc.s.deliver, r->site));
	wait_free(&w);
	sc.s.ahead = SECONDS(59);
	scene_tries(&sc, "w@lost.test", "T", 0);
	has_no_news(&sc);
	scene_close(&sc);
}

static void
test_longer_each_time(void **state)
{
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	r = scene_tries(&sc, "u@lost.test", "T", 1);
	for (int i = 0; i < 3; i++) {
		sc.s.ahead += SECONDS(i == 0 ? 61 : 121);
		sender_step(&sc.s);
		has_news(&sc, r, SITE_DUE);
		assert_int_equal(waits(&sc, r), -1);
		scene_tries(&sc, "u@lost.test", "T", 1);
		assert_int_equal(waits(&sc, r), 120);
		assert_int_equal(scene_report(&sc, r->site).failures, i + 2);
	}
	scene_close(&sc);
}

/* What a server says or does before it hears of a mail is the host's fault. */
static void
test_failures_of_a_host(void **state)
{
	static const struct peer_rule rules[] = {
		{ .peer = 1, .verb = "HELLO", .reply = "421 busy" },
		{ .peer = 1, .verb = "HELLO", .reply = "554 never" },
		{ .peer = 1, .verb = "HELLO", .reply = "drop" },
		{ .peer = 1, .verb = "EHLO", .reply = "421 busy" },
		{ .peer = 1, .verb = "EHLO", .reply = "drop" },
	};
	const struct recipient *r;
	struct scene sc;

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		open_scene(&sc, &rules[i], 1);
		r = scene_tries(&sc, "u@a.test", "T", 1);
		assert_true(r->host_fault);
		assert_int_equal(waits(&sc, r), 60);
		assert_int_equal(waits(&sc, scene_tries(&sc, "v@b.test", "T",
		    0)), 60);
		scene_tries(&sc, "w@d.test", "D", 1); /* another site */
		scene_close(&sc);
	}
}

/* What it says of a mail is not: the next one is sent there. */
static void
test_failures_of_a_mail(void **state)
{
	static const struct peer_rule rules[] = {
		{ .connection = 1, .verb = "MAIL", .reply = "451 later" },
		{ .connection = 1, .verb = "MAIL", .reply = "421 later" },
		{ .connection = 1, .verb = "MAIL", .reply = "drop" },
		{ .verb = "RCPT", .with = "u@", .reply = "450 later" },
		{ .connection = 1, .verb = "DATA", .reply = "drop" },
		{ .connection = 1, .verb = ".", .reply = "drop" },
	};
	const struct recipient *r;
	struct scene sc;

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		open_scene(&sc, &rules[i], 1);
		sc.s.config.max_mails = 1;
		r = scene_send(&sc, "u@a.test",
		    strcmp(rules[i].verb, ".") == 0 ? "M" : "T");
		assert_false(r->host_fault);
		assert_true(r->site != 0);
		assert_int_equal(waits(&sc, r), -1);
		scene_send(&sc, "v@a.test", "D");
		scene_close(&sc);
	}
}

/* A name that does not exist is no site's fault, and no host's. */
static void
test_no_site(void **state)
{
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	r = scene_send(&sc, "u@nowhere.test", "F");
	assert_int_equal(r->site, 0);
	assert_false(r->host_fault);
	assert_int_equal(deliver_site_next(sc.s.deliver, 0), 0);
	scene_close(&sc);
}

/* As long as one host is good the site is. */
static void
test_one_host_is_enough(void **state)
{
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	r = scene_tries(&sc, "u@half.test", "D", 2);
	assert_int_equal(waits(&sc, r), -1);
	assert_non_null(scene_report(&sc, r->site).why);
	scene_close(&sc);
}

/* A host that could be talked with spoke of him: that counts. */
static void
test_words_of_one_host(void **state)
{
	static const struct peer_rule rules[] = {
		{ .peer = 1, .verb = "RCPT", .reply = "450 greylisted" },
		{ .peer = 2, .verb = "HELLO", .reply = "421 busy" },
	};
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, rules, 2);
	r = scene_send(&sc, "u@two.test", "T");
	assert_false(r->host_fault);
	assert_int_equal(r->result->code, 450);
	assert_int_equal(waits(&sc, r), -1);
	scene_close(&sc);
}

/* All hosts of a site, two of which are asked for a message. */
static void
test_all_hosts(void **state)
{
	static const struct peer_rule rule = { .verb = "HELLO",
		.reply = "421 busy" };
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	sc.s.config.max_sessions = 1;
	r = scene_tries(&sc, "u@two.test", "T", 1);
	assert_true(r->host_fault);
	assert_int_equal(waits(&sc, r), -1); /* the other may be good */
	r = scene_tries(&sc, "u@two.test", "T", 1);
	assert_int_equal(waits(&sc, r), 60);
	scene_close(&sc);
}

/* ---- the probe ---- */

static void
test_a_probe_ends_it(void **state)
{
	static const struct peer_rule rule = { .peer = 1, .connection = 1,
		.verb = "HELLO", .reply = "421 busy" };
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	r = scene_send(&sc, "u@a.test", "T");
	sc.s.ahead = SECONDS(61);
	sender_step(&sc.s);
	has_news(&sc, r, SITE_DUE);
	scene_send(&sc, "v@a.test", "D");
	has_news(&sc, r, SITE_OPEN);
	assert_int_equal(scene_report(&sc, r->site).failures, 0);
	assert_null(scene_report(&sc, r->site).why);
	assert_int_equal(scene_report(&sc, r->site).sent, 1);
	scene_close(&sc);
}

/* Those who come with the probe wait for what it finds. */
static void
test_others_wait_for_the_probe(void **state)
{
	static const struct peer_rule rule = { .peer = 1, .connection = 1,
		.verb = "HELLO", .reply = "421 busy" };
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	scene_send(&sc, "u@a.test", "T");
	sc.s.ahead = SECONDS(61);
	for (int i = 0; i < 5; i++)
		scene_post(&sc, "v@a.test");
	for (int i = 0; i < 5; i++) {
		struct letter *l = sender_finish(&sc.s);

		assert_int_equal(l->envelope.rcpts[0].verdict, DELIVERED);
	}
	scene_close(&sc);
}

static void
test_a_probe_that_fails_is_one(void **state)
{
	const struct recipient *r;
	struct event e;
	struct scene sc;
	size_t n = 0;

	(void)state;
	open_scene(&sc, NULL, 0);
	r = scene_send(&sc, "u@lost.test", "T");
	while (events_take(&sc.s.events, &e))
		continue;
	sc.s.ahead = SECONDS(61);
	for (int i = 0; i < 5; i++)
		scene_post(&sc, "v@lost.test");
	for (int i = 0; i < 5; i++)
		assert_true(sender_finish(&sc.s)->envelope.rcpts[0].host_fault);
	while (events_take(&sc.s.events, &e))
		n += e.kind == EVENT_CONNECT;
	assert_int_equal(n, 1);
	assert_int_equal(waits(&sc, r), 120);
	scene_close(&sc);
}

static void
test_woken(void **state)
{
	static const struct peer_rule rule = { .peer = 1, .connection = 1,
		.verb = "HELLO", .reply = "421 busy" };
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	r = scene_send(&sc, "u@a.test", "T");
	deliver_wake_sites(sc.s.deliver);
	sender_step(&sc.s);
	has_news(&sc, r, SITE_DUE);
	scene_send(&sc, "v@a.test", "D");
	scene_close(&sc);
}

/* ---- whose event it is ---- */

static void
test_events_of_a_mail(void **state)
{
	struct letter *a, *b;
	struct event e;
	struct scene sc;
	size_t n[2] = { 0, 0 };

	(void)state;
	open_scene(&sc, NULL, 0);
	a = scene_post(&sc, "u@a.test");
	b = scene_post(&sc, "u@d.test");
	sender_finish(&sc.s);
	sender_finish(&sc.s);
	while (events_take(&sc.s.events, &e)) {
		if (e.kind != EVENT_SENT && e.kind != EVENT_CONNECT)
			continue;
		if (e.mail)
			assert_true(e.mail == a || e.mail == b);
		n[0] += e.mail == a;
		n[1] += e.mail == b;
	}
	assert_int_equal(n[0], 6);
	assert_int_equal(n[1], 6);
	scene_close(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_dead_site_waits),
		cmocka_unit_test(test_longer_each_time),
		cmocka_unit_test(test_failures_of_a_host),
		cmocka_unit_test(test_failures_of_a_mail),
		cmocka_unit_test(test_no_site),
		cmocka_unit_test(test_one_host_is_enough),
		cmocka_unit_test(test_words_of_one_host),
		cmocka_unit_test(test_all_hosts),
		cmocka_unit_test(test_a_probe_ends_it),
		cmocka_unit_test(test_others_wait_for_the_probe),
		cmocka_unit_test(test_a_probe_that_fails_is_one),
		cmocka_unit_test(test_woken),
		cmocka_unit_test(test_events_of_a_mail),
	};

	return cmocka_run_group_tests_name("net_deliver_queue", tests, NULL,
	    NULL);
}
