/* SPDX-License-Identifier: ISC */
/* record.h - the record of a key in DNS (RFC 6376 3.6.1, RFC 8463 4). */
#ifndef SIGN_RECORD_H
#define SIGN_RECORD_H

#include "sign/crypto.h"

struct dkim_record {
	enum sign_kind kind;	/* k=; SIGN_OTHER: one that nobody knows */
	bool is_revoked;	/* p= is empty */
	bool is_testing;	/* t=y */
	bool is_strict;		/* t=s: i= has no subdomain of d= */
	bool no_sha256;		/* h= does not name it */
	bool no_email;		/* s= is for something else */
	struct buf key;		/* p=, decoded; the caller's to free */
};

/*
 * Read a record, its strings joined.  NULL, or in words why it is none; then
 * there is nothing to free.
 */
const char *dkim_record_parse(struct slice text, struct dkim_record *out);
void dkim_record_free(struct dkim_record *r);

/* Append the record of a key: "v=DKIM1; k=rsa; p=...".  False: libcrypto. */
bool dkim_record_put(struct buf *out, const struct sign_crypto *crypto,
    const struct sign_key *key);

/*
 * Append it as a line of a zone, in strings of at most 255 octets (RFC 1035
 * 3.3.14): "sel._domainkey.example.org. IN TXT ( "..." )\n".
 */
void dkim_record_put_zone(struct buf *out, const char *selector,
    const char *domain, struct slice record);

#endif
