/* SPDX-License-Identifier: ISC */
/* ulid.c - see ulid.h */
#include "spool/ulid.h"

#include <string.h>

#define TIME_DIGITS 10 /* 50 bits, of which the first two are 0 */

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* n digits of v, the highest first. */
static void
put_digits(char *out, size_t n, uint64_t v)
{
	while (n > 0) {
		out[--n] = digits[v & 31];
		v >>= 5;
	}
}

/* Five octets, which are eight digits. */
static uint64_t
forty_bits(const unsigned char *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 5; i++)
		v = v << 8 | p[i];
	return v;
}

void
ulid_make(char out[ULID_LENGTH + 1], uint64_t milliseconds,
    const unsigned char random[ULID_RANDOM])
{
	put_digits(out, TIME_DIGITS, milliseconds & 0xffffffffffff);
	put_digits(out + TIME_DIGITS, 8, forty_bits(random));
	put_digits(out + TIME_DIGITS + 8, 8, forty_bits(random + 5));
	out[ULID_LENGTH] = '\0';
}

bool
ulid_is_valid(struct slice s)
{
	if (s.n != ULID_LENGTH || s.p[0] > '7')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!memchr(digits, s.p[i], sizeof digits - 1))
			return false;
	return true;
}

uint64_t
ulid_time(struct slice s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < TIME_DIGITS; i++) {
		const char *at = memchr(digits, s.p[i], sizeof digits - 1);

		v = v << 5 | (uint64_t)(at ? at - digits : 0);
	}
	return v;
}
