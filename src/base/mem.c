/* SPDX-License-Identifier: ISC */
/* mem.c - see mem.h */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void *
mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		mem_exhausted();
	return p;
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	size_t n = size_mul(count, size);

	p = realloc(p, n ? n : 1);
	if (!p)
		mem_exhausted();
	return p;
}

char *
mem_dup(struct slice s)
{
	char *p = mem_alloc(size_add(s.n, 1));

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

size_t
size_add(size_t a, size_t b)
{
	size_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		mem_exhausted();
	return sum;
}

size_t
size_mul(size_t a, size_t b)
{
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		mem_exhausted();
	return product;
}
