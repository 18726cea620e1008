/* SPDX-License-Identifier: ISC */
/* mbox_split.c - mailboxes as messages, in pieces of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "mail/mbox_split.h"

#define FROM "From al@x.test Sun Nov 22 09:00:00 2026\n"

/* Each message in brackets; the window grows by step octets a time. */
static bool
split(struct slice all, size_t step, struct buf *out)
{
	struct mbox_split m = { 0 };
	size_t at = 0, end = step < all.n ? step : all.n;
	enum mbox_found found;
	bool open = false;

	for (;;) {
		struct slice in = { all.p + at, end - at }, text = { 0 };

		found = mbox_split(&m, &in, end == all.n, &text);
		at = end - in.n;
		if (found == MBOX_TEXT)
			buf_put(out, text);
		if (found == MBOX_BEGIN)
			buf_puts(out, open ? "][" : "[");
		open = open || found == MBOX_BEGIN;
		if (found == MBOX_NONE)
			return false;
		if (found == MBOX_MORE && end == all.n)
			break;
		if (found == MBOX_MORE)
			end = end + step < all.n ? end + step : all.n;
	}
	assert_int_equal(at, all.n);
	buf_puts(out, open ? "]" : "");
	return true;
}

static void
check(struct slice all, const char *want)
{
	for (size_t step = 1; step <= all.n + 1; step++) {
		struct buf got = { 0 };

		assert_true(split(all, step, &got));
		assert_string_equal(buf_str(&got), want);
		buf_free(&got);
	}
}

static void
test_splits(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "" },
		{ FROM, "[]" },
		{ FROM "A: b\n\nx\n", "[A: b\n\nx\n]" },
		{ FROM "A: b\n\nx\n\n", "[A: b\n\nx\n]" },
		{ FROM "A: b\n\nx\n\n\n", "[A: b\n\nx\n\n]" },
		{ FROM "A: b\n\nx", "[A: b\n\nx]" },
		{ FROM "A: b\n\nx\n\n" FROM "C: d\n\ny\n\n",
		    "[A: b\n\nx\n][C: d\n\ny\n]" },
		/* no message begins behind text, or without a time */
		{ FROM "A: b\n\nx\n" FROM "y\n",
		    "[A: b\n\nx\n" FROM "y\n]" },
		{ FROM "A: b\n\nFrom now on it works\n",
		    "[A: b\n\nFrom now on it works\n]" },
		{ FROM "A: b\n\nFrom", "[A: b\n\nFrom]" },
		/* quoted, in each depth and at each place */
		{ FROM ">From uucp\nA: b\n\n>From x\n>>From y\n> From\n>Fro\n",
		    "[From uucp\nA: b\n\nFrom x\n>From y\n> From\n>Fro\n]" },
		{ FROM "A: b\n\nx\n>From", "[A: b\n\nx\n>From]" },
		{ FROM "A: b\n\nx\n>", "[A: b\n\nx\n>]" },
		{ FROM "A: b\n\n>" FROM, "[A: b\n\n" FROM "]" },
		/* other line ends */
		{ "From al Sun Nov 22 09:00 2026\r\nA: b\r\n\r\nx\r\n\r\n"
		  "From al Sun Nov 22 09:00 2026\r\nC: d\r\n",
		    "[A: b\r\n\r\nx\r\n][C: d\r\n]" },
		{ FROM "A: b\n\n\rx\r\n\r", "[A: b\n\n\rx\r\n\r]" },
		{ FROM "\n\n" FROM "\n", "[\n][]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(slice_of(rows[i].in), rows[i].want);
}

static void
test_others_are_none(void **state)
{
	static const char *const rows[] = { "A: b\n", "From: al\n",
		"From here on\n", "\n" FROM, ">" FROM, "F", "From" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t step = 1; step < 9; step++) {
			struct buf got = { 0 };

			assert_false(split(slice_of(rows[i]), step, &got));
			buf_free(&got);
		}
}

/* Whatever stands there, a window of a fixed size is enough. */
static void
test_endless_lines(void **state)
{
	static const char *const begins[] = { "From ", ">", "x", "\r" };
	struct buf in = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		struct mbox_split m = { .begun = true, .behind_empty = true };
		struct slice s, text;

		buf_clear(&in);
		while (in.n < 2 * (size_t)MBOX_LINE)
			buf_puts(&in, begins[i]);
		s = buf_slice(&in);
		assert_int_equal(mbox_split(&m, &s, false, &text), MBOX_TEXT);
	}
	buf_free(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_others_are_none),
		cmocka_unit_test(test_endless_lines),
	};

	return cmocka_run_group_tests_name("mbox_split", tests, NULL, NULL);
}
