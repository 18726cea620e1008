/* SPDX-License-Identifier: ISC */
/*
 * crypto.h - hashes, keys and signatures, as a table.
 *
 * It is all that needs libcrypto, so that only a run that signs maps it: the
 * table is in smtpsend-net.so (net/module.h).
 */
#ifndef SIGN_CRYPTO_H
#define SIGN_CRYPTO_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

#define SIGN_DIGEST 32 /* octets of SHA-256 */

enum sign_kind { SIGN_RSA, SIGN_ED25519, SIGN_OTHER };

/* "rsa", "ed25519": as k= says (RFC 6376 3.6.1, RFC 8463 4); "" else. */
const char *sign_kind_name(enum sign_kind kind);

/* SHA-256 of octets that come in pieces. */
struct sign_hash;

/* A key pair, or the public half of one. */
struct sign_key;

struct sign_crypto {
	struct sign_hash *(*hash_new)(void);
	void (*hash_feed)(struct sign_hash *h, struct slice octets);
	/* The digest; h is freed, out may be NULL. */
	void (*hash_end)(struct sign_hash *h, unsigned char out[SIGN_DIGEST]);

	/*
	 * A private key in PEM, unencrypted; NULL when it is none.  Who has it
	 * frees it.
	 */
	struct sign_key *(*key_read)(struct slice pem);

	/* A new one; bits is for RSA.  NULL: libcrypto cannot. */
	struct sign_key *(*key_make)(enum sign_kind kind, unsigned bits);
	/* One more share of it: it ends when each of them is freed. */
	struct sign_key *(*key_share)(struct sign_key *key);
	void (*key_free)(struct sign_key *key);
	enum sign_kind (*key_kind)(const struct sign_key *key);
	unsigned (*key_bits)(const struct sign_key *key);

	/* Append it as PEM (PKCS #8), which is a secret. */
	bool (*key_put)(const struct sign_key *key, struct buf *out);

	/*
	 * Append what p= of its record has, before base64: for RSA a
	 * SubjectPublicKeyInfo (RFC 6376 Errata 3017), for Ed25519 the 32
	 * octets themselves (RFC 8463 4.2).
	 */
	bool (*public_put)(const struct sign_key *key, struct buf *out);

	/* Bits of the RSA key that a p= has, in either form; 0 = none. */
	unsigned (*public_bits)(struct slice p);

	/* Is it the public half of the key, in either form? */
	bool (*public_is)(const struct sign_key *key, struct slice p);

	/*
	 * Append the signature over the SHA-256 of text: PKCS #1 v1.5, or
	 * PureEdDSA of the digest (RFC 8463 3).  False: libcrypto cannot.
	 */
	bool (*sign)(struct sign_key *key, struct slice text,
	    struct buf *out);
};

extern const struct sign_crypto sign_crypto; /* in the module, and tests */

#endif
