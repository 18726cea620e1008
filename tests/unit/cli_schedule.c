/* SPDX-License-Identifier: ISC */
/* cli_schedule.c - when a message is tried again, whatever the clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "queue/schedule.h"

#define NOW   INT64_C(1790000000)
#define HOUR  3600
#define DAY   (24 * HOUR)
#define YEARS (INT64_C(365) * DAY)

static struct outcome
deferred(enum stage stage, unsigned short code, struct esc esc,
    const char *text)
{
	struct outcome o = outcome_make(DEFERRED, stage, esc, "%s", text);

	o.code = code;
	return o;
}

static void
test_steps(void **state)
{
	static const struct {
		uint16_t attempts;
		uint32_t seconds;
	} cases[] = { { 0, 60 }, { 1, 180 }, { 2, 600 }, { 3, 1800 },
		{ 4, 3600 }, { 5, 3600 }, { 60000, 3600 } };
	struct schedule s = schedule_default();
	struct outcome o = deferred(STAGE_RCPT, 451, ESC(4, 3, 0), "busy");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slot before = { .attempts = cases[i].attempts };
		uint32_t want = cases[i].seconds, least = UINT32_MAX, most = 0;

		for (uint32_t random = 0; random < 20000; random++) {
			uint32_t got = schedule_retry(&s, &before, &o, random);

			least = got < least ? got : least;
			most = got > most ? got : most;
		}
		assert_int_equal(least, want * 4 / 5);
		assert_int_equal(most, want * 6 / 5);
		assert_true(most <= schedule_longest(&s));
	}
}

static void
test_greylisting(void **state)
{
	static const struct {
		enum stage stage;
		unsigned short code;
		struct esc esc;
		const char *text;
		bool want;
	} cases[] = {
		{ STAGE_RCPT, 451, { 4, 7, 1 }, "come back later", true },
		{ STAGE_RCPT, 450, { 4, 2, 0 }, "Greylisted, see x", true },
		{ STAGE_RCPT, 451, { 0, 0, 0 }, "GRAY listing", true },
		{ STAGE_RCPT, 451, { 4, 3, 0 }, "busy", false },
		{ STAGE_RCPT, 0, { 4, 7, 1 }, "our own words", false },
		{ STAGE_RCPT, 550, { 4, 7, 1 }, "odd", false },
		{ STAGE_END, 451, { 4, 7, 1 }, "not at RCPT", false },
		{ STAGE_MAIL, 451, { 4, 7, 1 }, "greylisted", false },
		{ STAGE_RCPT, 451, { 4, 7, 0 }, "gre", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct outcome o = deferred(cases[i].stage, cases[i].code,
		    cases[i].esc, cases[i].text);

		assert_int_equal(schedule_is_greylisting(&o), cases[i].want);
	}
}

/* Once more at 310 s, and then as others. */
static void
test_greylisted_once(void **state)
{
	struct schedule s = schedule_default();
	struct outcome o = deferred(STAGE_RCPT, 451, ESC(4, 7, 1), "later");
	struct slot first = { .attempts = 0 };
	struct slot same = { .attempts = 1, .code = 451,
		.esc = { 4, 7, 1 } };
	struct slot other = { .attempts = 1, .code = 0, .esc = { 4, 4, 1 } };

	(void)state;
	assert_int_equal(schedule_retry(&s, &first, &o, 7), 310);
	assert_int_equal(schedule_retry(&s, &other, &o, 7), 310);
	assert_in_range(schedule_retry(&s, &same, &o, 7), 144, 216);
}

static void
test_host_waits(void **state)
{
	struct schedule s = schedule_default();

	(void)state;
	assert_int_equal(schedule_host_retry(&s, 60, 0), 60);
	assert_in_range(schedule_host_retry(&s, 60, 4242424242u), 60, 68);
	assert_int_equal(schedule_host_retry(&s, -5, 0), 1);
	assert_int_equal(schedule_host_retry(&s, INT64_MAX, 0), HOUR);
	for (uint32_t random = 0; random < 9999; random++)
		assert_true(schedule_host_retry(&s, HOUR, random) <=
		    schedule_longest(&s));
}

