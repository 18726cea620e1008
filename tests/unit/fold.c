/* SPDX-License-Identifier: ISC */
/* fold.c - long fields in lines: at blanks, at commas, by force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/fold.h"

static void
test_folding(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "\r\n" },
		{ "A: b", "A: b\r\n" },
		{ "A: bb ccc ddd", "A: bb ccc\r\n ddd\r\n" },
		{ "A: bb ccc  ddd", "A: bb ccc\r\n  ddd\r\n" },
		{ "A: 123456789012 x", "A:\r\n 123456789012\r\n x\r\n" },
		{ "12345678901234", "12345678901234\r\n" },
		{ "12345678901234 x", "12345678901234\r\n x\r\n" },
		{ "A:               ", "A:\r\n" },
		{ "A: b               c", "A: b\r\n               c\r\n" },
		{ "1234567890 x", "1234567890\r\n x\r\n" },
		{ "A: 234567,", "A: 234567,\r\n" },
		{ "A: 2345678,", "A:\r\n 2345678,\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = { 0 };

		fold_put(&b, slice_of(cases[i].in), 10);
		assert_string_equal(buf_str(&b), cases[i].want);
		buf_free(&b);
	}
}

/* A word over 998 octets is broken, but not inside a letter. */
static void
test_folding_by_force(void **state)
{
	struct buf in = { 0 }, out = { 0 };
	struct slice rest, line;

	(void)state;
	buf_puts(&in, "A: ");
	for (int i = 0; i < 2000; i++)
		buf_puts(&in, "\xe2\x82\xac");
	fold_put(&out, buf_slice(&in), 76);
	rest = buf_slice(&out);
	for (int i = 0; slice_cut(&rest, '\n', &line) && rest.p; i++) {
		assert_true(line.n <= 999);
		assert_int_equal(line.p[line.n - 1], '\r');
		assert_true(i == 0 || line.p[0] == ' ');
		assert_true(line.n == 3 || line.p[line.n - 2] == '\xac');
	}
	buf_free(&in);
	buf_free(&out);
}

static char *
repeated(const char *front, const char *unit, int n, const char *end)
{
	struct buf b = { 0 };
	char *text;

	buf_puts(&b, front);
	while (n-- > 0)
		buf_puts(&b, unit);
	buf_puts(&b, end);
	text = strdup(buf_str(&b));
	buf_free(&b);
	return text;
}

/* No line over 998, no blank but where `gap` is in front of it. */
static void
check_gaps(const char *text, const char *gaps)
{
	struct buf out = { 0 };
	struct slice rest, line;
	char last = ' ';
	size_t n = 0;

	fold_put(&out, slice_of(text), 76);
	rest = buf_slice(&out);
	for (; slice_cut(&rest, '\n', &line) && rest.p; n++) {
		assert_true(line.n <= 999);
		if (n > 1 && !strchr(gaps, last))
			fail_msg("%.60s: broken behind %c", text, last);
		last = line.p[line.n - 2];
	}
	assert_true(n > 2);
	buf_free(&out);
}

/* One word of more than 998 octets: where may a blank come into it? */
static void
test_gaps(void **state)
{
	static const struct {
		const char *front, *unit, *end, *gaps;
	} cases[] = {
		{ "To: ", "user0@example.org,", "z@x", "," },
		{ "To: ", "<u0@example.org>,", "<z@x>", "," },
		{ "References: ", "<0123456789@example.org>", "", ">" },
		{ "DKIM-Signature: ", "abc=0123456789/+;", "d=e", ";" },
		{ "To: ", "\"a,b;c><\\\"\"@example.org,", "z@x", "," },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = repeated(cases[i].front, cases[i].unit, 200,
		    cases[i].end);
		struct buf out = { 0 }, back = { 0 };

		check_gaps(text, cases[i].gaps);
		/* nothing else has changed */
		fold_put(&out, slice_of(text), 76);
		for (size_t k = 0; k < out.n; k++)
			if (!strchr(" \r\n", buf_slice(&out).p[k]))
				buf_putc(&back, buf_slice(&out).p[k]);
		assert_int_equal(back.n, strlen(text) - 1);
		buf_free(&out);
		buf_free(&back);
		free(text);
	}
}

/* What can stand in one line stays whole, however the quotes are. */
static void
test_no_gap_without_need(void **state)
{
	char *text = repeated("To: ", "u@x,", 249, "");
	struct buf out = { 0 };

	(void)state;
	fold_put(&out, slice_of(text), 76);
	assert_non_null(strstr(buf_str(&out), "To:\r\n u@x,u@x,u@x"));
	assert_int_equal(out.n, strlen(text) + 4);
	free(text);
	buf_free(&out);
}

/* More white space than a line can hold is less of it. */
static void
test_much_white_space(void **state)
{
	char *text = repeated("A: b", " ", 3000, "c");
	struct buf out = { 0 };

	(void)state;
	fold_put(&out, slice_of(text), 76);
	assert_int_equal(out.n, strlen("A: b\r\n") + 998 + 2);
	assert_string_equal(buf_str(&out) + out.n - 4, " c\r\n");
	free(text);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_folding_by_force),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_no_gap_without_need),
		cmocka_unit_test(test_much_white_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
