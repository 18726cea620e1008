/* SPDX-License-Identifier: ISC */
/* hash.c - see hash.h */
#include "base/hash.h"

#define WORD 8 /* octets */

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(struct sip *h, unsigned rounds)
{
	while (rounds-- > 0) {
		h->v0 += h->v1;
		h->v2 += h->v3;
		h->v1 = rotate(h->v1, 13) ^ h->v0;
		h->v3 = rotate(h->v3, 16) ^ h->v2;
		h->v0 = rotate(h->v0, 32);
		h->v2 += h->v1;
		h->v0 += h->v3;
		h->v1 = rotate(h->v1, 17) ^ h->v2;
		h->v3 = rotate(h->v3, 21) ^ h->v0;
		h->v2 = rotate(h->v2, 32);
	}
}

static void
add_word(struct sip *h, uint64_t word)
{
	h->v3 ^= word;
	mix(h, 2);
	h->v0 ^= word;
}

/* At most 8 octets, the first one lowest. */
static uint64_t
word_of(struct slice s)
{
	uint64_t word = 0;

	for (size_t i = 0; i < s.n; i++)
		word |= (uint64_t)(unsigned char)s.p[i] << 8 * i;
	return word;
}

uint64_t
hash_bytes(const struct hash_key *key, struct slice s)
{
	struct sip h = { key->k[0] ^ 0x736f6d6570736575,
		key->k[1] ^ 0x646f72616e646f6d, key->k[0] ^ 0x6c7967656e657261,
		key->k[1] ^ 0x7465646279746573 };
	uint64_t last = (uint64_t)s.n << 56;

	for (; s.n >= WORD; s = slice_from(s, WORD))
		add_word(&h, word_of(slice_first(s, WORD)));
	add_word(&h, last | word_of(s));
	h.v2 ^= 0xff;
	mix(&h, 4);
	return h.v0 ^ h.v1 ^ h.v2 ^ h.v3;
}
