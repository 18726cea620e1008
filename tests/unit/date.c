/* SPDX-License-Identifier: ISC */
/* date.c - RFC 5322 dates at any time and in any zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "mail/date.h"

static void
test_dates(void **state)
{
	static const struct {
		int64_t seconds;
		int offset;
		const char *want;
	} cases[] = {
		{ 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
		{ -1, 0, "Wed, 31 Dec 1969 23:59:59 +0000" },
		{ 951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000" },
		{ 951868799, 1, "Wed, 1 Mar 2000 00:00:59 +0001" },
		{ 1795339200, 60, "Sun, 22 Nov 2026 10:20:00 +0100" },
		{ 1795339200, -210, "Sun, 22 Nov 2026 05:50:00 -0330" },
		{ 2147483648, 0, "Tue, 19 Jan 2038 03:14:08 +0000" },
		{ 4107542400, 0, "Mon, 1 Mar 2100 00:00:00 +0000" },
		{ 4107542399, 0, "Sun, 28 Feb 2100 23:59:59 +0000" },
		{ -62135596800, 0, "Mon, 1 Jan 0001 00:00:00 +0000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = { 0 };

		date_put(&b, cases[i].seconds, cases[i].offset);
		assert_string_equal(buf_str(&b), cases[i].want);
		buf_free(&b);
	}
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Day by day through eight centuries, by the rules of the calendar. */
static void
test_every_day(void **state)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	int64_t at = -11676096000, year = 1600; /* a Saturday */
	unsigned month = 1, day = 1, weekday = 6;

	(void)state;
	for (; year < 2401; at += 86400) {
		struct civil c = civil_from_seconds(at + 86399);

		assert_int_equal(c.year, year);
		assert_int_equal(c.month, month);
		assert_int_equal(c.day, day);
		assert_int_equal(c.weekday, weekday);
		assert_int_equal(c.hour * 3600 + c.minute * 60 + c.second,
		    86399);
		weekday = (weekday + 1) % 7;
		if (day++ < days[month - 1] + (month == 2 && is_leap(year)))
			continue;
		day = 1;
		year += month == 12;
		month = month % 12 + 1;
	}
}

static void
test_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t want;	/* -1: refused */
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T09:20:00Z", 1795339200 },
		{ "2026-11-22t10:20:00.125+01:00", 1795339200 },
		{ "2026-11-22T05:50:00-03:30", 1795339200 },
		{ "2016-12-31T23:59:60z", 1483228800 },
		{ "2000-02-29T00:00:00Z", 951782400 },
		{ "2100-02-29T00:00:00Z", -1 },
		{ "2026-11-31T00:00:00Z", -1 },
		{ "2026-00-10T00:00:00Z", -1 },
		{ "2026-13-10T00:00:00Z", -1 },
		{ "2026-10-00T00:00:00Z", -1 },
		{ "2026-11-22T24:00:00Z", -1 },
		{ "2026-11-22T09:60:00Z", -1 },
		{ "2026-11-22T09:20:61Z", -1 },
		{ "2026-11-22T09:20:00", -1 },
		{ "2026-11-22T09:20:00.Z", -1 },
		{ "2026-11-22T09:20:00+0100", -1 },
		{ "2026-11-22T09:20:00+24:00", -1 },
		{ "2026-11-22T09:20:00+01:60", -1 },
		{ "2026-11-22T09:20:00+01:00x", -1 },
		{ "2026-11-22T09:20:00ZZ", -1 },
		{ "2026-11-22 09:20:00Z", -1 },
		{ "226-11-22T09:20:00Z", -1 },
		{ "2026-11-22T9:20:00Z", -1 },
		{ "2026-11-22", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t got = -1;

		date_parse_3339(slice_of(cases[i].text), &got);
		if (got != cases[i].want)
			fail_msg("%s: %lld", cases[i].text, (long long)got);
	}
}

/* What comes out of one goes into the other, through sixteen centuries. */
static void
test_back_again(void **state)
{
	int64_t got;

	(void)state;
	for (int64_t at = -(int64_t)800 * 365 * 86400;
	     at < (int64_t)800 * 365 * 86400; at += 86400 * 3 + 4567) {
		struct civil c = civil_from_seconds(at);

		assert_true(civil_to_seconds(&c, &got));
		assert_int_equal(got, at);
	}
}

static void
test_5322(void **state)
{
	static const char *const good[] = {
		"Sun, 31 Jan 2027 08:00:00 +0100", "31 Jan 2027 08:00 GMT",
		"sun, 1 feb 2026 23:59:59 -0930", "1 Feb 2026 23:59:60 +0000",
		"  1   Mar 2027 00:00:00 UT ", "29 Feb 2028 08:00:00 +0000",
	};
	static const char *const bad[] = {
		"", "Sun,", "Mon, 31 Jan 2027 08:00:00 +0100",
		"31 Jan 2027 08:00:00", "31 Jan 27 08:00:00 +0100",
		"29 Feb 2027 08:00:00 +0000", "1 Jax 2027 08:00:00 +0000",
		"1 Jan 2027 24:00:00 +0000", "1 Jan 2027 08:00:00 +0060",
		"1 Jan 2027 08:00:00 0100", "1 Jan 2027 08:00:00 +0100 x",
		"1 Jan 2027 08:00:0 +0100", "Xxx, 1 Jan 2027 08:00:00 +0100",
		"1 Jan 2027 8:00 +0100", "1 Jan 2027 08 +0100", "2027-01-31",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(date_is_5322(slice_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(date_is_5322(slice_of(bad[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_3339),
		cmocka_unit_test(test_back_again),
		cmocka_unit_test(test_5322),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
