/* SPDX-License-Identifier: ISC */
/* crc32c.c - the sums of RFC 3720 B.4, by table and by instruction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/crc32c.h"

static void
test_known_sums(void **state)
{
	char octets[32];
	struct slice s = { octets, sizeof octets };

	(void)state;
	memset(octets, 0, sizeof octets);
	assert_int_equal(crc32c(0, s), 0x8a9136aa);
	memset(octets, 0xff, sizeof octets);
	assert_int_equal(crc32c(0, s), 0x62a8ab43);
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (char)i;
	assert_int_equal(crc32c(0, s), 0x46dd794e);
	assert_int_equal(crc32c(0, SLICE("123456789")), 0xe3069283);
	assert_int_equal(crc32c(0, SLICE("")), 0);
}

static void
test_parts_and_both_ways(void **state)
{
	char octets[300];
	struct slice s = { octets, sizeof octets };

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (char)(i * 7 + i / 3);
	for (size_t i = 0; i <= sizeof octets; i++) {
		uint32_t whole = crc32c(0, s);
		uint32_t first = crc32c(0, slice_first(s, i));

		assert_int_equal(crc32c(first, slice_from(s, i)), whole);
		assert_int_equal(crc32c_by_table(0, slice_from(s, i)),
		    crc32c(0, slice_from(s, i)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_sums),
		cmocka_unit_test(test_parts_and_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
