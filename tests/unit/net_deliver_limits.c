/* SPDX-License-Identifier: ISC */
/*
 * net_deliver_limits.c - how much a site is given at a time: lanes that grow
 * and shrink, addresses that sites share, rates, and rules with their own.
 */
#include "../support/scene.h"

#include <sys/resource.h>
#include <unistd.h>

static const unsigned retry[] = { 60, 120 };

static void
open_scene(struct scene *sc, const struct peer_rule *rules, size_t nrules)
{
	scene_open(sc, rules, nrules, PIPES);
	sc->s.config.host_retry = retry;
	sc->s.config.nhost_retry = 2;
	sc->s.config.start_site_lanes = 1;
	sc->s.config.max_site_lanes = 6;
}

/* All that were posted are delivered; how often the loop woke for that. */
static unsigned
finish_all(struct scene *sc, size_t n)
{
	const struct consignment *c;
	unsigned turns = 0;

	for (; n > 0; turns++) {
		sender_step(&sc->s);
		while ((c = deliver_finished(sc->s.deliver))) {
			assert_int_equal(c->envelope->rcpts[0].verdict,
			    DELIVERED);
			n--;
		}
		if (n > 0)
			sender_sleep(&sc->s);
	}
	return turns;
}

static void
post_many(struct scene *sc, const char *rcpt, size_t n)
{
	while (n-- > 0)
		scene_post(sc, rcpt);
}

static size_t
lanes_of(const struct scene *sc, const struct recipient *r)
{
	return scene_report(sc, r->site).most;
}

/* ---- lanes ---- */

static void
test_lanes_grow(void **state)
{
	static const size_t want[] = { 2, 3, 4, 5, 6, 6 };
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	for (size_t i = 0; i < 6; i++) {
		r = scene_send(&sc, "u@a.test", "D");
		sender_step(&sc.s);
		assert_int_equal(lanes_of(&sc, r), want[i]);
	}
	scene_close(&sc);
}

/* Until a mail was taken there are no more lanes than at the start. */
static void
test_lanes_at_first(void **state)
{
	static const struct peer_rule rule = { .verb = ".", .crowded = true,
		.reply = "451 not two of you" };
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	sc.s.config.max_site_lanes = 1;
	post_many(&sc, "u@a.test", 8);
	finish_all(&sc, 8);
	assert_int_equal(deliver_lanes(sc.s.deliver), 1);
	scene_close(&sc);
}

static void
test_lanes_shrink(void **state)
{
	static const struct {
		struct peer_rule rule;
		const char *want;
	} rows[] = {
		{ { .verb = "MAIL", .reply = "421 enough" }, "T" },
		{ { .verb = "MAIL", .reply = "451 slowly" }, "T" },
		{ { .verb = "RCPT", .reply = "421 enough" }, "T" },
		{ { .verb = "DATA", .reply = "drop" }, "T" },
		{ { .verb = ".", .reply = "drop" }, "M" },
	};
	const struct recipient *r;
	struct scene sc;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct peer_rule rule = rows[i].rule;

		rule.connection = 4;
		open_scene(&sc, &rule, 1);
		sc.s.config.max_mails = 1;
		for (int k = 0; k < 3; k++)
			r = scene_send(&sc, "u@a.test", "D");
		sender_step(&sc.s);
		assert_int_equal(lanes_of(&sc, r), 4);
		r = scene_send(&sc, "v@a.test", rows[i].want);
		sender_step(&sc.s);
		assert_int_equal(lanes_of(&sc, r), 2);
		r = scene_send(&sc, "u@a.test", "D");
		sender_step(&sc.s);
		assert_int_equal(lanes_of(&sc, r), 3);
		scene_close(&sc);
	}
}

