/* SPDX-License-Identifier: ISC */
/*
 * buf.h - owned, growable bytes with a hard maximum.
 *
 * A zeroed struct buf is empty, without a maximum, and ready for use.  Whatever
 * the network feeds sets `max`.  A put that would pass the maximum adds
 * nothing, sets `full` and returns false, so a run of puts can be checked once
 * at the end.  Bytes taken from the front (buf_consume) cost nothing until room
 * is needed.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf {
	char *base;	/* the allocation */
	size_t off;	/* where the content begins */
	size_t n;	/* how much content there is */
	size_t cap;	/* size of the allocation */
	size_t max;	/* most content ever held; 0 = no limit */
	bool full;	/* a put was refused */
};

void buf_free(struct buf *b);

/* The content; valid until the next put.  NUL-terminated by buf_str() only. */
static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){ b->base ? b->base + b->off : "", b->n };
}

/* The content as a C string; valid until the next change. */
const char *buf_str(struct buf *b);

/* How many more bytes may be put (SIZE_MAX without a maximum). */
size_t buf_room(const struct buf *b);

bool buf_put(struct buf *b, struct slice s);
bool buf_puts(struct buf *b, const char *s);
bool buf_putc(struct buf *b, char c);
bool buf_putf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Decimal. */
bool buf_putu(struct buf *b, uint64_t v);

/*
 * Make room for n more bytes and return where they go, or NULL past the
 * maximum; buf_grow() then says how many were really written there.
 */
char *buf_reserve(struct buf *b, size_t n);
void buf_grow(struct buf *b, size_t n);

/* Drop n bytes from the front, or cut the content to its first n bytes. */
void buf_consume(struct buf *b, size_t n);
void buf_cut(struct buf *b, size_t n);
void buf_clear(struct buf *b);

#endif
