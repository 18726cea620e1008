/* SPDX-License-Identifier: ISC */
/*
 * hash.h - a keyed hash for tables whose keys strangers choose: SipHash-2-4
 * (Aumasson, Bernstein 2012).  With a key made at random, nobody can send names
 * that all fall into one bucket.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

/* The owner of a table fills it at random, once. */
struct hash_key {
	uint64_t k[2];
};

uint64_t hash_bytes(const struct hash_key *key, struct slice s);

#endif
