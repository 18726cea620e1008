/* SPDX-License-Identifier: ISC */
/*
 * tls_facts.c - see tls_facts.h
 *
 * A handshake stops at the first fault of a certificate.  Here the same chain
 * is judged once more with a callback that lets each fault pass and notes it,
 * so that who has to mend a certificate hears everything at once.
 */
#include "net/tls_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "base/mem.h"
#include "net/tls_state.h"

#define CHAIN_MAX 16 /* certificates that are looked at */

/* ---- a certificate ---- */

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void
hex_put(struct buf *out, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_putf(out, "%02x", p[i]);
}

static void
key_put(struct buf *out, const X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;

	if (type)
		buf_putf(out, "%s %d bits", type, EVP_PKEY_get_bits(key));
}

static void
pem_put(struct buf *out, const X509 *cert)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (b && PEM_write_bio_X509(b, cert) == 1 &&
	    (n = BIO_get_mem_data(b, &text)) > 0)
		buf_put(out, (struct slice){ text, (size_t)n });
	BIO_free(b);
}

/* What a TLSA record with selector 1 is about (RFC 6698 2.1.2). */
static void
key_digest_put(struct buf *out, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	unsigned size;

	if (n > 0 && EVP_Digest(der, (size_t)n, digest, &size, EVP_sha256(),
		NULL) == 1)
		hex_put(out, digest, size);
	OPENSSL_free(der);
}

static void
link_fill(struct tls_link *l, const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	tls_name_put(&l->subject, X509_get_subject_name(cert));
	tls_name_put(&l->issuer, X509_get_issuer_name(cert));
	tls_cert_names_put(&l->names, cert);
	key_put(&l->key, cert);
	buf_puts(&l->signature, OBJ_nid2ln(X509_get_signature_nid(cert)));
	hex_put(&l->serial, ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
	if (X509_digest(cert, EVP_sha256(), digest, &n) == 1)
		hex_put(&l->digest, digest, n);
	key_digest_put(&l->key_digest, cert);
	pem_put(&l->pem, cert);
	l->from = seconds(X509_get0_notBefore(cert));
	l->to = seconds(X509_get0_notAfter(cert));
}

static void
chain_fill(struct tls_facts *f, SSL *ssl)
{
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl);
	int n = sk_X509_num(sent);

	if (n <= 0)
		return;
	f->n = n < CHAIN_MAX ? (size_t)n : CHAIN_MAX;
	f->chain = mem_alloc(f->n * sizeof *f->chain);
	for (size_t i = 0; i < f->n; i++)
		link_fill(&f->chain[i], sk_X509_value(sent, (int)i));
}

/* ---- the verdict ---- */

static unsigned
kind_of(int error)
{
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_WRONG_NAME;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TLS_NOT_YET;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return TLS_UNKNOWN_ISSUER;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return TLS_SELF_SIGNED;
	default:
		return TLS_UNFIT;
	}
}

/* Each kind is said once; which certificate it is, unless the leaf. */
static int
on_fault(int ok, X509_STORE_CTX *x)
{
	struct tls_facts *f = X509_STORE_CTX_get_app_data(x);
	int error = X509_STORE_CTX_get_error(x);
	X509 *at = X509_STORE_CTX_get_current_cert(x);
	bool leaf = X509_STORE_CTX_get_error_depth(x) == 0;

	if (ok || (f->wrong & kind_of(error)) != 0)
		return 1;
	f->wrong |= kind_of(error);
	buf_puts(&f->why, f->why.n > 0 ? "; " : "");
	tls_verdict_put(&f->why, at ? at : X509_STORE_CTX_get0_cert(x), error);
	if (at && !leaf && kind_of(error) != TLS_UNKNOWN_ISSUER) {
		buf_puts(&f->why, " (its issuer ");
		tls_name_put(&f->why, X509_get_subject_name(at));
		buf_puts(&f->why, ")");
	}
	return 1;
}

static void
judge(struct tls_facts *f, SSL *ssl)
{
	X509_STORE_CTX *x = X509_STORE_CTX_new();
	X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
	const char *matched;

	if (x && X509_STORE_CTX_init(x, store, SSL_get0_peer_certificate(ssl),
		SSL_get_peer_cert_chain(ssl)) == 1 &&
	    X509_STORE_CTX_set_default(x, "ssl_server") == 1 &&
	    X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(x),
		SSL_get0_param(ssl)) == 1 &&
	    X509_STORE_CTX_set_app_data(x, f) == 1) {
		X509_STORE_CTX_set_verify_cb(x, on_fault);
		X509_verify_cert(x);
		matched = X509_VERIFY_PARAM_get0_peername(
		    X509_STORE_CTX_get0_param(x));
		if (matched)
			snprintf(f->matched, sizeof f->matched, "%s", matched);
	}
	X509_STORE_CTX_free(x);
	ERR_clear_error();
}

/* An address has no peername: it is what was asked for, or nothing. */
static void
match_address(struct tls_facts *f, const struct tls *t)
{
	if (f->matched[0] == '\0' && t->sni[0] == '\0' &&
	    (f->wrong & TLS_WRONG_NAME) == 0)
		snprintf(f->matched, sizeof f->matched, "%s", t->name);
}

static void
trust_fill(struct tls_facts *f, const struct stream *s)
{
	const struct tls *t = s->state;

	f->trusted = tls_is_trusted(s);
	f->by_tlsa = t->dane == TLS_DANE_DEMANDED;
	if (!SSL_get0_peer_certificate(t->ssl)) {
		f->wrong = TLS_UNFIT;
		buf_puts(&f->why, "no certificate was shown");
		return;
	}
	if (f->by_tlsa && !f->trusted) {
		f->wrong = TLS_NO_RECORD;
		tls_distrust_put(&f->why, t);
		return;
	}
	judge(f, t->ssl);
	match_address(f, t);
	if (f->by_tlsa)
		tls_dane_put(&f->tlsa, t);
	if (f->trusted) {
		f->wrong = 0;
		buf_clear(&f->why);
	} else if (f->wrong == 0) {
		f->wrong = TLS_UNFIT;
		tls_distrust_put(&f->why, t);
	}
}

void
tls_facts(const struct stream *s, struct tls_facts *f)
{
	const struct tls *t = s->state;
	const char *group =
	    SSL_group_to_name(t->ssl, (int)SSL_get_negotiated_group(t->ssl));

	*f = (struct tls_facts){ 0 };
	snprintf(f->version, sizeof f->version, "%s", SSL_get_version(t->ssl));
	snprintf(f->cipher, sizeof f->cipher, "%s",
	    SSL_get_cipher_name(t->ssl));
	snprintf(f->group, sizeof f->group, "%s", group ? group : "");
	snprintf(f->name, sizeof f->name, "%s", t->name);
	chain_fill(f, t->ssl);
	trust_fill(f, s);
}

void
tls_facts_free(struct tls_facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct tls_link *l = &f->chain[i];

		buf_free(&l->subject);
		buf_free(&l->issuer);
		buf_free(&l->names);
		buf_free(&l->key);
		buf_free(&l->signature);
		buf_free(&l->serial);
		buf_free(&l->digest);
		buf_free(&l->key_digest);
		buf_free(&l->pem);
	}
	free(f->chain);
	buf_free(&f->why);
	buf_free(&f->tlsa);
	*f = (struct tls_facts){ 0 };
}
