/* SPDX-License-Identifier: ISC */
/* buf.c - owned bytes: growth, maxima, taking from the front. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"

static void
test_grows_and_consumes(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(buf_putf(&b, "%u,", i));
		if (i % 3 == 0)
			buf_consume(&b, 1);
	}
	assert_int_equal(b.n, 3890 - 334);
	assert_true(slice_ends_nocase(buf_slice(&b), SLICE("998,999,")));
	assert_string_equal(buf_str(&b) + b.n - 4, "999,");
	buf_free(&b);
}

static void
test_maximum_refuses_whole_puts(void **state)
{
	struct buf b = { .max = 4 };

	(void)state;
	assert_true(buf_puts(&b, "abc"));
	assert_false(buf_puts(&b, "de"));
	assert_true(b.full);
	assert_true(buf_puts(&b, "d"));
	assert_false(buf_putf(&b, "%d", 1));
	assert_string_equal(buf_str(&b), "abcd");
	buf_consume(&b, 2);
	assert_true(buf_putu(&b, 42));
	assert_string_equal(buf_str(&b), "cd42");
	buf_free(&b);
}

static void
test_empty_is_a_string(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_slice(&b).n, 0);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_consumes),
		cmocka_unit_test(test_maximum_refuses_whole_puts),
		cmocka_unit_test(test_empty_is_a_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
