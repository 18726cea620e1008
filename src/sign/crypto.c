/* SPDX-License-Identifier: ISC */
/* crypto.c - the table of crypto.h, by libcrypto. */
#include "sign/crypto.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/mem.h"

/* What failed is said by who asked; nothing is left for others to find. */
static bool
failed(void)
{
	ERR_clear_error();
	return false;
}

/* ---- hashes ---- */

static struct sign_hash *
hash_new(void)
{
	EVP_MD_CTX *h = EVP_MD_CTX_new();

	if (!h || !EVP_DigestInit_ex(h, EVP_sha256(), NULL))
		mem_exhausted();
	return (struct sign_hash *)h;
}

static void
hash_feed(struct sign_hash *h, struct slice octets)
{
	EVP_DigestUpdate((EVP_MD_CTX *)h, octets.p, octets.n);
}

static void
hash_end(struct sign_hash *h, unsigned char out[SIGN_DIGEST])
{
	if (out)
		EVP_DigestFinal_ex((EVP_MD_CTX *)h, out, NULL);
	EVP_MD_CTX_free((EVP_MD_CTX *)h);
}

/* ---- keys ---- */

/* A key with a passphrase is none: nobody is here to be asked. */
static int
no_passphrase(char *text, int size, int rw, void *arg)
{
	(void)text, (void)size, (void)rw, (void)arg;
	return -1;
}

static struct sign_key *
key_read(struct slice pem)
{
	BIO *bio = pem.n < INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n)
				     : NULL;
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL,
	    no_passphrase, NULL) : NULL;

	BIO_free(bio);
	failed();
	return (struct sign_key *)key;
}

static struct sign_key *
key_make(enum sign_kind kind, unsigned bits)
{
	EVP_PKEY *key = kind == SIGN_RSA
	    ? EVP_RSA_gen(bits)
	    : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	failed();
	return (struct sign_key *)key;
}

static struct sign_key *
key_share(struct sign_key *key)
{
	EVP_PKEY_up_ref((EVP_PKEY *)key);
	return key;
}

static void
key_free(struct sign_key *key)
{
	EVP_PKEY_free((EVP_PKEY *)key);
}

static enum sign_kind
key_kind(const struct sign_key *key)
{
	switch (EVP_PKEY_get_base_id((const EVP_PKEY *)key)) {
	case EVP_PKEY_RSA:
		return SIGN_RSA;
	case EVP_PKEY_ED25519:
		return SIGN_ED25519;
	default:
		return SIGN_OTHER;
	}
}

static unsigned
key_bits(const struct sign_key *key)
{
	return (unsigned)EVP_PKEY_get_bits((const EVP_PKEY *)key);
}

static bool
key_put(const struct sign_key *key, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text;
	long n;
	bool ok = bio && PEM_write_bio_PKCS8PrivateKey(bio,
	    (const EVP_PKEY *)key, NULL, NULL, 0, NULL, NULL) == 1;

	n = ok ? BIO_get_mem_data(bio, &text) : 0;
	if (n > 0)
		buf_put(out, (struct slice){ text, (size_t)n });
	BIO_free(bio);
	return n > 0 || failed();
}

/* ---- their public halves ---- */

static bool
put_raw(const EVP_PKEY *key, struct buf *out)
{
	unsigned char raw[32];
	size_t n = sizeof raw;

	if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1)
		return failed();
	return buf_put(out, (struct slice){ (const char *)raw, n });
}

static bool
public_put(const struct sign_key *key, struct buf *out)
{
	unsigned char *der = NULL;
	int n;

	if (key_kind(key) != SIGN_RSA)
		return put_raw((const EVP_PKEY *)key, out);
	n = i2d_PUBKEY((const EVP_PKEY *)key, &der);
	if (n <= 0)
		return failed();
	buf_put(out, (struct slice){ (const char *)der, (size_t)n });
	OPENSSL_free(der);
	return true;
}

/* RFC 6376 means an RSAPublicKey, its examples a SubjectPublicKeyInfo. */
static EVP_PKEY *
read_public(struct slice p)
{
	const unsigned char *at = (const unsigned char *)p.p;
	EVP_PKEY *key;

	if (p.n > INT32_MAX)
		return NULL;
	key = d2i_PUBKEY(NULL, &at, (long)p.n);
	at = (const unsigned char *)p.p;
	if (!key)
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)p.n);
	failed();
	return key;
}

static unsigned
public_bits(struct slice p)
{
	EVP_PKEY *key = read_public(p);
	unsigned bits = 0;

	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		bits = (unsigned)EVP_PKEY_get_bits(key);
	EVP_PKEY_free(key);
	return bits;
}

static bool
public_is(const struct sign_key *key, struct slice p)
{
	struct buf own = { 0 };
	EVP_PKEY *other;
	bool is;

	if (key_kind(key) == SIGN_RSA) {
		other = read_public(p);
		is = other && EVP_PKEY_eq((const EVP_PKEY *)key, other) == 1;
		EVP_PKEY_free(other);
		failed();
		return is;
	}
	is = put_raw((const EVP_PKEY *)key, &own) &&
	    slice_eq(buf_slice(&own), p);
	buf_free(&own);
	return is;
}

/* ---- signatures ---- */

static bool
sign_octets(EVP_MD_CTX *ctx, const EVP_MD *md, EVP_PKEY *key,
    struct slice octets, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)octets.p;
	size_t n = (size_t)EVP_PKEY_get_size(key);
	char *to = buf_reserve(out, n);

	if (!to || EVP_DigestSignInit(ctx, NULL, md, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, (unsigned char *)to, &n, p, octets.n) != 1)
		return failed();
	buf_grow(out, n);
	return true;
}

static bool
sign(struct sign_key *key, struct slice text, struct buf *out)
{
	EVP_PKEY *pkey = (EVP_PKEY *)key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char digest[SIGN_DIGEST];
	const EVP_MD *md = EVP_sha256();
	bool ok = ctx != NULL;

	if (ok && key_kind(key) == SIGN_ED25519) {
		ok = EVP_Digest(text.p, text.n, digest, NULL, md, NULL) == 1;
		text = (struct slice){ (char *)digest, sizeof digest };
		md = NULL;
	}
	ok = ok && sign_octets(ctx, md, pkey, text, out);
	EVP_MD_CTX_free(ctx);
	return ok;
}

const struct sign_crypto sign_crypto = {
	.hash_new = hash_new,
	.hash_feed = hash_feed,
	.hash_end = hash_end,
	.key_read = key_read,
	.key_make = key_make,
	.key_share = key_share,
	.key_free = key_free,
	.key_kind = key_kind,
	.key_bits = key_bits,
	.key_put = key_put,
	.public_put = public_put,
	.public_bits = public_bits,
	.public_is = public_is,
	.sign = sign,
};
