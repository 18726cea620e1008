/* SPDX-License-Identifier: ISC */
/* net_ulid.c - names of messages: their form, their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "spool/ulid.h"

static void
test_made(void **state)
{
	static const struct {
		uint64_t time;
		unsigned char random[ULID_RANDOM];
		const char *want;
	} cases[] = {
		{ 0, { 0 }, "00000000000000000000000000" },
		{ 1469918176385, { 0 }, "01ARYZ6S410000000000000000" },
		{ 0xffffffffffff,
		    { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
		    "7ZZZZZZZZZZZZZZZZZZZZZZZZZ" },
		{ 1, { 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
		    "0000000001G000000000000001" },
	};
	char id[ULID_LENGTH + 1];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ulid_make(id, cases[i].time, cases[i].random);
		assert_string_equal(id, cases[i].want);
		assert_true(ulid_is_valid(slice_of(id)));
		assert_int_equal(ulid_time(slice_of(id)), cases[i].time);
	}
}

static void
test_what_is_none(void **state)
{
	static const char *const bad[] = { "", "0", "../../../../etc/passwd",
		"0000000000000000000000000", "000000000000000000000000000",
		"80000000000000000000000000", "0000000000000000000000000I",
		"0000000000000000000000000a", "0000000000000/000000000000",
		".ZZZZZZZZZZZZZZZZZZZZZZZZZ" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ulid_is_valid(slice_of(bad[i])));
	assert_false(ulid_is_valid(
	    (struct slice){ "0000000000000\0000000000000", 26 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
