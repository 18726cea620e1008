/* SPDX-License-Identifier: ISC */
/* word.c - encoded words (RFC 2047), there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/ascii.h"
#include "mail/word.h"

static const struct {
	struct slice in;
	const char *want; /* NULL = it is none */
} words[] = {
	{ SLICE("=?utf-8?Q?=C3=A4?="), "\xc3\xa4" },
	{ SLICE("=?UTF-8?q?a_b=20c?="), "a b c" },
	{ SLICE("=?utf-8*en?B?w6Q=?="), "\xc3\xa4" },
	{ SLICE("=?us-ascii?b?YQ==?="), "a" },
	{ SLICE("=?utf-8?Q?" "?="), "" },
	{ SLICE("=?iso-8859-1?Q?=e4=7f?="), "\xc3\xa4\x7f" },
	{ SLICE("=?ISO-8859-1?Q?=80=BF=C0=FF?="),
	    "\xc2\x80\xc2\xbf\xc3\x80\xc3\xbf" },
	{ SLICE("=?utf-8?Q?=E4?="), "\xc3\xa4" }, /* it lies */
	{ SLICE("=?utf-8?Q?=4?="), NULL }, { SLICE("=?utf-8?Q?=4g?="), NULL },
	{ SLICE("=?utf-8?Q?=g4?="), NULL }, { SLICE("=?utf-8?Q?a=?="), NULL },
	{ SLICE("=?utf-8?B?w?="), NULL }, { SLICE("=?utf-8?X?a?="), NULL },
	{ SLICE("=?koi8-r?Q?a?="), NULL }, { SLICE("=??Q?a?="), NULL },
	{ SLICE("=?utf-8?Q?a"), NULL }, { SLICE("utf-8?Q?a?="), NULL },
	{ SLICE("=?utf-8?Q?a?b?="), NULL }, { SLICE("=?utf-8?a?="), NULL },
	{ SLICE("=?utf-8?="), NULL }, { SLICE("=?="), NULL },
	{ SLICE("=?" "?="), NULL }, { SLICE(""), NULL },
};

static void
test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct buf out = { 0 };
		bool ok;

		buf_puts(&out, "<");
		ok = word_decode(&out, words[i].in);
		if (ok != (words[i].want != NULL))
			fail_msg("%s", words[i].in.p);
		assert_string_equal(buf_str(&out) + 1, ok ? words[i].want : "");
		buf_free(&out);
	}
}

/* The words of a line, decoded and joined; each is legal and whole. */
static void
decode_all(struct slice line, size_t column, struct buf *out)
{
	struct slice word;

	while (slice_cut(&line, ' ', &word)) {
		size_t before = out->n;

		assert_true(word.n <= 75);
		if (column > 0 && column < 50)
			assert_true(column + word.n <= 76);
		assert_true(word_decode(out, word));
		assert_true(utf8_is_valid(slice_from(buf_slice(out), before)));
		column = 0;
	}
}

#define E "\xe9\xe9\xe9"

/* The longest name of a charset leaves room for a character in each word. */
static void
test_long_charset(void **state)
{
	static const char charset[] =
	    "a23456789012345678901234567890123456789x";
	struct slice rest, word;

	(void)state;
	for (size_t column = 0; column < 60; column++) {
		struct buf out = { 0 };

		word_put(&out, SLICE(E E E E E E), column, charset);
		rest = buf_slice(&out);
		while (slice_cut(&rest, ' ', &word))
			assert_true(word.n <= 75 && word.n > 50);
		buf_free(&out);
	}
}

/* At each column, in Q and in B, up to some words. */
static void
test_round_trip(void **state)
{
	static const char *const texts[] = { "\xc3\xa4rger & so",
		"\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80",
		"abc \xc3\xa4 " };

	(void)state;
	for (size_t column = 0; column < 60; column++)
		for (size_t k = 0; k < 4 * 30; k++) {
			struct buf in = { 0 }, out = { 0 }, back = { 0 };

			for (size_t n = 0; n < 1 + k / 4; n++)
				buf_puts(&in, texts[k % 4]);
			word_put(&out, buf_slice(&in), column, "utf-8");
			decode_all(buf_slice(&out), column, &back);
			assert_true(slice_eq(buf_slice(&in),
			    buf_slice(&back)));
			buf_free(&in);
			buf_free(&out);
			buf_free(&back);
		}
}

