/* SPDX-License-Identifier: ISC */
/* rewrite.h - a header field, as ASCII as it can be, in short lines. */
#ifndef MAIL_REWRITE_H
#define MAIL_REWRITE_H

#include "base/buf.h"
#include "mail/header.h"

/*
 * Append the field (CRLF line ends, no NUL).  One that is in order already
 * comes out as it is.  Else it is written anew: in fields of addresses, names
 * and comments become encoded words and domains A-labels; in fields of plain
 * text, words do; other fields are only folded.
 */
void rewrite_field(struct buf *out, const struct header_field *field);

#endif
