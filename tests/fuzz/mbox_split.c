/* SPDX-License-Identifier: ISC */
/*
 * mbox_split.c - a mailbox that comes in pieces has the same messages as in one
 * piece; what it gives is no longer than what came, and a small window is
 * enough.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/mbox_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All texts, with a NUL where each begins; the window grows by step. */
static bool
split(struct slice all, size_t step, struct buf *out)
{
	struct mbox_split m = { 0 };
	size_t at = 0, end = 0;

	for (;;) {
		struct slice in = { all.p + at, end - at }, text = { 0 };
		enum mbox_found found = mbox_split(&m, &in, end == all.n,
		    &text);

		at = end - in.n;
		if (found == MBOX_NONE)
			return false;
		if (found == MBOX_TEXT)
			buf_put(out, text);
		if (found == MBOX_BEGIN)
			buf_putc(out, '\0');
		if (found != MBOX_MORE)
			continue;
		if (end == all.n)
			break;
		if (end - at > 2 * (size_t)MBOX_LINE + step)
			abort();
		end = end + step < all.n ? end + step : all.n;
	}
	return at == all.n || (abort(), false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };
	struct slice all;
	bool good;

	if (size < 1)
		return 0;
	all = (struct slice){ (const char *)data + 1, size - 1 };
	good = split(all, all.n + 1, &whole);
	if (split(all, data[0] % 16 + 1, &pieces) != good ||
	    (good && !slice_eq(buf_slice(&whole), buf_slice(&pieces))) ||
	    whole.n > all.n)
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
