/* SPDX-License-Identifier: ISC */
/* csv.c - rows of fields, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/csv.h"

/* "a|b/c|d": fields and rows; "!" for a bad row, "?" for an open quote. */
static void
read_all(struct slice all, size_t step, struct buf *out)
{
	struct csv c = { .delimiter = csv_delimiter(all) };
	struct csv_row row = { 0 };
	size_t at = 0, end = 0;

	for (;;) {
		struct slice in = { all.p + at, end - at };
		enum csv_found found = csv_next(&c, &in, end == all.n, &row);

		at = end - in.n;
		if (found == CSV_BAD)
			buf_puts(out, "!/");
		for (size_t i = 0; found == CSV_ROW && i < row.n; i++) {
			buf_put(out, csv_field(&row, i));
			buf_putc(out, i + 1 < row.n ? '|' : '/');
		}
		if (found != CSV_MORE)
			continue;
		if (end == all.n)
			break;
		end = end + step < all.n ? end + step : all.n;
	}
	buf_puts(out, at < all.n ? "?" : "");
	csv_row_free(&row);
}

static void
test_rows(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "" },
		{ "a", "a/" },
		{ "a,b\nc,d\n", "a|b/c|d/" },
		{ "a,b\r\nc,\r\n", "a|b/c|/" },
		{ "a\n\n\r\nb\n", "a/b/" },
		{ ",\n,,\n", "|/||/" },
		{ "\"a,b\",c\n", "a,b|c/" },
		{ "\"a\n\"\"b\"\"\",c\n", "a\n\"b\"|c/" },
		{ "\"\",\"\"\n", "|/" },
		{ "\"\"\"\"\n", "\"/" },
		{ "a \"b\" c,d\n", "a \"b\" c|d/" },
		{ "a;b,c;d\n1;2;3\n", "a|b,c|d/1|2|3/" },
		{ "a\tb\nc d\te\n", "a|b/c d|e/" },
		{ "\"a\"x,b\nc,d\n", "!/c|d/" },
		{ "a,\"b\nc,d\n", "?" },
		{ "a\nb,\"c", "a/?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t step = 1; step < 30; step++) {
			struct buf got = { 0 };

			read_all(slice_of(rows[i].in), step, &got);
			assert_string_equal(buf_str(&got), rows[i].want);
			buf_free(&got);
		}
}

static void
test_too_many(void **state)
{
	struct buf in = { 0 }, got = { 0 };

	(void)state;
	for (int i = 0; i < CSV_FIELDS; i++)
		buf_putc(&in, ',');
	buf_puts(&in, "\na,b\n");
	read_all(buf_slice(&in), in.n, &got);
	assert_string_equal(buf_str(&got), "!/a|b/");
	buf_free(&in);
	buf_free(&got);
}

static void
test_lines(void **state)
{
	struct csv c = { .delimiter = ',' };
	struct csv_row row = { 0 };
	struct slice in = SLICE("a\n\"b\nc\"\n\nd\n");
	static const size_t want[] = { 1, 2, 5 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(csv_next(&c, &in, true, &row), CSV_ROW);
		assert_int_equal(row.line, want[i]);
	}
	csv_row_free(&row);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
