/* SPDX-License-Identifier: ISC */
/* cli_when.c - points in time as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "config/when.h"

#define NOW 1795681800 /* 2026-11-26 08:30:00 UTC */

static const struct {
	const char *text;
	int64_t want;		/* -1 = it is none */
} cases[] = {
	{ "+2h", NOW + 7200 },
	{ "+1d12h", NOW + 129600 },
	{ "+90", NOW + 90 },
	{ "@1800000000", 1800000000 },
	{ "09:00", NOW + 1800 },
	{ "09:00:05", NOW + 1805 },
	{ "08:30", NOW + 86400 },
	{ "08:29", NOW + 86340 },
	{ "2026-11-27", NOW - 30600 + 86400 },
	{ "2026-11-27T08:30", NOW + 86400 },
	{ "2026-11-27 08:30:01", NOW + 86401 },
	{ "2026-11-25T08:30", NOW - 86400 }, /* has passed */
	{ "2028-02-29", 1835395200 },
	{ "2027-02-29", -1 },
	{ "2027-13-01", -1 },
	{ "2027-1-1", -1 },
	{ "2027-01-01T", -1 },
	{ "2027-01-01X08:00", -1 },
	{ "2027-01-01T24:00", -1 },
	{ "2027-01-01T08:60", -1 },
	{ "24:00", -1 },
	{ "8", -1 },
	{ "08:00x", -1 },
	{ "08:00:", -1 },
	{ "-1:00", -1 },
	{ "", -1 },
	{ "+", -1 },
	{ "+2x", -1 },
	{ "@", -1 },
	{ "@-1", -1 },
	{ "noon", -1 },
};

static void
test_when(void **state)
{
	int64_t at;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		at = -1;
		if (!when_parse(cases[i].text, NOW, &at))
			at = -1;
		if (at != cases[i].want)
			fail_msg("%s: %lld, not %lld", cases[i].text,
			    (long long)at, (long long)cases[i].want);
	}
}

/* It is local time, on both sides of a change of the clock. */
static void
test_zone(void **state)
{
	int64_t at;

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	assert_true(when_parse("2027-07-01T12:00", NOW, &at));
	assert_int_equal(at, 1814436000);
	assert_true(when_parse("2027-01-01T12:00", NOW, &at));
	assert_int_equal(at, 1798801200);
	assert_true(when_parse("10:00", NOW, &at));
	assert_int_equal(at, NOW + 1800);
	setenv("TZ", "UTC", 1);
	tzset();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
