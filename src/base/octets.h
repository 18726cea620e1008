/* SPDX-License-Identifier: ISC */
/* octets.h - numbers as octets in a file, the lowest first. */
#ifndef BASE_OCTETS_H
#define BASE_OCTETS_H

#include <stddef.h>
#include <stdint.h>

/* n octets of v. */
static inline void
octets_put(char *to, size_t n, uint64_t v)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (char)(v >> 8 * i & 0xff);
}

static inline uint64_t
octets_get(const char *from, size_t n)
{
	uint64_t v = 0;

	while (n > 0)
		v = v << 8 | (unsigned char)from[--n];
	return v;
}

#endif
