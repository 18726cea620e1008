/* SPDX-License-Identifier: ISC */
/*
 * parts.c - the parts of a message do not depend on how it was cut, none is
 * larger than the message, and what is taken out of one is as long as it says.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
feed(struct parts *p, struct slice in, size_t step)
{
	while (in.n > 0) {
		struct slice part = slice_first(in, step);

		in = slice_from(in, part.n);
		parts_feed(p, part, false);
	}
	parts_feed(p, in, true);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct parts a, b;
	struct slice in = { (const char *)data, size };
	uint64_t sum = 0;

	if (size == 0)
		return 0;
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	b.wanted = data[0] % 4;
	a.wanted = PARTS_NOTHING;
	feed(&a, in, size);
	feed(&b, in, 1 + data[0] % 7);
	must(a.n == b.n && a.n <= PARTS_MAX && a.out.n == 0);
	for (size_t i = 0; i < a.n; i++) {
		must(memcmp(&a.part[i], &b.part[i], sizeof a.part[i]) == 0);
		if (b.part[i].index == b.wanted)
			must(b.part[i].size == b.out.n);
		sum += a.part[i].size;
	}
	must(sum <= size);
	parts_free(&a);
	parts_free(&b);
	return 0;
}
