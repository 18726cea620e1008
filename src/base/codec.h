/* SPDX-License-Identifier: ISC */
/* codec.h - bytes as printable ASCII and back: xtext, base64, percent. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * RFC 3461 4: printable ASCII as it is, all else and '+' and '=' as +XX.
 * For ENVID= and ORCPT=.
 */
void xtext_put(struct buf *out, struct slice s);

/* Back again; false, with *out cut back, when s is no xtext. */
bool xtext_decode(struct buf *out, struct slice s);

/* RFC 4648 4, padded, in one line. */
void base64_put(struct buf *out, struct slice s);

/*
 * Back again; false, with *out cut back, for a byte outside the alphabet or a
 * length that cannot be.  Missing padding is forgiven.
 */
bool base64_decode(struct buf *out, struct slice s);

/*
 * RFC 3986 2.1: %XX becomes the octet, all else stays as it is; false, with
 * *out cut back, for a % without two hex digits.
 */
bool percent_decode(struct buf *out, struct slice s);

/* The value of a hex digit, or -1. */
int hex_value(char c);

#endif
