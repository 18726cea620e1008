/* SPDX-License-Identifier: ISC */
/*
 * dkim.h - DKIM-Signature fields for one message (RFC 6376, RFC 8463).
 *
 * The text is signed as it is sent: after every change, and in the form that
 * the next hop takes.  It is hashed once, whatever the number of keys, and then
 * each key gives a field, which goes above all others:
 *
 *	d = dkim_new(signer);
 *	dkim_feed(d, text); ...		the body, canonical (encode.h)
 *	dkim_end(d, head, now, &out);	or dkim_free()
 *
 * Which fields are signed: those that people and programs go by once more than
 * they are there, so that nobody can add another one; some others as often as
 * they are there; of fields of a name the lowest first (5.4.2).  What is of the
 * way (Return-Path, Received), what may change (DKIM-Signature of others) and
 * what is unknown is not.
 */
#ifndef SIGN_DKIM_H
#define SIGN_DKIM_H

#include <stdint.h>

#include "sign/canon.h"

enum { SIGNER_KEYS = 2 };

struct signer_key {
	const char *selector;
	struct sign_key *key;
};

/* By whom; all is the caller's. */
struct signer {
	const struct sign_crypto *crypto;
	const char *domain;	/* d=, in ASCII */
	struct signer_key key[SIGNER_KEYS];
	size_t n;
	bool simple_head, simple_body; /* c=; else relaxed */
	int64_t expiry;		/* seconds from t= to x=; 0 = no x= */
};

/* Append a= of its key i: "rsa-sha256". */
void signer_put_algorithm(struct buf *out, const struct signer *s, size_t i);

/* Is it one of the fields that are signed? */
bool dkim_signs_field(struct slice name);

/* A message under way; the signer outlives it. */
struct dkim;

struct dkim *dkim_new(const struct signer *signer);
void dkim_free(struct dkim *d);
void dkim_feed(struct dkim *d, struct slice text);

/*
 * The body is over: append the fields, each with its CRLF, for this header (its
 * empty line does not matter).  d is freed.  False: libcrypto could not.
 */
bool dkim_end(struct dkim *d, struct slice head, int64_t now,
    struct buf *out);

#endif