static void
test_due(void **state)
{
	static const struct {
		const char *name;
		int64_t next_try, not_before, wall, want;
	} cases[] = {
		{ "at once", 0, 0, NOW, 0 },
		{ "its time", NOW, 0, NOW, 0 },
		{ "a minute", NOW + 60, 0, NOW, 60 },
		{ "long ago", NOW, 0, NOW + 10 * YEARS, 0 },
		{ "clock back by 1 h", NOW + 60, 0, NOW - HOUR, HOUR + 60 },
		{ "clock back by 2 h", NOW + 60, 0, NOW - 2 * HOUR, 0 },
		{ "clock back by 1 y", NOW + 60, 0, NOW - YEARS, 0 },
		{ "clock back to 1970", NOW + 60, 0, 0, 0 },
		{ "--at", 0, NOW + DAY, NOW, DAY },
		{ "--at, clock back", 0, NOW + DAY, NOW - YEARS, DAY + YEARS },
		{ "--at, over", 0, NOW - 1, NOW, 0 },
		{ "after --at", NOW + 60, NOW - 1, NOW, 60 },
		{ "2038", NOW + 60, 0, INT64_C(1) << 31, 0 },
		{ "2106", 60 + (INT64_C(1) << 32), 0, INT64_C(1) << 32, 60 },
	};
	struct schedule s = schedule_default();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t got = schedule_due_in(&s, cases[i].next_try,
		    cases[i].not_before, cases[i].wall);

		if (got != cases[i].want)
			fail_msg("%s: %lld", cases[i].name, (long long)got);
	}
}

/* A recipient that is deferred each time, over days. */
struct life {
	struct schedule s;
	struct stored m;
	struct slot slot;
	int64_t wall, shift;	/* what has passed in truth, and the clock's */
	uint32_t longest;	/* time between two tries, in truth */
};

static bool
live(struct life *l, const struct outcome *o)
{
	int64_t wall = l->wall + l->shift;
	uint32_t delay = schedule_retry(&l->s, &l->slot, o, (uint32_t)rand());
	int64_t wait;

	l->slot.age = schedule_age(&l->s, &l->m, &l->slot, wall);
	l->slot.attempts++;
	l->slot.last_try = wall;
	l->slot.next_try = wall + delay;
	if (schedule_is_over(&l->s, &l->m, l->slot.age, l->slot.attempts))
		return false;
	wait = schedule_due_in(&l->s, l->slot.next_try, l->m.not_before, wall);
	l->wall += wait;
	if (wait > l->longest)
		l->longest = (uint32_t)wait;
	return true;
}

/*
 * However the clock jumps, and at whichever try, he is given up after five days
 * of truth, more or less, and never waits much longer than an hour.
 */
static void
test_jumps(void **state)
{
	static const int64_t jumps[] = { 0, HOUR, -HOUR, DAY, 10 * YEARS,
		-YEARS, 1 - NOW, (INT64_C(1) << 31) - NOW, 1, -1 };
	struct outcome o = deferred(STAGE_RCPT, 451, ESC(4, 3, 0), "busy");

	(void)state;
	for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++)
		for (int at = 0; at < 40; at++) {
			struct life l = { .s = schedule_default(), .wall = NOW,
				.m = { .created = NOW } };
			int tries = 0;

			while (live(&l, &o))
				if (tries++ == at) {
					l.shift += jumps[i];
					l.wall += 30;
				}
			assert_true(l.slot.attempts > 50);
			assert_in_range(l.wall - NOW, 5 * DAY - 3 * HOUR,
			    5 * DAY + 3 * HOUR);
			assert_true(l.longest <= schedule_longest(&l.s));
		}
}

