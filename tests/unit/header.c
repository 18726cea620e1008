/* SPDX-License-Identifier: ISC */
/* header.c - where the header ends, its fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "mail/header.h"

static const struct {
	const char *name;
	struct slice head, gap, body; /* gap: in neither, between the two */
} splits[] = {
	{ "usual", SLICE("A: b\nC: d\n"), SLICE("\n"), SLICE("body\n") },
	{ "CRLF", SLICE("A: b\r\n"), SLICE("\r\n"), SLICE("\r\nbody") },
	{ "CR", SLICE("A: b\rC: d\r"), SLICE("\r"), SLICE("body\r") },
	{ "folded", SLICE("A: b\n c\n\td\nE: f\n"), SLICE("\n"), SLICE("") },
	{ "no empty line", SLICE("Subject: x"), SLICE(""), SLICE("") },
	{ "no empty line, CR", SLICE("Subject: x\r"), SLICE(""), SLICE("") },
	{ "nothing", SLICE(""), SLICE(""), SLICE("") },
	{ "a line of a NUL", SLICE("A: b\n"), SLICE("\0\n"), SLICE("x\n") },
	{ "... of NULs and CRs", SLICE("A: b\n"), SLICE("\0\r\0\r\n"),
	    SLICE("x\n") },
	{ "... and a blank", SLICE("A: b\n\0 \nC: d\n"), SLICE("\n"),
	    SLICE("") },
	{ "no body", SLICE("A: b\n"), SLICE("\n"), SLICE("") },
	{ "no header", SLICE(""), SLICE(""), SLICE("hello no: x\n not\n") },
	{ "empty first line", SLICE(""), SLICE("\n"), SLICE("A: b\n") },
	{ "junk line", SLICE("A: b\n"), SLICE(""), SLICE("junk\nC: d\n") },
	{ "blank first", SLICE(""), SLICE(""), SLICE(" A: b\n") },
	{ "blanks are folding", SLICE("A: b\n  \nC: d\n"), SLICE("\n"),
	    SLICE("x") },
	{ "blank before colon", SLICE("A : b\n"), SLICE("\n"), SLICE("x") },
	{ "NUL line", SLICE("A: b\n"), SLICE("\0\0\n"), SLICE("x") },
	{ "NUL in name", SLICE("A\0B: b\n\0 c\n"), SLICE("\n"), SLICE("x") },
	{ "8-bit name", SLICE(""), SLICE(""), SLICE("\xc3\xa9: x\n") },
	{ "no name", SLICE(""), SLICE(""), SLICE(": x\n") },
	{ "stray CR begins no field", SLICE("A: b\rBcc: d\n"), SLICE("\n"),
	    SLICE("x") },
	{ "stray CR ends no header", SLICE("A: b\r\rC: d\nE: f\n"),
	    SLICE("\n"), SLICE("x\r") },
	{ "stray CR first goes on", SLICE("A: b\n\rC: d\n"), SLICE("\n"),
	    SLICE("x") },
	{ "stray CR in a name", SLICE("A: b\n"), SLICE(""),
	    SLICE("C\rD: e\n") },
	{ "CR NUL LF", SLICE("A: b\r\0\nC: d\n"), SLICE("\n"), SLICE("x") },
	{ "CR CR LF", SLICE("A: b\r\r\nC: d\r\r\n"), SLICE("\r\r\n"),
	    SLICE("x") },
};

static void
check_split(const char *name, struct slice front, size_t i)
{
	struct slice head;
	struct buf b = { 0 };
	bool cr_ends;
	size_t at = 0;

	buf_put(&b, front);
	buf_put(&b, splits[i].head);
	buf_put(&b, splits[i].gap);
	buf_put(&b, splits[i].body);
	cr_ends = slice_find(buf_slice(&b), '\n') == b.n;
	assert_int_equal(header_split(buf_slice(&b), true, cr_ends, &head,
	    &at), PARSE_OK);
	if (!slice_eq(head, splits[i].head) ||
	    at != front.n + head.n + splits[i].gap.n)
		fail_msg("%s: head %zu body at %zu", name, head.n, at);
	/* what is said early is never taken back */
	for (size_t n = 0; n < b.n; n++) {
		struct slice early;
		size_t early_at;

		if (header_split(slice_first(buf_slice(&b), n), false,
			cr_ends, &early, &early_at) != PARSE_OK)
			continue;
		assert_int_equal(early.n, head.n);
		assert_int_equal(early_at, at);
	}
	buf_free(&b);
}

