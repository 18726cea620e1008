/* SPDX-License-Identifier: ISC */
/*
 * cli_spool.c - fuzz the file of a message: an envelope, a header and slots
 * that are read are, written again, the same octets in meaning; and what a
 * header says of lengths never runs over.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/crc32c.h"
#include "spool/format.h"
#include "base/octets.h"

static void
try_envelope(struct slice in)
{
	size_t n = in.n > 0 ? (unsigned char)in.p[0] : 0;
	struct envelope e = { 0 }, again = { 0 };
	struct buf first = { 0 }, second = { 0 };

	if (format_envelope_get(slice_from(in, 1), n, &e)) {
		assert(e.n == n);
		format_envelope_put(&first, &e);
		assert(format_envelope_get(buf_slice(&first), n, &again));
		format_envelope_put(&second, &again);
		assert(slice_eq(buf_slice(&first), buf_slice(&second)));
	}
	envelope_free(&e);
	envelope_free(&again);
	buf_free(&first);
	buf_free(&second);
}

static void
check_layout(const struct layout *l, const struct stored *m)
{
	assert(l->bank[0] == FORMAT_HEADER && l->bank[1] > l->bank[0]);
	assert(l->bank[1] - l->bank[0] >= (l->rcpts + 1) * FORMAT_SLOT);
	assert(l->envelope > l->bank[1] && l->text >= l->envelope);
	assert(l->sums >= l->text && l->redo >= l->sums);
	assert(l->trailer >= l->redo && l->total > l->trailer);
	assert(l->total < (uint64_t)1 << 62 && m->head <= m->size);
}

/* The sum is set right, so that what is behind it is read. */
static void
try_header(struct slice in)
{
	char header[FORMAT_HEADER] = "smtpsend\1", again[FORMAT_HEADER];
	struct stored m;
	struct layout l;
	uint32_t sum;

	in = slice_first(in, FORMAT_HEADER - 16);
	if (in.n > 0)
		memcpy(header + 16, in.p, in.n);
	octets_put(header + 12, 4,
	    crc32c(0, (struct slice){ header, sizeof header }));
	if (format_header_get(header, &m, &l, &sum) != FORMAT_OK)
		return;
	check_layout(&l, &m);
	format_header_put(again, &m, &l, sum);
	assert(memcmp(again + 48, header + 48, 36) == 0);
	assert(memcmp(again + 88, header + 88, 48) == 0);
}

static void
try_slots(struct slice in)
{
	char twins[2][FORMAT_SLOT] = { 0 }, again[FORMAT_SLOT];
	const char *const twin[2] = { twins[0], twins[1] };
	struct slot_key key = { 1, 2, 3 };
	struct slot slot, same;

	in = slice_first(in, sizeof twins);
	if (in.n > 0)
		memcpy(twins, in.p, in.n);
	format_slot_pick(twin, &key);
	if (!format_slot_get(twins[0], &slot))
		return;
	format_slot_put(again, key, &slot);
	assert(format_slot_get(again, &same));
	assert(memcmp(again + 4, twins[0] + 4, 1) == 0);
	assert(same.next_try == slot.next_try && same.age == slot.age &&
	    same.attempts == slot.attempts && same.offset == slot.offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };

	try_envelope(in);
	try_header(in);
	try_slots(in);
	return 0;
}
