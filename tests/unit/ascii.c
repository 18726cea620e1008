/* SPDX-License-Identifier: ISC */
/* ascii.c - which octets text is made of, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/ascii.h"

/* The edges of each form (RFC 3629 4), and their neighbours. */
static const struct {
	struct slice in;
	bool want;
} utf8[] = {
	{ SLICE(""), true }, { SLICE("\0"), true }, { SLICE("\x7f"), true },
	{ SLICE("\x80"), false }, { SLICE("\xbf"), false },
	{ SLICE("\xc0\x80"), false }, { SLICE("\xc1\xbf"), false },
	{ SLICE("\xc2\x7f"), false }, { SLICE("\xc2\x80"), true },
	{ SLICE("\xc2\xbf"), true }, { SLICE("\xc2\xc0"), false },
	{ SLICE("\xdf\x80"), true }, { SLICE("\xdf\xbf"), true },
	{ SLICE("\xdf"), false }, { SLICE("\xe0\x9f\xbf"), false },
	{ SLICE("\xe0\xa0\x80"), true }, { SLICE("\xe0\xa0"), false },
	{ SLICE("\xe0\xa0\x7f"), false }, { SLICE("\xec\xbf\xbf"), true },
	{ SLICE("\xed\x9f\xbf"), true }, { SLICE("\xed\xa0\x80"), false },
	{ SLICE("\xed\xbf\xbf"), false }, { SLICE("\xee\x80\x80"), true },
	{ SLICE("\xef\xbf\xbf"), true }, { SLICE("\xf0\x8f\xbf\xbf"), false },
	{ SLICE("\xf0\x90\x80\x80"), true }, { SLICE("\xf0\x90\x80"), false },
	{ SLICE("\xf4\x8f\xbf\xbf"), true },
	{ SLICE("\xf4\x90\x80\x80"), false },
	{ SLICE("\xf5\x80\x80\x80"), false },
	{ SLICE("\xf8\x88\x80\x80\x80"), false }, { SLICE("\xff"), false },
	{ SLICE("a\xc3\xa4" "b"), true }, { SLICE("a\xe4" "bc"), false },
	{ SLICE("\xc3\xa4\xc3"), false },
};

static void
test_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof utf8 / sizeof utf8[0]; i++)
		if (utf8_is_valid(utf8[i].in) != utf8[i].want)
			fail_msg("row %zu", i);
}

/* Of every octet: may a URI have it (RFC 3986 2)? */
static void
test_uri(void **state)
{
	static const char with[] = "!#$%&'()*+,-./0123456789:;=?@"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~";

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char text[3] = { 'a', (char)c, 'b' };

		if (ascii_is_uri((struct slice){ text, 3 }) !=
		    (memchr(with, c, sizeof with - 1) != NULL))
			fail_msg("octet %d", c);
	}
	assert_false(ascii_is_uri(SLICE("")));
}

/* Octet by octet: which may come, and how many are then still to come. */
static void
test_utf8_steps(void **state)
{
	static const struct {
		struct slice in;
		const char *may, *need;
	} rows[] = {
		{ SLICE("a\xc3\xa4"), "yyy", "010" },
		{ SLICE("\xe2\x82\xac"), "yyy", "210" },
		{ SLICE("\xf0\x9f\x98\x80"), "yyyy", "3210" },
		{ SLICE("\xc3" "ab"), "yny", "100" },
		{ SLICE("\xe2\x82" "a\xc3\xa4"), "yynyy", "21010" },
		{ SLICE("\xf0\x80\x80" "a"), "ynny", "3000" },
		{ SLICE("\xed\xa0\x80" "a"), "ynny", "2000" },
		{ SLICE("\xc3\xc3\xa4"), "ynn", "100" },
		{ SLICE("\xff" "a"), "ny", "00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct utf8 u = { 0 };

		for (size_t k = 0; k < rows[i].in.n; k++) {
			bool may = utf8_step(&u, rows[i].in.p[k]);

			assert_int_equal(may, rows[i].may[k] == 'y');
			assert_int_equal(u.need, rows[i].need[k] - '0');
		}
	}
}

/* One high octet at each place of texts of each length, and none. */
static void
test_high(void **state)
{
	char text[40];

	(void)state;
	for (size_t n = 0; n <= sizeof text; n++) {
		memset(text, 0x7f, sizeof text);
		assert_false(ascii_has_high((struct slice){ text, n }));
		for (size_t at = 0; at < sizeof text; at++) {
			text[at] = '\x80';
			assert_int_equal(at < n,
			    ascii_has_high((struct slice){ text, n }));
			text[at] = 0x7f;
		}
	}
}

static void
test_control(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char text[] = { 'a', (char)c, 'b' };

		assert_int_equal(c < 0x20 || c == 0x7f,
		    ascii_has_control((struct slice){ text, 3 }));
	}
	assert_false(ascii_has_control(SLICE("")));
}

/* What would end a line, colour a terminal or turn its text around. */
static const struct {
	struct slice in;
	const char *want;
} escapes[] = {
	{ SLICE("plain ~ text"), "plain ~ text" },
	{ SLICE("a\\b"), "a\\\\b" },
	{ SLICE("\0\x1f \x7f"), "\\x00\\x1f \\x7f" },
	{ SLICE("\x1b[31m\r\n\t"), "\\x1b[31m\\x0d\\x0a\\x09" },
	{ SLICE("\xc3\xa4"), "\xc3\xa4" },
	{ SLICE("\xc2\x80\xc2\x9f\xc2\xa0"), "\\xc2\\x80\\xc2\\x9f\xc2\xa0" },
	{ SLICE("\xd8\x9b\xd8\x9c\xd8\x9d"), "\xd8\x9b\\xd8\\x9c\xd8\x9d" },
	{ SLICE("\xe2\x80\x8d\xe2\x80\x8e"), "\xe2\x80\x8d\\xe2\\x80\\x8e" },
	{ SLICE("\xe2\x80\x8f\xe2\x80\x90"), "\\xe2\\x80\\x8f\xe2\x80\x90" },
	{ SLICE("\xe2\x80\xa7\xe2\x80\xa8"), "\xe2\x80\xa7\\xe2\\x80\\xa8" },
	{ SLICE("\xe2\x80\xae\xe2\x80\xaf"), "\\xe2\\x80\\xae\xe2\x80\xaf" },
	{ SLICE("\xe2\x81\xa5\xe2\x81\xa6"), "\xe2\x81\xa5\\xe2\\x81\\xa6" },
	{ SLICE("\xe2\x81\xa9\xe2\x81\xaa"), "\\xe2\\x81\\xa9\xe2\x81\xaa" },
	{ SLICE("a\xe4" "b"), "a\\xe4b" },
	{ SLICE("\xe2\x80"), "\\xe2\\x80" },
	{ SLICE("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80" },
};

static void
test_escape(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
		struct buf out = { 0 };

		text_escape(&out, escapes[i].in);
		assert_string_equal(buf_str(&out), escapes[i].want);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_utf8_steps),
		cmocka_unit_test(test_high),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
