/* SPDX-License-Identifier: ISC */
/* cli_verp.c - reverse-paths that name the recipient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bulk/verp.h"

#define LONG "a123456789b123456789c123456789d123456789"

static void
test_paths(void **state)
{
	static const struct {
		const char *from, *to, *want; /* NULL: no such path */
	} rows[] = {
		{ "list@x.test", "bob@y.test", "list+bob=y.test@x.test" },
		{ "list+a@x.test", "bob+b@y.test",
		    "list+a+bob+b=y.test@x.test" },
		{ "l@[192.0.2.1]", "bob@y.test", "l+bob=y.test@[192.0.2.1]" },
		{ "", "bob@y.test", "" },
		{ "gr\303\274n@x.test", "bob@y.test",
		    "gr\303\274n+bob=y.test@x.test" },
		{ "list@x.test", "\"a b\"@y.test", NULL },
		{ "\"a b\"@x.test", "bob@y.test", NULL },
		{ "list@x.test", LONG "@example.example.test", NULL },
	};
	const struct address_options o = { .dash = true };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct address from, to, got;
		struct outcome why = { 0 };

		assert_true(address_parse(slice_of(rows[i].from), &o, &from,
		    &why));
		assert_true(address_parse(slice_of(rows[i].to), &o, &to,
		    &why));
		assert_int_equal(verp_make(&from, &to, &got, &why),
		    rows[i].want != NULL);
		if (rows[i].want)
			assert_string_equal(got.path, rows[i].want);
		else
			assert_int_equal(why.stage, STAGE_ADDRESS);
		if (rows[i].want)
			address_free(&got);
		address_free(&from);
		address_free(&to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests_name("verp", tests, NULL, NULL);
}
