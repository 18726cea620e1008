/* SPDX-License-Identifier: ISC */
/* cli_health.c - how the queue is: counted, as JSON and back, text, metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "queue/health.h"

#define NOW 1800000000

/* A message for one recipient. */
static void
add(struct health *h, const char *to, enum listing_state state, int64_t age,
    const char *reason)
{
	struct listing_rcpt r = { .address = slice_of(to),
		.reason = slice_of(reason), .state = SLOT_PENDING,
		.attempts = reason ? 2 : 0, .next = NOW + age };
	struct listing_row row = { .state = state, .arrival = NOW - age,
		.size = 1000, .rcpts = &r, .n = 1 };

	health_add(h, &row);
}

static void
fill(struct health *h)
{
	const struct store_space space = { 1000000000, 600000000, 50000, 4000 };
	const struct store_config config = { 0 };

	*h = (struct health){ .at = NOW, .daemon = true, .aside = 1 };
	add(h, "bob@a.test", LISTING_DEFERRED, 7500, NULL);
	add(h, "carol@b.test", LISTING_DEFERRED, 90000, "no \x1b way");
	add(h, "dave@a.test", LISTING_ACTIVE, 30, "first");
	add(h, "erin@a.test", LISTING_DEFERRED, 60, "second");
	add(h, "held@c.test", LISTING_HELD, 900000, "x");
	health_add_space(h, &space, &config);
}

static const char text[] =
"messages  5: 0 new, 1 active, 3 deferred, 1 held; 5.0 kB\n"
"oldest    1 day 1 h\n"
"held/     1 that nobody could be told of, kept for a person to look at\n"
"disk      600.0 MB of 1.0 GB free, 4000 of 50000 inodes\n"
"daemon    is at work\n"
"recipients that wait, by domain\n"
"        3 a.test, next try in 30 s: first\n"
"        1 b.test, next try in 1 day 1 h: no \\x1b way\n";

static void
test_round_trip(void **state)
{
	struct health h, back;
	struct buf one = { 0 }, two = { 0 }, shown = { 0 };

	(void)state;
	fill(&h);
	health_put_json(&one, &h);
	buf_put(&two, buf_slice(&one));
	assert_true(health_read(&back, two.base + two.off, two.n));
	health_put_text(&shown, &back);
	assert_string_equal(buf_str(&shown), text);
	buf_clear(&shown);
	health_put_json(&shown, &back);
	assert_string_equal(buf_str(&shown), buf_str(&one));
	health_free(&h);
	health_free(&back);
	buf_free(&one);
	buf_free(&two);
	buf_free(&shown);
}

static void
test_metrics(void **state)
{
	static const char *const want[] = {
		"# TYPE smtpsend_queue_messages gauge\n",
		"smtpsend_queue_messages{state=\"deferred\"} 4\n",
		"smtpsend_queue_messages{state=\"aside\"} 1\n",
		"smtpsend_queue_oldest_seconds 90000\n",
		"smtpsend_queue_full 0\n",
		"smtpsend_queue_waiting{domain=\"a.test\"} 3\n",
	};
	struct health h;
	struct buf out = { 0 };

	(void)state;
	fill(&h);
	add(&h, "x@\"\\\n", LISTING_DEFERRED, 1, NULL);
	health_put_metrics(&out, &h);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		if (!strstr(buf_str(&out), want[i]))
			fail_msg("no %s in %s", want[i], buf_str(&out));
	assert_non_null(strstr(buf_str(&out), "{domain=\"\\\"\\\\?\"} 1\n"));
	assert_string_equal(buf_str(&out) + out.n - 6, "# EOF\n");
	buf_free(&out);
	health_free(&h);
}

static void
test_status(void **state)
{
	static const struct {
		const char *name;
		struct health h;
		int64_t warn_age;
		int want;
	} cases[] = {
		{ "empty", { .at = NOW }, 60, 0 },
		{ "old", { .at = NOW, .oldest = NOW - 61 }, 60, 1 },
		{ "young", { .at = NOW, .oldest = NOW - 60 }, 60, 0 },
		{ "not asked", { .at = NOW, .oldest = 1 }, 0, 0 },
		{ "aside", { .at = NOW, .aside = 1 }, 0, 1 },
		{ "corrupt", { .at = NOW, .corrupt = 1 }, 0, 1 },
		{ "full", { .at = NOW, .full = true, .corrupt = 1 }, 0, 2 },
		{ "blocked", { .at = NOW, .blocked = { "x", 1 } }, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (health_status(&cases[i].h, cases[i].warn_age) !=
		    cases[i].want)
			fail_msg("%s", cases[i].name);
}

/* The reserve is the lesser of 5 % and 64 MiB; 1,000 inodes. */
static void
test_room(void **state)
{
	static const struct {
		struct store_space space;
		struct store_config config;
		bool full;
	} cases[] = {
		{ { 1000000000, 50000000, 0, 0 }, { 0 }, false },
		{ { 1000000000, 49999999, 0, 0 }, { 0 }, true },
		{ { 100000000000, 67108864, 0, 0 }, { 0 }, false },
		{ { 100000000000, 67108863, 0, 0 }, { 0 }, true },
		{ { 1000000000, 900000000, 5000, 999 }, { 0 }, true },
		{ { 1000000000, 900000000, 5000, 1000 }, { 0 }, false },
		{ { 1000000000, 2000, 0, 0 }, { .reserve = 1000 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct health h = { 0 };

		health_add_space(&h, &cases[i].space, &cases[i].config);
		if (h.full != cases[i].full)
			fail_msg("room %zu", i);
	}
}

static void
test_spans(void **state)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} cases[] = {
		{ -5, "0 s" }, { 59, "59 s" }, { 60, "1 min" },
		{ 3599, "59 min" }, { 3600, "1 h 0 min" },
		{ 86399, "23 h 59 min" }, { 86400, "1 day 0 h" },
		{ 172800, "2 days 0 h" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&out);
		span_put(&out, cases[i].seconds);
		assert_string_equal(buf_str(&out), cases[i].want);
	}
	buf_free(&out);
}

/* Of more domains than are told apart there is no trace but the counts. */
static void
test_many(void **state)
{
	struct health h = { .at = NOW };
	char to[40];

	(void)state;
	for (int i = 0; i < HEALTH_DOMAINS + 50; i++) {
		snprintf(to, sizeof to, "a@d%d.test", i);
		add(&h, to, LISTING_DEFERRED, i, "r");
	}
	assert_int_equal(h.n, HEALTH_DOMAINS);
	assert_int_equal(h.state[LISTING_DEFERRED], HEALTH_DOMAINS + 50);
	health_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_status), cmocka_unit_test(test_room),
		cmocka_unit_test(test_spans), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
