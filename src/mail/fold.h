/* SPDX-License-Identifier: ISC */
/* fold.h - a header field in lines that may be sent (RFC 5322 2.2.3). */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include "base/buf.h"
#include "base/slice.h"

/*
 * Append text, one field without line ends, folded at white space into lines
 * of at most limit octets where that can be done, and CRLF.
 *
 * A word that no line of 998 octets can hold gets a blank where one may stand
 * in a list of addresses, parameters or message identifiers: after a comma or
 * semicolon and between '>' and '<', outside of quoted strings.  What is too
 * long even so is cut, but in no letter (UTF-8).  The time is linear.
 */
void fold_put(struct buf *out, struct slice text, size_t limit);

#endif
