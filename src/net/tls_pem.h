/* SPDX-License-Identifier: ISC */
/*
 * tls_pem.h - the items of a PEM text (RFC 7468), one after another.
 *
 * What stands between items does not matter, nor how lines end or how long they
 * are.  An item with headers of its own (an encrypted key) does not decode.
 */
#ifndef NET_TLS_PEM_H
#define NET_TLS_PEM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* What is between its two lines. */
struct tls_pem {
	struct slice kind;	/* "CERTIFICATE" */
	struct slice base64;	/* in lines */
	bool is_whole;		/* the line that ends it is there */
};

/* Take the next item off *text; false when there is none. */
bool tls_pem_next(struct slice *text, struct tls_pem *item);

/* Its octets, into an empty *der; false when it is damaged. */
bool tls_pem_decode(const struct tls_pem *item, struct buf *der);

#endif
