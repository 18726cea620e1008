/* SPDX-License-Identifier: ISC */
/* buf.c - see buf.h */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUF_FIRST 256 /* smallest allocation */

void
buf_free(struct buf *b)
{
	free(b->base);
	*b = (struct buf){ .max = b->max };
}

size_t
buf_room(const struct buf *b)
{
	return b->max ? b->max - b->n : SIZE_MAX - b->n;
}

/* Move the content to the front of a block that takes `want` bytes. */
static void
make_room(struct buf *b, size_t want)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;

	if (b->off > 0 && b->n > 0)
		memmove(b->base, b->base + b->off, b->n);
	b->off = 0;
	while (cap < want)
		cap = size_mul(cap, 2);
	if (cap == b->cap)
		return;
	b->base = mem_resize(b->base, cap, 1);
	b->cap = cap;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	if (n > buf_room(b)) {
		b->full = true;
		return NULL;
	}
	/* one byte more than asked: there is always room for a terminator */
	if (size_add(size_add(b->off, b->n), n) >= b->cap)
		make_room(b, size_add(size_add(b->n, n), 1));
	return b->base + b->off + b->n;
}

void
buf_grow(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->off - b->n);
	b->n += n;
}

bool
buf_put(struct buf *b, struct slice s)
{
	char *to;

	if (s.n == 0)
		return true;
	to = buf_reserve(b, s.n);
	if (!to)
		return false;
	memcpy(to, s.p, s.n);
	b->n += s.n;
	return true;
}

bool
buf_puts(struct buf *b, const char *s)
{
	return buf_put(b, slice_of(s));
}

bool
buf_putc(struct buf *b, char c)
{
	return buf_put(b, (struct slice){ &c, 1 });
}

bool
buf_putf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	to = buf_reserve(b, (size_t)n);
	if (!to)
		return false;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return true;
}

bool
buf_putu(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return buf_put(b, (struct slice){ digits + at, sizeof digits - at });
}

const char *
buf_str(struct buf *b)
{
	if (!b->base)
		make_room(b, 1);
	b->base[b->off + b->n] = '\0';
	return b->base + b->off;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n -= n;
	b->off = b->n ? b->off + n : 0;
}

void
buf_cut(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n = n;
}

void
buf_clear(struct buf *b)
{
	b->n = b->off = 0;
	b->full = false;
}
