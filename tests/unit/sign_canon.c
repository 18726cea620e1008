/* SPDX-License-Identifier: ISC */
/* sign_canon.c - what is hashed of a body and of a field, whole and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sign/canon.h"

/* A hash that keeps what it is fed. */
static struct buf fed;

static void
keep(struct sign_hash *h, struct slice octets)
{
	(void)h;
	buf_put(&fed, octets);
}

static const struct sign_crypto keeper = { .hash_feed = keep };

static const struct {
	const char *name;
	struct slice in, simple, relaxed;
} bodies[] = {
	{ "nothing", SLICE(""), SLICE("\r\n"), SLICE("") },
	{ "an empty line", SLICE("\r\n"), SLICE("\r\n"), SLICE("") },
	{ "empty lines", SLICE("\r\n\r\n\r\n"), SLICE("\r\n"), SLICE("") },
	{ "blank lines", SLICE(" \r\n\t\r\n"), SLICE(" \r\n\t\r\n"),
	    SLICE("") },
	{ "no end", SLICE("a"), SLICE("a\r\n"), SLICE("a\r\n") },
	{ "no end after blanks", SLICE("a \t"), SLICE("a \t\r\n"),
	    SLICE("a\r\n") },
	{ "RFC 6376 3.4.5", SLICE(" C \r\nD \t E\r\n\r\n\r\n"),
	    SLICE(" C \r\nD \t E\r\n"), SLICE(" C\r\nD E\r\n") },
	{ "lines in the middle", SLICE("a\r\n\r\n \r\n\r\nb\r\n\r\n"),
	    SLICE("a\r\n\r\n \r\n\r\nb\r\n"),
	    SLICE("a\r\n\r\n\r\n\r\nb\r\n") },
	{ "a blank line at the end", SLICE("a\r\n \r\n"),
	    SLICE("a\r\n \r\n"), SLICE("a\r\n") },
	{ "tabs", SLICE("a\tb\t\tc\r\n"), SLICE("a\tb\t\tc\r\n"),
	    SLICE("a b c\r\n") },
	{ "as it is", SLICE("a b c\r\nd e\r\n"), SLICE("a b c\r\nd e\r\n"),
	    SLICE("a b c\r\nd e\r\n") },
	{ "NULs and high octets", SLICE("\0 \xff  \x80\r\n"),
	    SLICE("\0 \xff  \x80\r\n"), SLICE("\0 \xff \x80\r\n") },
};

/* In pieces of this size, from memory of that size. */
static struct slice
canonical(struct slice in, bool relaxed, size_t piece)
{
	struct canon_body c = { .crypto = &keeper, .relaxed = relaxed };

	buf_clear(&fed);
	while (in.n > 0) {
		struct slice part = slice_first(in, piece);
		char *copy = mem_dup(part);

		canon_body_feed(&c, (struct slice){ copy, part.n });
		free(copy);
		in = slice_from(in, part.n);
	}
	canon_body_end(&c);
	return buf_slice(&fed);
}

static void
same(const char *name, struct slice got, struct slice want)
{
	if (!slice_eq(got, want))
		fail_msg("%s: '%.*s' instead of '%.*s'", name, (int)got.n,
		    got.p, (int)want.n, want.p);
}

static void
test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		for (size_t n = 1; n <= bodies[i].in.n + 1; n++) {
			same(bodies[i].name,
			    canonical(bodies[i].in, false, n),
			    bodies[i].simple);
			same(bodies[i].name, canonical(bodies[i].in, true, n),
			    bodies[i].relaxed);
		}
}

/* RFC 6376 3.4.4, octet by octet, of the whole. */
static void
put_slowly(struct buf *out, struct slice in)
{
	struct buf line = { 0 };
	size_t ends = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i] == '\t' ? ' ' : in.p[i];

		if (c == '\r')
			continue;
		if (c != '\n') {
			if (c != ' ' || line.n == 0 ||
			    buf_str(&line)[line.n - 1] != ' ')
				buf_putc(&line, c);
			continue;
		}
		if (line.n > 0 && buf_str(&line)[line.n - 1] == ' ')
			buf_cut(&line, line.n - 1);
		for (; line.n > 0 && ends > 0; ends--)
			buf_puts(out, "\r\n");
		buf_put(out, buf_slice(&line));
		ends++;
		buf_clear(&line);
	}
	if (out->n > 0)
		buf_puts(out, "\r\n");
	buf_free(&line);
}

/* Longer than a window and the block, of few kinds of octets. */
static void
test_long_bodies(void **state)
{
	static const char *const words[] = { " ", "\t", "\r\n", "a", "bc ",
		"\r\n\r\n", "word", ("a line of text that needs no care and "
		"is longer than a window of sixty-four octets\r\n") };
	uint32_t random = 1;

	(void)state;
	for (size_t round = 0; round < 60; round++) {
		struct buf text = { 0 }, want = { 0 };

		for (size_t i = 0; i < 40 * round; i++) {
			random = random * 1664525 + 1013904223;
			buf_puts(&text, words[random >> 29]);
		}
		buf_puts(&text, "\r\n");
		put_slowly(&want, buf_slice(&text));
		for (size_t n = 1; n < 2 * text.n; n = n * 3 + round % 2)
			same("long", canonical(buf_slice(&text), true, n),
			    buf_slice(&want));
		buf_free(&text);
		buf_free(&want);
	}
}

static const struct {
	struct slice raw, relaxed;
} fields[] = {
	{ SLICE("A: X\r\n"), SLICE("a:X\r\n") }, /* RFC 6376 3.4.5 */
	{ SLICE("B : Y\t\r\n\tZ  \r\n"), SLICE("b:Y Z\r\n") },
	{ SLICE("SUBJect:  \t a  b\r\n\r\n"), SLICE("subject:a b\r\n") },
	{ SLICE("To:\r\n"), SLICE("to:\r\n") },
	{ SLICE("To:\r\n \r\n\t\r\n"), SLICE("to:\r\n") },
	{ SLICE("To:\r\n a,\r\n  b\r\n"), SLICE("to:a, b\r\n") },
	{ SLICE("X:\xc3\xa9:\t;\r\n"), SLICE("x:\xc3\xa9: ;\r\n") },
};

static void
test_fields(void **state)
{
	struct buf out = { 0 };
	struct header_field f;

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct slice head = fields[i].raw;

		assert_true(header_next(&head, &f));
		canon_field(&out, &f, true);
		same("relaxed", buf_slice(&out), fields[i].relaxed);
		buf_clear(&out);
		canon_field(&out, &f, false);
		same("simple", buf_slice(&out), f.raw);
		buf_clear(&out);
	}
	buf_free(&out);
}

static int
forget(void **state)
{
	(void)state;
	buf_free(&fed);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_long_bodies),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
