/* SPDX-License-Identifier: ISC */
/* net_format.c - the file of a message: what is torn, flipped, cut or hostile
 * is never taken for something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../support/spool.h"
#include "base/crc32c.h"
#include "spool/format.h"
#include "base/octets.h"

#define ID "01ARYZ6S410000000000000000"

static const struct slot_key key = { .seed = 77, .number = 3, .sequence = 5 };

static struct slot
some_slot(uint16_t attempts)
{
	return (struct slot){ .state = SLOT_PENDING, .attempts = attempts,
		.code = 451, .esc = ESC(4, 7, 1), .next_try = -5,
		.age = 4000000000u };
}

/* ---- slots ---- */

/* The write of the newer twin stops after any number of octets. */
static void
test_torn_slots(void **state)
{
	struct slot_key newer = key, k;
	struct slot before = some_slot(1), after = some_slot(2), got;
	char older[FORMAT_SLOT], old[FORMAT_SLOT], whole[FORMAT_SLOT];

	(void)state;
	format_slot_put(old, key, &before);
	newer.sequence = 6;
	format_slot_put(whole, newer, &after);
	for (size_t n = 0; n <= FORMAT_SLOT; n++) {
		const char *const twin[2] = { old, older };
		int which;

		k = key;
		memset(older, 0x55, sizeof older);
		memcpy(older, whole, n);
		which = format_slot_pick(twin, &k);
		assert_int_equal(which, n == FORMAT_SLOT);
		assert_int_equal(k.sequence, n == FORMAT_SLOT ? 6 : 5);
		assert_true(format_slot_get(twin[which], &got));
		assert_int_equal(got.attempts, n == FORMAT_SLOT ? 2 : 1);
		assert_int_equal(got.age, 4000000000u);
		assert_int_equal(got.next_try, -5);
	}
}

