/* SPDX-License-Identifier: ISC */
/*
 * csv.c - a list that comes in pieces has the same rows as in one; no row has
 * more octets than came.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A NUL behind each field, two behind each row; the window grows by step. */
static bool
read_all(struct slice all, size_t step, struct buf *out)
{
	struct csv c = { .delimiter = csv_delimiter(all) };
	struct csv_row row = { 0 };
	enum csv_found found;
	size_t at = 0, end = 0;

	for (;;) {
		struct slice in = { all.p + at, end - at };

		found = csv_next(&c, &in, end == all.n, &row);
		at = end - in.n;
		for (size_t i = 0; found == CSV_ROW && i < row.n; i++) {
			buf_put(out, csv_field(&row, i));
			buf_putc(out, '\0');
		}
		buf_putc(out, found == CSV_BAD ? '!' : '\0');
		if (found == CSV_MORE)
			out->n--;
		if (found == CSV_MORE && end == all.n)
			break;
		if (found == CSV_MORE)
			end = end + step < all.n ? end + step : all.n;
		if (row.text.n > all.n)
			abort();
	}
	csv_row_free(&row);
	return at == all.n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };
	struct slice all;
	bool good;

	if (size < 1 || size > 4096)
		return 0;
	all = (struct slice){ (const char *)data + 1, size - 1 };
	good = read_all(all, all.n + 1, &whole);
	if (read_all(all, data[0] % 16 + 1, &pieces) != good ||
	    !slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
