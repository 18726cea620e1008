/* SPDX-License-Identifier: ISC */
/* hash.c - SipHash-2-4 against the vectors of its authors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"

/* The key is 00 01 .. 0f, the text the first n octets of 00 01 02 ... */
static const struct {
	size_t n;
	uint64_t want;
} vectors[] = {
	{ 0, 0x726fdb47dd0e0e31 },
	{ 1, 0x74f839c593dc67fd },
	{ 7, 0xab0200f58b01d137 },
	{ 8, 0x93f5f5799a932462 },
	{ 9, 0x9e0082df0ba9e4b0 },
	{ 15, 0xa129ca6149be45e5 },
	{ 16, 0x3f2acc7f57c29bdb },
	{ 63, 0x958a324ceb064572 },
};

static void
test_vectors(void **state)
{
	struct hash_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)i;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		assert_true(hash_bytes(&key, (struct slice){ text,
		    vectors[i].n }) == vectors[i].want);
}

static void
test_the_key_counts(void **state)
{
	struct hash_key a = { { 1, 2 } }, b = { { 1, 3 } }, c = { { 2, 2 } };

	(void)state;
	assert_true(hash_bytes(&a, SLICE("x")) != hash_bytes(&b, SLICE("x")));
	assert_true(hash_bytes(&a, SLICE("x")) != hash_bytes(&c, SLICE("x")));
	assert_true(hash_bytes(&a, SLICE("x")) == hash_bytes(&a, SLICE("x")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_the_key_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