/* A fault of one mail, or the end of an old connection, is no such sign. */
static void
test_lanes_stay(void **state)
{
	static const struct peer_rule rules[] = {
		{ .connection = 1, .verb = "MAIL", .nth = 3, .reply = "drop" },
		{ .verb = "RCPT", .with = "bad@", .reply = "450 later" },
		{ .verb = "RCPT", .with = "none@", .reply = "550 nobody" },
	};
	const struct recipient *r;
	struct scene sc;

	(void)state;
	open_scene(&sc, rules, 3);
	scene_send(&sc, "u@a.test", "D");
	scene_send(&sc, "u@a.test", "D");
	r = scene_send(&sc, "u@a.test", "D"); /* once more, on another */
	sender_step(&sc.s);
	assert_int_equal(lanes_of(&sc, r), 4);
	scene_send(&sc, "bad@a.test", "T");
	r = scene_send(&sc, "none@a.test", "F");
	sender_step(&sc.s);
	assert_int_equal(lanes_of(&sc, r), 4);
	scene_close(&sc);
}

/* ---- addresses ---- */

/* Three sites that are one machine, which wants one connection. */
static void
test_one_lane_to_an_address(void **state)
{
	static const struct peer_rule rule = { .verb = "HELLO",
		.crowded = true, .reply = "421 not two of you" };
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	sc.s.config.max_address_lanes = 1;
	sc.s.config.start_site_lanes = 0;
	for (int i = 0; i < 4; i++) {
		scene_post(&sc, "u@a.test");
		scene_post(&sc, "u@alias.test");
		scene_post(&sc, "u@other.test");
	}
	finish_all(&sc, 12);
	assert_true(deliver_lanes(sc.s.deliver) >= 3);
	scene_close(&sc);
}

/* Another address of theirs is used meanwhile. */
static void
test_the_other_address(void **state)
{
	static const struct peer_rule rule = { .peer = 1, .verb = "RCPT",
		.with = "slow@", .reply = "silent" };
	struct outcome why = outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
	    "held");
	struct letter *slow;
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	sc.s.config.max_address_lanes = 1;
	slow = scene_post(&sc, "slow@a.test");
	scene_send(&sc, "u@d.test", "D");
	scene_post(&sc, "u@alias.test");
	scene_send(&sc, "v@d.test", "D");
	deliver_cancel(sc.s.deliver, &slow->c, &why, sender_now(&sc.s));
	assert_ptr_equal(sender_finish(&sc.s), slow);
	finish_all(&sc, 1); /* its turn has come */
	scene_close(&sc);
}

/* Who waits for an address and is taken back does not stop the others. */
static void
test_who_waited_is_gone(void **state)
{
	static const struct peer_rule rule = { .peer = 1, .verb = "RCPT",
		.with = "slow@", .reply = "silent" };
	struct outcome why = outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
	    "held");
	struct letter *slow, *gone;
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1);
	sc.s.config.max_address_lanes = 1;
	slow = scene_post(&sc, "slow@a.test");
	scene_send(&sc, "u@d.test", "D");
	gone = scene_post(&sc, "u@alias.test");
	scene_send(&sc, "u@d.test", "D");
	scene_post(&sc, "u@other.test");
	scene_send(&sc, "u@d.test", "D");
	deliver_cancel(sc.s.deliver, &gone->c, &why, sender_now(&sc.s));
	assert_ptr_equal(sender_finish(&sc.s), gone);
	deliver_cancel(sc.s.deliver, &slow->c, &why, sender_now(&sc.s));
	assert_ptr_equal(sender_finish(&sc.s), slow);
	finish_all(&sc, 1);
	scene_close(&sc);
}

/* ---- rates ---- */

static void
test_rate(void **state)
{
	struct scene sc;
	int64_t began;
	unsigned turns;

	(void)state;
	open_scene(&sc, NULL, 0);
	sc.s.config.rate = (struct rate){ 20, 1 };
	post_many(&sc, "u@a.test", 6);
	began = clock_now();
	turns = finish_all(&sc, 6);
	assert_true(clock_now() - began >= 5 * MILLISECONDS(50));
	assert_true(turns < 100); /* it sleeps */
	assert_int_equal(deliver_lanes(sc.s.deliver), 1);
	scene_close(&sc);
}

/* The mails of one message are as many. */
static void
test_rate_of_one_message(void **state)
{
	struct scene sc;
	int64_t began;

	(void)state;
	scene_open(&sc, NULL, 0, PIPES " LIMITS_RCPTMAX=1");
	sc.s.config.rate = (struct rate){ 20, 1 };
	began = clock_now();
	scene_send(&sc, "u@a.test v@a.test w@a.test x@a.test", "DDDD");
	assert_true(clock_now() - began >= 3 * MILLISECONDS(50));
	assert_int_equal(deliver_lanes(sc.s.deliver), 1);
	scene_close(&sc);
}

