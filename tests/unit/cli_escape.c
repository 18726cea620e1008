/* SPDX-License-Identifier: ISC */
/* cli_escape.c - octets as a person writes them; a dialogue as a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/ascii.h"
#include "desk/escape.h"
#include "desk/record.h"

static const struct {
	const char *in;
	struct slice want;
} good[] = {
	{ "", SLICE("") },
	{ "plain", SLICE("plain") },
	{ "a\\r\\nb", SLICE("a\r\nb") },
	{ "\\x00\\xfF", SLICE("\0\xff") },
	{ "\\0\\t\\\\", SLICE("\0\t\\") },
	{ "\\\\x41", SLICE("\\x41") },
	{ "\\x4142", SLICE("A42") },
};

static const struct {
	const char *in;
	size_t bad;
} wrong[] = {
	{ "\\", 0 },
	{ "ab\\q", 2 },
	{ "\\x4", 0 },
	{ "\\xg0", 0 },
	{ "\\n\\x0", 2 },
};

static void
test_escapes(void **state)
{
	struct buf out = { 0 };
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		buf_clear(&out);
		assert_true(escape_read(&out, slice_of(good[i].in), &bad));
		assert_true(slice_eq(buf_slice(&out), good[i].want));
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		buf_clear(&out);
		buf_puts(&out, "kept");
		assert_false(escape_read(&out, slice_of(wrong[i].in), &bad));
		assert_int_equal(bad, wrong[i].bad);
		assert_string_equal(buf_str(&out), "kept");
	}
	buf_free(&out);
}

/* What text_escape() writes is read back as it was. */
static void
test_there_and_back(void **state)
{
	struct buf text = { 0 }, back = { 0 };
	size_t bad;

	(void)state;
	for (int a = 0; a < 256; a++) {
		char octets[3] = { (char)a, 'x', (char)(255 - a) };
		struct slice in = { octets, sizeof octets };

		buf_clear(&text);
		buf_clear(&back);
		text_escape(&text, in);
		assert_true(escape_read(&back, buf_slice(&text), &bad));
		assert_true(slice_eq(buf_slice(&back), in));
	}
	buf_free(&text);
	buf_free(&back);
}

static void
test_record(void **state)
{
	struct buf b = { 0 };

	(void)state;
	record_heard(&b, SLICE("220 hi\x1b[2J"));
	record_reply(&b, 220);
	record_said(&b, SLICE("EHLO ${a} $ \\"), true);
	record_said(&b, SLICE("AUTH PLAIN ***"), false);
	record_raw(&b, SLICE("x\r\n"));
	record_tls(&b);
	record_act(&b, "data", SLICE("my file"));
	record_end(&b);
	assert_string_equal(buf_str(&b), "#   220 hi\\x1b[2J\n< 220\n"
	    "> EHLO \\x24{a} \\x24 \\\\\n"
	    "# a secret was said here; @ auth USER says it again: "
	    "AUTH PLAIN ***\n"
	    "@ raw x\\x0d\\x0a\n@ handshake\n@ data my file\n< closed\n");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
