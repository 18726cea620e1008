/* SPDX-License-Identifier: ISC */
/* rewrite.h - a header field, as ASCII as it can be, in short lines. */
#ifndef MAIL_REWRITE_H
#define MAIL_REWRITE_H

#include "base/buf.h"
#include "mail/header.h"
#include "mail/address.h"

/*
 * Append the field (CRLF line ends, no NUL).  One that is in order already
 * comes out as it is.  Else it is written anew and folded: comments and phrases
 * of any field become encoded words (RFC 2047 5), and so does plain text;
 * domains of addresses and hosts become A-labels, parameters take the form of
 * RFC 2231.  What has no form in ASCII stays: local parts, message identifiers,
 * URLs, signatures.
 *
 * charset is what text that is no UTF-8 is in (mimetype_charset()).  With a
 * default domain bare addresses are completed ("root" to root@example.org), and
 * this host's short name to its full one.
 */
void rewrite_field(struct buf *out, const struct header_field *field,
    const char *charset, const struct address_options *options);

#endif
