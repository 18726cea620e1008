/* SPDX-License-Identifier: ISC */
/*
 * json.h - strings and keys of JSON (RFC 8259).
 *
 * Strings are valid UTF-8 whatever came in.  A byte that is not part of well-
 * formed UTF-8 becomes \u00XX with its value; controls and the marks that
 * text_escape() keeps from terminals become \uXXXX.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

/* Append "text" with its quotes. */
void json_put_string(struct buf *out, struct slice text);

/* Append ,"key": and then, as a string, text; null for an empty one. */
void json_put_key(struct buf *out, const char *key);
void json_put_text(struct buf *out, const char *key, struct slice text);

#endif