static void
test_which_twin(void **state)
{
	static const struct {
		uint32_t a, b;
		int want;
	} cases[] = { { 1, 0, 0 }, { 1, 2, 1 }, { 3, 2, 0 }, { 7, 7, 0 },
		{ UINT32_MAX, 0, 1 }, { 0, UINT32_MAX, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slot_key a = key, b = key, k = key;
		struct slot slot = some_slot(1);
		char twins[2][FORMAT_SLOT];
		const char *const twin[2] = { twins[0], twins[1] };

		a.sequence = cases[i].a;
		b.sequence = cases[i].b;
		format_slot_put(twins[0], a, &slot);
		format_slot_put(twins[1], b, &slot);
		assert_int_equal(format_slot_pick(twin, &k), cases[i].want);
		k.number++;
		assert_int_equal(format_slot_pick(twin, &k), -1);
		k.number--;
		k.seed++;
		assert_int_equal(format_slot_pick(twin, &k), -1);
	}
}

static void
test_flipped_slots(void **state)
{
	struct slot slot = some_slot(1);
	char image[FORMAT_SLOT];
	const char *const twin[2] = { image, image };

	(void)state;
	for (size_t bit = 0; bit < 8 * FORMAT_SLOT; bit++) {
		struct slot_key k = key;

		format_slot_put(image, key, &slot);
		image[bit / 8] ^= (char)(1 << bit % 8);
		assert_int_equal(format_slot_pick(twin, &k), -1);
	}
}

static void
test_unknown_state(void **state)
{
	struct slot slot = some_slot(1);
	char image[FORMAT_SLOT];

	(void)state;
	slot.state = (enum slot_state)'Z';
	format_slot_put(image, key, &slot);
	assert_false(format_slot_get(image, &slot));
}

/* ---- headers ---- */

static void
make_header(char out[FORMAT_HEADER], struct layout *l)
{
	struct stored m = { .id = ID, .generation = 3, .head = 5 };

	assert_true(layout_make(l, 200, 1000, 70000, 2));
	format_header_put(out, &m, l, 4711);
}

/* As a program would have written it that meant these octets. */
static void
seal(char *header)
{
	octets_put(header + 12, 4, 0);
	octets_put(header + 12, 4,
	    crc32c(0, (struct slice){ header, FORMAT_HEADER }));
}

static void
test_header(void **state)
{
	char header[FORMAT_HEADER];
	struct layout l, got;
	struct stored m;
	uint32_t sum;

	(void)state;
	make_header(header, &l);
	assert_int_equal(format_header_get(header, &m, &got, &sum), FORMAT_OK);
	assert_memory_equal(&l, &got, sizeof l);
	assert_int_equal(sum, 4711);
	assert_string_equal(m.id, ID);
	assert_int_equal(m.generation, 3);
	assert_int_equal(l.bank[1], 4096 + 4 * 4096);
	assert_int_equal(l.redo - l.sums, 8);
	assert_int_equal(l.total, l.redo + 2 * FORMAT_REDO + FORMAT_TRAILER);
	seal(header);
	assert_int_equal(format_header_get(header, &m, &got, &sum), FORMAT_OK);
}

static void
test_flipped_header(void **state)
{
	char header[FORMAT_HEADER];
	struct layout l;
	struct stored m;
	uint32_t sum;

	(void)state;
	make_header(header, &l);
	for (size_t bit = 0; bit < 8 * FORMAT_HEADER; bit++) {
		header[bit / 8] ^= (char)(1 << bit % 8);
		assert_int_equal(format_header_get(header, &m, &l, &sum),
		    FORMAT_BROKEN);
		header[bit / 8] ^= (char)(1 << bit % 8);
	}
}

/* Whole, and of another version or not to be believed (FAULTS 90). */
static void
test_strange_headers(void **state)
{
	static const struct {
		size_t at;
		unsigned char octet;
		enum format want;
	} cases[] = {
		{ 8, 2, FORMAT_NEWER },		/* a later version */
		{ 11, 255, FORMAT_NEWER },
		{ 8, 0, FORMAT_BROKEN },
		{ 81, 255, FORMAT_NEWER },	/* flags of later programs */
		{ 16, 'U', FORMAT_BROKEN },	/* no id */
		{ 16, '.', FORMAT_BROKEN },
		{ 93, 1, FORMAT_BROKEN },	/* 2^40 recipients */
		{ 103, 255, FORMAT_BROKEN },	/* octets of envelope */
		{ 111, 255, FORMAT_BROKEN },	/* ... of text */
		{ 119, 255, FORMAT_BROKEN },	/* marks */
		{ 127, 1, FORMAT_BROKEN },	/* its head longer than it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char header[FORMAT_HEADER];
		struct layout l;
		struct stored m;
		uint32_t sum;

		make_header(header, &l);
		header[cases[i].at] = (char)cases[i].octet;
		seal(header);
		assert_int_equal(format_header_get(header, &m, &l, &sum),
		    cases[i].want);
	}
}

static void
test_strings_end(void **state)
{
	static const size_t at[] = { 256 + 256, 512 + 32, 544 + 128, 672 + 40,
		712 + 128 };
	char header[FORMAT_HEADER];
	struct layout l;
	struct stored m;
	uint32_t sum;

	(void)state;
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		make_header(header, &l);
		memset(header + at[i] - 32, 'x', 32);
		header[at[i] - 1] = '\0';
		seal(header);
		assert_int_equal(format_header_get(header, &m, &l, &sum),
		    FORMAT_OK);
		memset(header + at[i] - 256, 'x', 256);
		seal(header);
		assert_int_not_equal(format_header_get(header, &m, &l, &sum),
		    FORMAT_OK);
	}
}

static void
test_trailer(void **state)
{
	char trailer[FORMAT_TRAILER];
	uint32_t sums, redo;
	struct layout l;

	(void)state;
	assert_true(layout_make(&l, 1, 100, 100, 0));
	format_trailer_put(trailer, &l, 5, 6);
	assert_true(format_trailer_get(trailer, &l, &sums, &redo));
	assert_int_equal(sums, 5);
	assert_int_equal(redo, 6);
	for (size_t bit = 0; bit < 8 * FORMAT_TRAILER; bit++) {
		trailer[bit / 8] ^= (char)(1 << bit % 8);
		assert_false(format_trailer_get(trailer, &l, &sums, &redo));
		trailer[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_true(layout_make(&l, 1, 100, 101, 0));
	assert_false(format_trailer_get(trailer, &l, &sums, &redo));
}

/* ---- envelopes ---- */

/* Then they are what is written for it. */
static bool
envelope_is(struct slice records, size_t n)
{
	struct envelope e = { 0 };
	bool ok = format_envelope_get(records, n, &e);
	struct buf again = { 0 };

	if (ok) {
		format_envelope_put(&again, &e);
		assert_true(slice_eq(buf_slice(&again), records));
	}
	buf_free(&again);
	envelope_free(&e);
	return ok;
}

static void
test_envelope_whole_or_not(void **state)
{
	struct stored m = spool_mail(3);
	struct buf b = { 0 };
	size_t whole = 0;

	(void)state;
	m.envelope.rcpts[2].orcpt = strdup("rfc822;a@b");
	m.envelope.rcpts[1].notify = NOTIFY_NEVER;
	format_envelope_put(&b, &m.envelope);
	assert_true(envelope_is(buf_slice(&b), 3));
	assert_false(envelope_is(buf_slice(&b), 2));
	assert_false(envelope_is(buf_slice(&b), 4));
	for (size_t n = 0; n < b.n; n++)
		if (envelope_is(slice_first(buf_slice(&b), n), 3))
			whole++;
	assert_int_equal(whole, 2); /* without ORCPT, and without its domain */
	buf_free(&b);
	stored_free(&m);
}

#define R(c, n) c n "\0\0\0"

static void
test_hostile_envelopes(void **state)
{
	static const struct {
		struct slice records;
		bool want;
	} cases[] = {
		{ SLICE(R("F", "\0") R("R", "\1") "a"), true },
		{ SLICE(R("F", "\1") "x" R("R", "\1") "a"), true },
		{ SLICE(R("F", "\0")), false },		/* nobody */
		{ SLICE(R("R", "\1") "a"), false },	/* from nobody */
		{ SLICE(R("F", "\0") R("R", "\0")), false },
		{ SLICE(R("F", "\0") R("R", "\2") "a"), false },
		{ SLICE(R("F", "\0") "R\1\0\0\377a"), false },
		{ SLICE(R("F", "\0") R("R", "\2") "a\0"), false },
		{ SLICE(R("F", "\0") R("R", "\1") "a" R("?", "\0")), false },
		{ SLICE(R("F", "\0") R("Y", "\1") "\1" R("R", "\1") "a"),
		    false },
		{ SLICE(R("F", "\0") R("R", "\1") "a" R("Y", "\1") "\20"),
		    false },
		{ SLICE(R("F", "\0") R("R", "\1") "a" R("E", "\1") "x"),
		    false },
		{ SLICE(R("F", "\0") R("R", "\1") "a" R("D", "\1") "x"
		    R("D", "\1") "y"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(envelope_is(cases[i].records, 1),
		    cases[i].want);
	assert_false(envelope_is(
	    SLICE(R("F", "\0") R("R", "\1") "a" R("R", "\1") "a"), 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_torn_slots),
		cmocka_unit_test(test_which_twin),
		cmocka_unit_test(test_flipped_slots),
		cmocka_unit_test(test_unknown_state),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_flipped_header),
		cmocka_unit_test(test_strange_headers),
		cmocka_unit_test(test_strings_end),
		cmocka_unit_test(test_trailer),
		cmocka_unit_test(test_envelope_whole_or_not),
		cmocka_unit_test(test_hostile_envelopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
