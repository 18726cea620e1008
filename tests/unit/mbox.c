/* SPDX-License-Identifier: ISC */
/* mbox.c - who the lines before a header say it is from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "mail/mbox.h"

static void
test_senders(void **state)
{
	static const struct {
		const char *raw, *want; /* NULL: there is none */
	} rows[] = {
		{ "From al Mon Jan  1 00:00:00 2026\nA: b\n", "al" },
		{ "From al Mon Jan  1 00:00 2026 remote from box\n", "al@box" },
		{ "From al@x Mon Jan  1\r\n", "al@x" },
		{ "From al@x Mon Jan  1 remote from box\n", "al@x" },
		{ "From a!b!al Mon Jan  1 remote from box\n", "al@b" },
		{ "From uucp Mon remote from near\n"
		  ">From al Mon remote from far\nA: b\n", "al@far" },
		{ "From uucp Mon remote from near\n>From al Mon\n", "al@near" },
		{ ">From al Mon remote from far\n", "al@far" },
		{ "From <> Mon remote from box\n", "<>" },
		{ "From al", "al" },
		{ "A: b\nFrom al Mon\n", NULL },
		{ "From: al\n", NULL },
		{ "From \n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf got = { 0 };
		bool ok = mbox_sender(slice_of(rows[i].raw), &got);

		assert_int_equal(ok, rows[i].want != NULL);
		assert_string_equal(buf_str(&got), ok ? rows[i].want : "");
		buf_free(&got);
	}
}

static void
test_paths(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "al", "al" },
		{ "box!al", "al@box" },
		{ "a!b!al", "al@b" },
		{ "box!al@x", "al@x" },
		{ "!al", "al" },
		{ "al@x", "al@x" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf got = { 0 };

		mbox_put_path(&got, slice_of(rows[i].in));
		assert_string_equal(buf_str(&got), rows[i].want);
		buf_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
