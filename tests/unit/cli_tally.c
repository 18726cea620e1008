/* SPDX-License-Identifier: ISC */
/* cli_tally.c - many verdicts as numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bulk/tally.h"

static void
add(struct tally *t, char *domain, enum verdict verdict, int64_t time)
{
	struct recipient r = { .verdict = verdict, .decided = 1000 + time };

	r.to.domain = domain;
	tally_add(t, &r, 1000);
}

/* Against the times themselves. */
static void
test_percentiles(void **state)
{
	static const int64_t most[] = { 1, 7, 8, 15, 16, 17, 1000, 1000000,
		INT64_C(36000000000) };
	char name[] = "x.test";

	(void)state;
	for (size_t k = 0; k < sizeof most / sizeof *most; k++) {
		struct tally t = { 0 };

		for (int i = 0; i < 1000; i++) /* in some order */
			add(&t, name, DELIVERED,
			    most[k] * (i * 7 % 1000) / 999);
		for (unsigned p = 1; p <= 100; p++) {
			int64_t want = most[k] * (10 * p - 1) / 999;

			assert_true(tally_time(&t, p) >= want);
			assert_true(tally_time(&t, p) <= want + want / 8);
		}
		tally_free(&t);
	}
}

static void
test_exact(void **state)
{
	char name[] = "x.test";

	(void)state;
	for (int64_t v = 0; v < 100000; v = v * 5 / 4 + 1) {
		struct tally t = { 0 };
		int64_t got;

		add(&t, name, DELIVERED, v);
		add(&t, name, DELIVERED, 1000000);
		got = tally_time(&t, 50);
		assert_true(got >= v && got <= v + v / 8);
		assert_int_equal(tally_time(&t, 100), 1000000);
		tally_free(&t);
	}
}

static void
test_counts(void **state)
{
	char names[8][32];
	const struct tally_domain *slow[TALLY_SLOW];
	struct tally t = { 0 };

	(void)state;
	assert_int_equal(tally_time(&t, 50), 0);
	assert_int_equal(tally_slowest(&t, slow), 0);
	for (int i = 0; i < 8; i++) {
		snprintf(names[i], sizeof names[i], "d%d.test", i);
		for (int k = 0; k < 10; k++)
			add(&t, names[i], k < 7 ? DELIVERED : k < 9 ?
			    DEFERRED : FAILED, 1000 * i);
	}
	assert_int_equal(t.delivered, 56);
	assert_int_equal(t.deferred, 16);
	assert_int_equal(t.failed, 8);
	assert_int_equal(t.code[0], 24);
	assert_int_equal(tally_slowest(&t, slow), TALLY_SLOW);
	for (int i = 0; i < TALLY_SLOW; i++) {
		assert_string_equal(slow[i]->name, names[7 - i]);
		assert_int_equal(slow[i]->n, 10);
	}
	tally_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
