/* SPDX-License-Identifier: ISC */
/*
 * cli_wire.c - JSON lines from strangers: what is read as a row of the queue or
 * as a history is printed as one that is read again, the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "queue/listing.h"
#include "queue/told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* At the very end of its memory. */
static char *
copy_of(struct slice s)
{
	char *copy = malloc(s.n ? s.n : 1);

	must(copy != NULL);
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	return copy;
}

static void
check_row(struct slice in)
{
	struct listing_row row = { 0 }, back = { 0 };
	struct buf one = { 0 }, two = { 0 }, text = { 0 };
	char *line = copy_of(in), *again;

	if (listing_read(&row, line, in.n)) {
		listing_put_json(&one, &row);
		again = copy_of(buf_slice(&one));
		must(listing_read(&back, again, one.n));
		listing_put_json(&two, &back);
		must(slice_eq(buf_slice(&one), buf_slice(&two)));
		listing_put_text(&text, &row, 60);
		must(memchr(text.base, '\x1b', text.n) == NULL);
		free(again);
	}
	free(line);
	listing_free(&row);
	listing_free(&back);
	buf_free(&one);
	buf_free(&two);
	buf_free(&text);
}

static void
check_history(struct slice in)
{
	char *text = copy_of(in), *p = text;
	size_t n = in.n, lines = 0;
	struct buf out = { 0 };
	struct told t;

	while (told_next(&p, &n, &t)) {
		must(utf8_is_valid(t.text) && t.text.n <= in.n);
		told_put_reason(&out, &t);
		lines++;
	}
	must(n == 0 && lines <= in.n);
	buf_free(&out);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };

	check_row(in);
	check_history(in);
	return 0;
}
