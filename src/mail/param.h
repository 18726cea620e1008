/* SPDX-License-Identifier: ISC */
/* param.h - MIME parameters in other letters (RFC 2231). */
#ifndef MAIL_PARAM_H
#define MAIL_PARAM_H

#include "base/buf.h"
#include "base/slice.h"

/*
 * Append the unfolded value of a Content-Type or Content-Disposition, in ASCII
 * where that can be: a parameter with other letters in its value, or with one
 * that no line can hold, is written as name*=utf-8''%C3%A9, in sections when it
 * is long.  charset is that of the value.
 */
void param_put_all(struct buf *out, struct slice value, const char *charset);

#endif