/* Slower than a connection is kept: each mail has one of its own. */
static void
test_slow_rate(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	sc.s.config.rate = (struct rate){ 2, 60 };
	scene_send(&sc, "u@a.test", "D");
	scene_post(&sc, "v@a.test");
	for (int i = 0; i < 10; i++) {
		sc.s.ahead += SECONDS(2);
		sender_step(&sc.s);
		usleep(1000);
	}
	assert_null(deliver_finished(sc.s.deliver));
	assert_int_equal(deliver_lanes(sc.s.deliver), 1);
	sc.s.ahead += SECONDS(12);
	finish_all(&sc, 1);
	assert_int_equal(deliver_lanes(sc.s.deliver), 2);
	scene_close(&sc);
}

/* Each site has its own. */
static void
test_rate_of_each(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	sc.s.config.rate = (struct rate){ 1, 3600 };
	scene_post(&sc, "u@a.test");
	scene_post(&sc, "u@d.test");
	finish_all(&sc, 2);
	scene_close(&sc);
}

/* ---- rules ---- */

static void
test_rules(void **state)
{
	struct domain_rule rule[] = {
		{ .pattern = "a.test", .lanes = 1 },
		{ .pattern = "b.test", .rate = { 1, 3600 } },
	};
	const struct rules rules = { .domain = rule, .ndomains = 2 };
	const struct recipient *a, *b, *two;
	struct outcome why = outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
	    "held");
	struct letter *late;
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	sc.s.config.rules = &rules;
	sc.s.config.start_site_lanes = 0;
	a = scene_send(&sc, "u@a.test", "D");
	b = scene_send(&sc, "u@b.test", "D");
	two = scene_send(&sc, "u@alias.test", "D");
	assert_true(a->site != b->site && b->site != two->site);
	assert_int_equal(lanes_of(&sc, a), 1);
	assert_int_equal(lanes_of(&sc, b), 6);
	assert_int_equal(lanes_of(&sc, two), 6);
	scene_send(&sc, "v@a.test", "D");
	late = scene_post(&sc, "v@b.test");
	scene_send(&sc, "w@a.test", "D");
	assert_null(deliver_finished(sc.s.deliver));
	deliver_cancel(sc.s.deliver, &late->c, &why, sender_now(&sc.s));
	assert_ptr_equal(sender_finish(&sc.s), late);
	scene_close(&sc);
}

/* ---- what is ours ---- */

/* No descriptors here is nobody's fault there (FAULTS 23). */
static void
test_short_of_descriptors(void **state)
{
	const struct recipient *r;
	struct rlimit old, few;
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0);
	r = scene_send(&sc, "u@d.test", "D");
	sc.s.ahead = SECONDS(10);
	sender_step(&sc.s);
	sender_step(&sc.s);
	r = scene_send(&sc, "u@a.test", "D"); /* its route is known */
	sc.s.ahead = SECONDS(20);
	for (int i = 0; i < 3; i++)
		sender_step(&sc.s);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){ .rlim_cur = 3, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = scene_send(&sc, "v@a.test", "T");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r->result->stage, STAGE_SYSTEM);
	assert_false(r->host_fault);
	assert_int_equal(deliver_site_next(sc.s.deliver, r->site), 0);
	sc.s.ahead = SECONDS(30);
	scene_send(&sc, "w@a.test", "D");
	scene_close(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lanes_grow),
		cmocka_unit_test(test_lanes_at_first),
		cmocka_unit_test(test_lanes_shrink),
		cmocka_unit_test(test_lanes_stay),
		cmocka_unit_test(test_one_lane_to_an_address),
		cmocka_unit_test(test_the_other_address),
		cmocka_unit_test(test_who_waited_is_gone),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_rate_of_one_message),
		cmocka_unit_test(test_slow_rate),
		cmocka_unit_test(test_rate_of_each),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_short_of_descriptors),
	};

	return cmocka_run_group_tests_name("net_deliver_limits", tests, NULL,
	    NULL);
}
