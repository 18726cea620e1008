/* SPDX-License-Identifier: ISC */
/*
 * reply.c - fuzz the reply parser: the same bytes, whole or in pieces, give the
 * same replies, and none is out of bounds.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "smtp/reply.h"

/* All replies in `in`, fed in pieces, as one text to compare. */
static void
collect(struct buf *out, struct slice in, size_t piece)
{
	struct reply_parser p = { 0 };
	struct slice part, line;
	enum parse got = PARSE_MORE;

	while (in.n > 0 && got != PARSE_BAD) {
		part = slice_first(in, piece);
		in = slice_from(in, piece);
		while (part.n > 0 && got != PARSE_BAD) {
			got = reply_parse(&p, &part, &line);
			if (got != PARSE_OK)
				continue;
			assert(p.reply.code >= 200 && p.reply.code <= 599);
			assert(p.reply.esc.cls == 0 ||
			    p.reply.esc.cls == p.reply.code / 100);
			assert(p.reply.text.n <=
			    REPLY_LINES_MAX * (REPLY_LINE_MAX + 1));
			buf_putf(out, "%u ", p.reply.code);
			esc_put(out, p.reply.esc);
			buf_put(out, buf_slice(&p.reply.text));
		}
	}
	buf_puts(out, got == PARSE_BAD ? p.error : "ok");
	reply_parser_free(&p);
}

static void
check_queue_id(struct slice in)
{
	struct slice id = reply_queue_id(in);

	assert(id.n <= in.n && !ascii_has_control(id) && !ascii_has_high(id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct buf whole = { 0 }, bytes = { 0 }, sevens = { 0 };

	if (size == 0)
		return 0;
	collect(&whole, in, size);
	collect(&bytes, in, 1);
	collect(&sevens, in, 7);
	assert(slice_eq(buf_slice(&whole), buf_slice(&bytes)));
	assert(slice_eq(buf_slice(&whole), buf_slice(&sevens)));
	check_queue_id(in);
	buf_free(&whole);
	buf_free(&bytes);
	buf_free(&sevens);
	return 0;
}