/* A character of East Asia is whole in its word, also as the text's last. */
static void
test_characters_are_whole(void **state)
{
	static const struct {
		const char *charset, *last, *want, *too;
	} rows[] = {
		{ "gb18030", "\x81\x30\x82\x31", "=810=821", "" },
		{ "gb18030", "\x81\x30\x82\x31\x83\x32\x84\x33", "=810=821",
		    "=832=843" },
		{ "gb18030", "\x81\x30", "=810", "" },
		{ "gb2312", "\xb0\xa1", "=B0=A1", "" },
		{ "gb2312", "\xb0", "=B0", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t n = 0; n < 150; n++) {
			struct buf text = { 0 }, out = { 0 };

			while (text.n < n)
				buf_putc(&text, 'a');
			buf_puts(&text, rows[i].last);
			word_put(&out, buf_slice(&text), 0, rows[i].charset);
			if (strstr(buf_str(&out), "?Q?") &&
			    (!strstr(buf_str(&out), rows[i].want) ||
				!strstr(buf_str(&out), rows[i].too)))
				fail_msg("%zu: %s", n, buf_str(&out));
			buf_free(&text);
			buf_free(&out);
		}
}

/* No room is given away: a word is as long as its line, or its kind, allows. */
static void
test_words_are_full(void **state)
{
	(void)state;
	for (size_t column = 0; column < 60; column++) {
		size_t room = column > 0 && column < 50 ? 76 - column : 75;
		struct buf out = { 0 }, text = { 0 };
		struct slice line, word;

		for (int i = 0; i < 300; i++)
			buf_putc(&text, i % 10 ? 'a' : '\xe4');
		word_put(&out, buf_slice(&text), column, "koi8-r");
		line = buf_slice(&out);
		assert_true(slice_cut(&line, ' ', &word));
		assert_true(slice_starts(word, SLICE("=?koi8-r?Q?=E4aaa")));
		assert_in_range(word.n, room - 2, room);
		assert_true(slice_cut(&line, ' ', &word));
		assert_in_range(word.n, 73, 75);
		buf_free(&out);
		buf_free(&text);
	}
}

/* The shorter one, but Q where it can still be read. */
static void
test_which_encoding(void **state)
{
	static const char *const rows[][2] = {
		{ "\xc3\xa4", "=?utf-8?Q?=C3=A4?=" },
		{ "a\xc3\xa4", "=?utf-8?B?YcOk?=" },
		{ "ab\xc3\xa4", "=?utf-8?Q?ab=C3=A4?=" },
		{ "\xc3\xa4\xc3\xa4\xc3\xa4", "=?utf-8?B?w6TDpMOk?=" },
		{ "\xc3\xa4\xc3\xa4\xc3\xa4" "abcdef",
		    "=?utf-8?Q?=C3=A4=C3=A4=C3=A4abcdef?=" },
		{ "a=?_., abcdefgh",
		    "=?utf-8?Q?a=3D=3F=5F=2E=2C_abcdefgh?=" },
		{ "!*+-/Az09", "=?utf-8?Q?!*+-/Az09?=" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out = { 0 };

		word_put(&out, slice_of(rows[i][0]), 0, "utf-8");
		assert_string_equal(buf_str(&out), rows[i][1]);
		buf_free(&out);
	}
}

static void
test_text(void **state)
{
	static const char *const rows[][2] = {
		{ "plain text", "plain text" },
		{ "an \xc3\xa4 here", "an =?utf-8?Q?=C3=A4?= here" },
		{ "\xc3\xa4", "=?utf-8?Q?=C3=A4?=" },
		{ "gr\xc3\xbcn \xc3\xb6l x",
		    "=?utf-8?Q?gr=C3=BCn_=C3=B6l?= x" },
		{ "gr\xc3\xbcn  \xc3\xb6l", "=?utf-8?Q?gr=C3=BCn__=C3=B6l?=" },
		{ "a  \xc3\xa4\tb", "a  =?utf-8?Q?=C3=A4?=\tb" },
		/* beside an encoded word the blanks are part of ours */
		{ "=?utf-8?Q?a?= \xc3\xb6",
		    "=?utf-8?Q?a?= =?utf-8?B?IMO2?=" },
		{ "=?utf-8?Q?a?=  gr\xc3\xbcn x",
		    "=?utf-8?Q?a?= =?utf-8?Q?__gr=C3=BCn?= x" },
		{ "\xc3\xb6 =?utf-8?Q?a?=",
		    "=?utf-8?B?w7Yg?= =?utf-8?Q?a?=" },
		{ "=?utf-8?Q?a?= b \xc3\xb6", "=?utf-8?Q?a?= b "
		    "=?utf-8?Q?=C3=B6?=" },
		{ "\xc3\xb6 a \xc3\xb6", "=?utf-8?Q?=C3=B6?= a "
		    "=?utf-8?Q?=C3=B6?=" },
		/* half of one is none */
		{ "=?x \xc3\xa4", "=?x =?utf-8?Q?=C3=A4?=" },
		{ "x?= \xc3\xa4 =?x", "x?= =?utf-8?Q?=C3=A4?= =?x" },
		{ "\xc3\xa4 x?=", "=?utf-8?Q?=C3=A4?= x?=" },
		{ "", "" }, { "  ", "  " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out = { 0 };

		word_put_text(&out, slice_of(rows[i][0]), 0, "utf-8");
		assert_string_equal(buf_str(&out), rows[i][1]);
		buf_free(&out);
	}
}

/* RFC 5322 2.1.1: 998 octets with the blank of the folded line. */
static void
test_words_no_line_can_hold(void **state)
{
	(void)state;
	for (size_t n = 996; n <= 999; n++) {
		struct buf in = { 0 }, out = { 0 }, back = { 0 };

		for (size_t i = 0; i < n; i++)
			buf_putc(&in, 'x');
		word_put_text(&out, buf_slice(&in), 0, "utf-8");
		if (n <= 997)
			buf_put(&back, buf_slice(&out));
		else
			decode_all(buf_slice(&out), 0, &back);
		assert_true(slice_eq(buf_slice(&back), buf_slice(&in)));
		buf_free(&in);
		buf_free(&out);
		buf_free(&back);
	}
}

static void
test_charsets(void **state)
{
	struct buf out = { 0 };

	(void)state;
	assert_string_equal(word_charset(SLICE("\xc3\xa4"), "koi8-r"), "utf-8");
	assert_string_equal(word_charset(SLICE("\xe4"), "koi8-r"), "koi8-r");
	utf8_put(&out, SLICE("\x7f\x80\xbf\xc0\xff"));
	assert_string_equal(buf_str(&out),
	    "\x7f\xc2\x80\xc2\xbf\xc3\x80\xc3\xbf");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_long_charset),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_characters_are_whole),
		cmocka_unit_test(test_words_are_full),
		cmocka_unit_test(test_which_encoding),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_words_no_line_can_hold),
		cmocka_unit_test(test_charsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
