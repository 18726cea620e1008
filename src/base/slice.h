/* SPDX-License-Identifier: ISC */
/*
 * slice.h - borrowed bytes.
 *
 * A slice never owns what it points to and is never NUL-terminated by promise.
 * The zero slice is the empty one.  struct buf (buf.h) is the owning kind.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *p;
	size_t n;
};

/* A slice over a string literal. */
#define SLICE(lit) ((struct slice){ (lit), sizeof(lit) - 1 })

/* What a parser says: whole, needs more bytes, or can never be right. */
enum parse { PARSE_OK, PARSE_MORE, PARSE_BAD };

/* A slice over a C string; NULL gives the empty slice. */
struct slice slice_of(const char *s);

bool slice_eq(struct slice a, struct slice b);

/* ASCII case is ignored; other bytes compare as they are. */
bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_ends_nocase(struct slice s, struct slice suffix);

/* Offset of the first c, or s.n when there is none. */
size_t slice_find(struct slice s, char c);

/* The part from offset at, which may be past the end, to the end. */
struct slice slice_from(struct slice s, size_t at);

/* The first n bytes, or all when there are fewer. */
struct slice slice_first(struct slice s, size_t n);

/* Without the blanks, tabs, CRs and LFs at both ends. */
struct slice slice_trim(struct slice s);

/* Without the blanks and tabs there (WSP of RFC 5234), and no more. */
struct slice slice_trim_blanks(struct slice s);

/*
 * Split *rest at the first sep: the part before it goes to *head, the part
 * after it stays.  Without a sep all goes to *head.  False once *rest is used
 * up (its p is then NULL), so that `while (slice_cut(...))` visits each field,
 * empty ones included.
 */
bool slice_cut(struct slice *rest, char sep, struct slice *head);

/* Decimal digits only, at most max; false leaves *out alone. */
bool slice_to_uint(struct slice s, uint64_t max, uint64_t *out);

#endif
