/* SPDX-License-Identifier: ISC */
/* codec.c - xtext and base64, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/codec.h"

static void
test_xtext(void **state)
{
	static const struct {
		struct slice in;
		const char *want;
	} cases[] = {
		{ SLICE(""), "" },
		{ SLICE("bob@example.org"), "bob@example.org" },
		{ SLICE("a+b=c d"), "a+2Bb+3Dc+20d" },
		{ SLICE("\0\r\n\x7f\xc3\xa9~!"), "+00+0D+0A+7F+C3+A9~!" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = { 0 }, back = { 0 };

		xtext_put(&out, cases[i].in);
		assert_string_equal(buf_str(&out), cases[i].want);
		assert_true(xtext_decode(&back, buf_slice(&out)));
		assert_true(slice_eq(buf_slice(&back), cases[i].in));
		buf_free(&out);
		buf_free(&back);
	}
}

static void
test_base64(void **state)
{
	static const struct {
		struct slice in;
		const char *want;
	} cases[] = {
		{ SLICE(""), "" },
		{ SLICE("f"), "Zg==" },
		{ SLICE("fo"), "Zm8=" },
		{ SLICE("foo"), "Zm9v" },
		{ SLICE("foobar"), "Zm9vYmFy" },
		{ SLICE("\xff\xfe\x00\xfb\xf0"), "//4A+/A=" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = { 0 }, back = { 0 };

		base64_put(&out, cases[i].in);
		assert_string_equal(buf_str(&out), cases[i].want);
		assert_true(base64_decode(&back, buf_slice(&out)));
		assert_true(slice_eq(buf_slice(&back), cases[i].in));
		buf_free(&out);
		buf_free(&back);
	}
}

static void
test_bad_input_leaves_nothing(void **state)
{
	static const char *const xtexts[] = { "a b", "+4", "+", "+GG",
		"a=", "ab+" };
	static const char *const base64s[] = { "A", "Zg=x", "====", "Zm9vY",
		"\xc3", "Zm9vY*==", "*m9v", "Zm9vZm9*", "Zm 9" };
	struct buf out = { 0 };

	(void)state;
	buf_puts(&out, "keep");
	for (size_t i = 0; i < sizeof xtexts / sizeof *xtexts; i++)
		assert_false(xtext_decode(&out, slice_of(xtexts[i])));
	for (size_t i = 0; i < sizeof base64s / sizeof *base64s; i++)
		assert_false(base64_decode(&out, slice_of(base64s[i])));
	assert_string_equal(buf_str(&out), "keep");
	buf_free(&out);
}

/* It takes the room that it needs, not an octet more, however long it is. */
static void
test_base64_takes_its_room(void **state)
{
	char raw[1100] = "";

	(void)state;
	for (size_t n = 1; n <= sizeof raw; n++) {
		struct buf text = { 0 }, fits = { .max = n };
		struct buf tight = { .max = n - 1 };

		base64_put(&text, (struct slice){ raw, n });
		if (n > 1)
			assert_false(base64_decode(&tight, buf_slice(&text)));
		assert_true(base64_decode(&fits, buf_slice(&text)));
		assert_true(slice_eq(buf_slice(&fits),
		    (struct slice){ raw, n }));
		buf_free(&text);
		buf_free(&fits);
		buf_free(&tight);
	}
}

/* All that is not +XX or printable is refused, all that is put comes back. */
static void
test_random_bytes_come_back(void **state)
{
	char raw[64];

	(void)state;
	srandom(1);
	for (unsigned round = 0; round < 500; round++) {
		struct slice in = { raw, (size_t)random() % sizeof raw };
		struct buf x = { 0 }, b = { 0 }, back = { 0 };

		for (size_t i = 0; i < in.n; i++)
			raw[i] = (char)random();
		xtext_put(&x, in);
		base64_put(&b, in);
		assert_true(xtext_decode(&back, buf_slice(&x)));
		assert_true(slice_eq(buf_slice(&back), in));
		buf_clear(&back);
		assert_true(base64_decode(&back, buf_slice(&b)));
		assert_true(slice_eq(buf_slice(&back), in));
		buf_free(&x);
		buf_free(&b);
		buf_free(&back);
	}
}

static void
test_percent(void **state)
{
	static const char *const bad[] = { "%", "a%4", "%4g", "%%41" };
	struct buf out = { 0 };

	(void)state;
	buf_putc(&out, '>');
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(percent_decode(&out, slice_of(bad[i])));
	assert_true(percent_decode(&out, SLICE("a+=%20%2c%2C %00")));
	assert_true(slice_eq(buf_slice(&out), SLICE(">a+= ,, \0")));
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xtext),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_bad_input_leaves_nothing),
		cmocka_unit_test(test_base64_takes_its_room),
		cmocka_unit_test(test_random_bytes_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
