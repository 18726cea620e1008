/* SPDX-License-Identifier: ISC */
/* dns_anchor.c - files of trust anchors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "dns/anchor.h"

static void
test_files(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* how many are taken */
		bool good;
	} rows[] = {
		{ "", 0, true },
		{ "; a comment\n\n", 0, true },
		{ ". IN DNSKEY 257 3 8 AwEAAQ== ; keytag 1\n", 1, true },
		{ ".\t172800\tIN\tDNSKEY\t257 3 8 AwEA AQ==\n", 1, true },
		{ ". DS 20326 8 2 e06d 44b8\n. 5 in ds 1 8 2 AB\n", 2, true },
		{ ". IN DNSKEY 256 3 8 AwEAAQ==\n", 0, true }, /* signs none */
		{ ". IN DNSKEY 385 3 8 AwEAAQ==\n", 0, true }, /* revoked */
		{ "org. IN DS 1 8 2 AB\n", 0, true },
		{ ". IN NS a.test.\n", 0, true },
		{ ". IN DNSKEY 257 3 8 A!\n. IN DS 1 8 2 AB\n", 1, false },
		{ ". IN DNSKEY 257 3\n", 0, false },
		{ ". IN DS 70000 8 2 AB\n", 0, false },
		{ ". IN DS 1 8 2 ABC\n", 0, false },
		{ ". IN DS 1 8 2\n", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct anchors a = { .n = 0 };

		assert_int_equal(anchors_parse(&a, slice_of(rows[i].text)),
		    rows[i].good);
		assert_int_equal(a.n, rows[i].n);
	}
}

static void
test_octets(void **state)
{
	struct anchors a = { .n = 0 };

	(void)state;
	assert_true(anchors_parse(&a, SLICE(". DNSKEY 257 3 8 AwEAAQ==\n"
	    ". DS 20326 8 2 E06D\n")));
	assert_true(a.v[0].is_key);
	assert_int_equal(a.v[0].n, 8);
	assert_memory_equal(a.v[0].data, "\1\1\3\10\3\1\0\1", 8);
	assert_false(a.v[1].is_key);
	assert_int_equal(a.v[1].n, 6);
	assert_memory_equal(a.v[1].data, "\117\146\10\2\340\155", 6);
}

static void
test_too_many(void **state)
{
	struct anchors a = { .n = 0 };

	(void)state;
	for (int i = 0; i < 2 * ANCHORS_MAX; i++)
		assert_true(anchors_parse(&a, SLICE(". DS 1 8 2 AB\n")));
	assert_int_equal(a.n, ANCHORS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("dns_anchor", tests, NULL, NULL);
}
