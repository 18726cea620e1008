/* SPDX-License-Identifier: ISC */
/*
 * caps.c - fuzz the EHLO keywords: whatever a server offers, the case of its
 * letters and junk beside it change nothing, and limits are never 0 by
 * accident.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "smtp/caps.h"

static void
turn_case(struct buf *out, struct slice in)
{
	for (size_t i = 0; i < in.n; i++)
		buf_putc(out, ascii_is_alpha(in.p[i]) ?
			(char)(in.p[i] ^ 0x20) : in.p[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct caps a, b, c;
	struct buf other = { 0 }, more = { 0 };

	caps_parse(&a, in);
	turn_case(&other, in);
	caps_parse(&b, buf_slice(&other));
	assert(memcmp(&a, &b, sizeof a) == 0);
	buf_put(&more, in);
	buf_puts(&more, "\nXJUNK a=b \x01\n SIZEX 12\n");
	caps_parse(&c, buf_slice(&more));
	assert(memcmp(&a, &c, sizeof a) == 0);
	assert(a.max_rcpts <= 999999 && a.max_mails <= 999999);
	assert(a.size || a.max_size == 0);
	buf_free(&other);
	buf_free(&more);
	return 0;
}
