/* SPDX-License-Identifier: ISC */
/* label.c - what a body without MIME fields is said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/label.h"

#define MIME "MIME-Version: 1.0\r\n"
#define UTF8 "Content-Type: text/plain; charset=utf-8\r\n"
#define SOME "Content-Type: text/plain; charset=unknown-8bit\r\n"
#define OCTETS "Content-Type: application/octet-stream\r\n"
#define CTE "Content-Transfer-Encoding: "
#define A50 "0123456789012345678901234567890123456789 123456789"

static const struct {
	const char *name, *head;
	struct slice body;
	const char *want; /* added to the head */
} cases[] = {
	{ "nothing", "", SLICE(""), "" },
	{ "ascii", "", SLICE("x\n"), "" },
	{ "utf-8", "", SLICE("\xc3\xa9\n"), MIME UTF8 CTE "8bit\r\n" },
	{ "latin1", "", SLICE("\xe9\n"), MIME SOME CTE "8bit\r\n" },
	{ "a character cut by a line end", "", SLICE("\xc3\n\xa9"),
	    MIME SOME CTE "8bit\r\n" },
	{ "a terminal's colours, page feeds", "",
	    SLICE("\xe9\x1b[31m\f\b\a\x0e\n"), MIME SOME CTE "8bit\r\n" },
	{ "a slip in a text", "", SLICE(A50 A50 A50 "\0\xc3\xa9\x01\n"),
	    MIME UTF8 CTE "8bit\r\n" },
	{ "other control bytes", "", SLICE("\xe9\x01\n"),
	    MIME OCTETS CTE "binary\r\n" },
	{ "NULs", "", SLICE("a\0b"), MIME OCTETS CTE "binary\r\n" },
	{ "a NUL in what is no text", "", SLICE(A50 A50 A50 "\0\xe9"),
	    MIME OCTETS CTE "binary\r\n" },
	{ "gzip", "", SLICE("\x1f\x8b\x08\x08\xff\xfe\x9c\n"),
	    MIME OCTETS CTE "binary\r\n" },
	{ "typed", UTF8, SLICE("\xe9\0"), MIME CTE "8bit\r\n" },
	{ "typed in full", MIME UTF8 CTE "8bit\r\n", SLICE("\xe9"), "" },
	{ "encoded", CTE "base64\r\n", SLICE("\xe9\0"), MIME SOME },
	{ "an image that is not labelled", "Content-Type: image/x\r\n",
	    SLICE("\xff\0"), MIME CTE "8bit\r\n" },
};

static void
test_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct message m = { .body.fd = -1 };
		struct scan s = { .look_closely = true };
		struct buf want = { 0 };

		buf_putf(&m.head, "A: b\r\n%s\r\n", cases[i].head);
		buf_putf(&want, "A: b\r\n%s%s\r\n", cases[i].head,
		    cases[i].want);
		for (size_t k = 0; k < cases[i].body.n; k++)
			scan_feed(&s, (struct slice){ cases[i].body.p + k, 1 });
		scan_finish(&s);
		label_put(&m, &s);
		if (strcmp(buf_str(&m.head), buf_str(&want)) != 0)
			fail_msg("%s: %s", cases[i].name, buf_str(&m.head));
		assert_int_equal(m.is_binary,
		    strstr(cases[i].want, "octet-stream") != NULL);
		buf_free(&m.head);
		buf_free(&want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
