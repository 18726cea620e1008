/* SPDX-License-Identifier: ISC */
/* encode.c - line ends, NULs and dots, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/encode.h"

static const struct {
	const char *name;
	struct slice in, want;
} cases[] = {
	{ "nothing", SLICE(""), SLICE("") },
	{ "LF", SLICE("a\nb\n"), SLICE("a\r\nb\r\n") },
	{ "CRLF", SLICE("a\r\nb\r\n"), SLICE("a\r\nb\r\n") },
	{ "CR", SLICE("a\rb\r"), SLICE("a\r\nb\r\n") },
	{ "mixed", SLICE("a\nb\r\nc\rd\n\re"),
	    SLICE("a\r\nb\r\nc\r\nd\r\n\r\ne\r\n") },
	{ "no end", SLICE("abc"), SLICE("abc\r\n") },
	{ "CR CR LF is two", SLICE("a\r\r\nb\n"), SLICE("a\r\n\r\nb\r\n") },
	{ "LF CR is two", SLICE("a\n\rb"), SLICE("a\r\n\r\nb\r\n") },
	{ "empty lines", SLICE("\n\n\n"), SLICE("\r\n\r\n\r\n") },
	{ "NULs", SLICE("\0a\0\0b\0\n\0"), SLICE("ab\r\n") },
	{ "NUL parts CR and LF", SLICE("a\r\0\nb"), SLICE("a\r\n\r\nb\r\n") },
	{ "dots", SLICE(".\n..\na.\n.b"), SLICE("..\r\n...\r\na.\r\n..b\r\n") },
	{ "dot behind NUL", SLICE("\0.\n"), SLICE("..\r\n") },
	{ "dot behind CR", SLICE("\r.\r\n"), SLICE("\r\n..\r\n") },
	{ "smuggling", SLICE("a\n.\nMAIL\r.\rx\r\n.\n"),
	    SLICE("a\r\n..\r\nMAIL\r\n..\r\nx\r\n..\r\n") },
};

/* Encode in pieces that step() sizes. */
static struct buf
encoded(struct slice in, bool dots, size_t (*step)(void))
{
	struct encoder e = { .dots = dots };
	struct buf out = { 0 };

	while (in.n > 0) {
		struct slice piece = slice_first(in, step());
		char *copy = malloc(piece.n + 1); /* for the sanitizers */

		memcpy(copy, piece.p, piece.n);
		encode(&e, (struct slice){ copy, piece.n }, &out);
		free(copy);
		in = slice_from(in, piece.n);
	}
	encode_finish(&e, &out);
	return out;
}

static size_t
whole(void)
{
	return SIZE_MAX;
}

static size_t
one(void)
{
	return 1;
}

static size_t
any(void)
{
	return (size_t)random() % 5;
}

static void
test_cases_in_any_pieces(void **state)
{
	size_t (*const steps[])(void) = { whole, one, any, any, any };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
			struct buf out = encoded(cases[i].in, true, steps[k]);

			if (!slice_eq(buf_slice(&out), cases[i].want))
				fail_msg("%s: %s", cases[i].name,
				    buf_str(&out));
			buf_free(&out);
		}
}

static void
test_dots_stay_for_bdat(void **state)
{
	struct buf out = encoded(SLICE(".\n..a\n"), false, one);

	(void)state;
	assert_string_equal(buf_str(&out), ".\r\n..a\r\n");
	buf_free(&out);
}

/* Take the doubled dots away again. */
static struct buf
unstuffed(struct slice in)
{
	struct buf out = { 0 };
	char before = '\n';

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '.' || before != '\n')
			buf_putc(&out, in.p[i]);
		before = in.p[i];
	}
	return out;
}

static void
test_random_text(void **state)
{
	static const char alphabet[] = { '\r', '\n', '.', '\0', 'a' };
	char raw[80];

	(void)state;
	srandom(2);
	for (unsigned round = 0; round < 3000; round++) {
		struct slice in = { raw, (size_t)random() % sizeof raw };
		struct buf plain, stuffed, pieces, back;

		for (size_t i = 0; i < in.n; i++)
			raw[i] = alphabet[random() % 5];
		plain = encoded(in, false, whole);
		stuffed = encoded(in, true, whole);
		pieces = encoded(in, true, any);
		back = unstuffed(buf_slice(&stuffed));
		assert_true(slice_eq(buf_slice(&pieces), buf_slice(&stuffed)));
		assert_true(slice_eq(buf_slice(&back), buf_slice(&plain)));
		assert_true(stuffed.n <= 2 * in.n + 2);
		buf_free(&plain);
		buf_free(&stuffed);
		buf_free(&pieces);
		buf_free(&back);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_in_any_pieces),
		cmocka_unit_test(test_dots_stay_for_bdat),
		cmocka_unit_test(test_random_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
