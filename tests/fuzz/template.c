/* SPDX-License-Identifier: ISC */
/*
 * template.c - a template filled in two pieces is what it is filled in one, and
 * no value begins a line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
fill(struct slice in, size_t cut, struct buf *out, struct outcome *why)
{
	struct template t = { .file = "f", .value = { SLICE("a\r\nb@x\n"),
		SLICE("\ndate"), SLICE("<1@x>\n") } };

	return template_feed(&t, slice_first(in, cut), out, why) &&
	    template_feed(&t, slice_from(in, cut), out, why) &&
	    template_finish(&t, out, why);
}

static size_t
lines(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n' || s.p[i] == '\r';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct buf whole = { 0 }, split = { 0 };
	struct outcome why, other;
	bool good;

	if (size < 2)
		return 0;
	in = slice_from(in, 1);
	good = fill(in, in.n, &whole, &why);
	if (fill(in, data[0] % in.n, &split, &other) != good ||
	    (good && !slice_eq(buf_slice(&whole), buf_slice(&split))) ||
	    (good && lines(buf_slice(&whole)) != lines(in)) ||
	    (!good && strcmp(why.text, other.text) != 0))
		abort();
	buf_free(&whole);
	buf_free(&split);
	return 0;
}