static void
test_over(void **state)
{
	static const struct {
		bool is_bounce;
		int64_t expires;
		uint32_t age;
		unsigned attempts;
		bool want;
	} cases[] = {
		{ false, 0, 5 * DAY, 4, true },
		{ false, 0, 5 * DAY - 1, 100, false },
		{ false, 0, UINT32_MAX, 3, false },
		{ true, 0, 2 * DAY, 4, true },
		{ true, 0, 2 * DAY - 1, 4, false },
		{ false, HOUR, HOUR, 1, true },
		{ false, HOUR, HOUR - 1, 90, false },
		{ true, HOUR, HOUR, 0, true },
	};
	struct schedule s = schedule_default();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct stored m = { .is_bounce = cases[i].is_bounce,
			.expires = cases[i].expires };

		assert_int_equal(schedule_is_over(&s, &m, cases[i].age,
		    cases[i].attempts), cases[i].want);
	}
}

static void
test_left(void **state)
{
	struct stored m = { .expires = HOUR };

	(void)state;
	assert_int_equal(schedule_left(&m, 0), HOUR);
	assert_int_equal(schedule_left(&m, HOUR + 1), 0);
	m.expires = 0;
	assert_int_equal(schedule_left(&m, 5), UINT32_MAX);
	m.expires = INT64_MAX;
	assert_int_equal(schedule_left(&m, 5), UINT32_MAX);
}

/* --at counts from then on; ages end somewhere. */
static void
test_age(void **state)
{
	struct schedule s = schedule_default();
	struct stored m = { .created = NOW, .not_before = NOW + DAY };
	struct slot slot = { .age = UINT32_MAX - 5, .last_try = NOW,
		.next_try = NOW + HOUR, .attempts = 9 };

	(void)state;
	assert_int_equal(schedule_age(&s, &m, &(struct slot){ 0 },
	    NOW + DAY + 3), 3);
	assert_int_equal(schedule_age(&s, &m, &slot, NOW + HOUR), UINT32_MAX);
	slot.age = 7;
	assert_int_equal(schedule_age(&s, &m, &slot, NOW + 9 * DAY),
	    7 + 2 * HOUR);
	slot.next_try = NOW + 10 * YEARS; /* nobody plans so far */
	assert_int_equal(schedule_age(&s, &m, &slot, NOW + 9 * DAY),
	    7 + 2 * schedule_longest(&s));
}

static void
test_late(void **state)
{
	struct schedule s = schedule_default();
	struct slot slot = { .state = SLOT_PENDING, .age = 4 * HOUR };

	(void)state;
	assert_true(schedule_is_late(&s, &slot));
	slot.age--;
	assert_false(schedule_is_late(&s, &slot));
	slot.age++;
	slot.delay_told = true;
	assert_false(schedule_is_late(&s, &slot));
	slot.delay_told = false;
	slot.state = SLOT_FAILED;
	assert_false(schedule_is_late(&s, &slot));
	slot.state = SLOT_PENDING;
	s.warn_after = 0;
	assert_false(schedule_is_late(&s, &slot));
}

static void
test_next(void **state)
{
	static const struct {
		const char *states;
		int64_t next[3];
		struct mail_slot mail;
		bool want;
		int64_t at;
	} cases[] = {
		{ "PPP", { 30, 20, 40 }, { .runs = 1 }, true, 20 },
		{ "PDP", { 30, 20, 40 }, { .runs = 1 }, true, 30 },
		{ "PPP", { 0, 20, 40 }, { .runs = 1 }, true, 0 },
		{ "PPP", { 0, 20, 40 }, { .next_try = 60 }, true, 60 },
		{ "PPP", { 99, 99, 98 }, { .next_try = 60 }, true, 98 },
		{ "DDB", { 0, 0, 0 }, { .runs = 1 }, false, 0 },
		{ "DHF", { 0, 0, 0 }, { .runs = 1 }, false, 0 },
		{ "PPP", { 0, 0, 0 }, { .held = true }, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slot slots[3] = { 0 };
		struct entry e = { .slot = cases[i].mail, .slots = slots,
			.mail.envelope.n = 3 };
		int64_t next;

		for (size_t n = 0; n < 3; n++) {
			slots[n].state = (enum slot_state)cases[i].states[n];
			slots[n].next_try = cases[i].next[n];
		}
		assert_int_equal(schedule_next(&e, &next), cases[i].want);
		if (cases[i].want)
			assert_int_equal(next, cases[i].at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_greylisting),
		cmocka_unit_test(test_greylisted_once),
		cmocka_unit_test(test_host_waits),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
