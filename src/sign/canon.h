/* SPDX-License-Identifier: ISC */
/*
 * canon.h - what of a message a signature covers (RFC 6376 3.4).
 *
 * "simple" is the text as it is sent, "relaxed" what is left when white space
 * is taken lightly.  The input is canonical: CRLF only (encode.h).
 */
#ifndef SIGN_CANON_H
#define SIGN_CANON_H

#include <stdint.h>

#include "mail/header.h"
#include "sign/crypto.h"

#define CANON_BLOCK 4096

/*
 * A body on its way into a hash, in pieces of any size, in constant memory.
 * Zero-initialise, then set the first three.
 */
struct canon_body {
	const struct sign_crypto *crypto;
	struct sign_hash *hash;	/* the caller's */
	bool relaxed;

	uint64_t ends;		/* line ends that are only some if text comes */
	bool blank;		/* and white space in that line */
	bool any;		/* something was hashed */
	size_t n;		/* octets of ready */
	char ready[CANON_BLOCK];
};

void canon_body_feed(struct canon_body *c, struct slice text);

/* The end of the body: all of it is in the hash. */
void canon_body_end(struct canon_body *c);

/* Append the field with its CRLF. */
void canon_field(struct buf *out, const struct header_field *field,
    bool relaxed);

#endif
