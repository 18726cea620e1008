/* SPDX-License-Identifier: ISC */
/* escape.h - octets that nobody can type, written as text. */
#ifndef DESK_ESCAPE_H
#define DESK_ESCAPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Append the octets that a text stands for: \xNN (two hex digits), \r, \n, \t,
 * \0 and \\; all else is itself.  False, with *out cut back, for a backslash
 * before anything else; *bad is then where it stands.
 */
bool escape_read(struct buf *out, struct slice text, size_t *bad);

/*
 * The way back, for a line of a script: text_escape() of base/ascii.h writes
 * what escape_read() reads.
 */

#endif