static void
test_splits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
		check_split(splits[i].name, SLICE(""), i);
	for (size_t i = 0; i < 4; i++) {
		if (slice_ends_nocase(splits[i].head, SLICE("\r")))
			continue; /* beside an LF its CRs end no lines */
		check_split("From ", SLICE("From a@b Mon Jan 1: x\n"), i);
		check_split(">From ", SLICE(">From a@b\r\n"), i);
	}
}

/* Is it known of a beginning that no more of it is header? */
static void
test_whole(void **state)
{
	struct buf text = { 0 };

	(void)state;
	assert_true(header_is_whole(SLICE("A: b\n\nx")));
	assert_true(header_is_whole(SLICE("A: b\r\rx")));
	assert_true(header_is_whole(SLICE("free text\n")));
	assert_false(header_is_whole(SLICE("A: b\n")));
	assert_false(header_is_whole(SLICE("A: b\n c")));
	assert_false(header_is_whole(SLICE("free text")));
	/* a colon may yet come after 900 octets, not after more */
	while (text.n < 900)
		buf_putc(&text, 'y');
	assert_false(header_is_whole(buf_slice(&text)));
	buf_putc(&text, 'y');
	assert_true(header_is_whole(buf_slice(&text)));
	buf_clear(&text);
	buf_puts(&text, "A: ");
	while (text.n < 10000)
		buf_putc(&text, 'y');
	assert_false(header_is_whole(buf_slice(&text)));
	buf_puts(&text, "\n");
	while (text.n < 20000)
		buf_putc(&text, 'y');
	assert_false(header_is_whole(buf_slice(&text)));
	buf_free(&text);
}

/* What a stray CR is to the one is it to the other. */
static void
test_canonical(void **state)
{
	static const struct {
		struct slice in;
		bool cr_ends;
		const char *want;
	} rows[] = {
		{ SLICE("A: b\nC: d"), false, "A: b\r\nC: d\r\n" },
		{ SLICE("A: b\rC: d\n"), false, "A: b C: d\r\n" },
		{ SLICE("A: b\rC: d\r"), true, "A: b\r\nC: d\r\n" },
		{ SLICE("A: b\r\0\nC: d\r"), false, "A: b \r\nC: d\r\n" },
		{ SLICE("A: b\r\r\n\rC: d"), false,
		    "A: b \r\n C: d\r\n" },
		{ SLICE("\0A\0: \0b"), false, "A: b\r\n" },
		{ SLICE(""), false, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = { 0 };

		header_canonical(rows[i].in, rows[i].cr_ends, &out);
		assert_string_equal(buf_str(&out), rows[i].want);
		buf_free(&out);
	}
}

static void
test_from_field_is_no_mbox_line(void **state)
{
	struct slice raw = SLICE("From : bob@x\n\n"), head;
	size_t at;

	(void)state;
	assert_int_equal(header_split(raw, true, false, &head, &at), PARSE_OK);
	assert_int_equal(head.n, raw.n - 1);
}

static void
test_walk(void **state)
{
	struct slice head = SLICE("A: b\r\nLong-Name : c\r\n d\r\n\r\n");
	struct header_field f;
	struct buf b = { 0 };

	(void)state;
	assert_true(header_next(&head, &f));
	assert_true(header_is(&f, "a"));
	assert_true(slice_eq(f.value, SLICE(" b\r\n")));
	assert_true(header_next(&head, &f));
	assert_true(header_is(&f, "long-name"));
	assert_true(slice_eq(f.raw, SLICE("Long-Name : c\r\n d\r\n")));
	header_unfold(&b, f.value);
	assert_string_equal(buf_str(&b), "c d");
	assert_false(header_next(&head, &f));
	buf_free(&b);
}

/* RFC 8689 5; the first of several counts. */
static void
test_who_waives_tls(void **state)
{
	static const struct {
		const char *head;
		bool waives;
	} rows[] = {
		{ "From: a\r\nTLS-Required: No\r\n\r\n", true },
		{ "tls-required:\r\n no \r\n", true },
		{ "TLS-Required: Yes\r\n", false },
		{ "TLS-Required: No, thanks\r\n", false },
		{ "TLS-Required:\r\n", false },
		{ "X-TLS-Required: No\r\n", false },
		{ "TLS-Required: x\r\nTLS-Required: No\r\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(header_waives_tls(slice_of(rows[i].head)),
		    rows[i].waives);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_from_field_is_no_mbox_line),
		cmocka_unit_test(test_who_waives_tls),
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
