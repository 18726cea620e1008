/* SPDX-License-Identifier: ISC */
/*
 * tls_files.h - whom a client trusts and who it is: the files of a tls_config.
 *
 * They are read, and found to be good, before anybody is connected; applying
 * them to an SSL_CTX is a second step, since libcurl makes its own.  Both ways,
 * direct and by a relay, trust the same for the same reasons (RFC 9525).
 */
#ifndef NET_TLS_FILES_H
#define NET_TLS_FILES_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/tls.h"

/*
 * A PEM file of many certificates, of which only those are built that somebody
 * was issued by: to build all 144 of a system's bundle costs 40 ms, this 1 ms.
 */
struct tls_bundle {
	char *path;		/* still to be read, or NULL */
	struct buf der;		/* its certificates */
	struct tls_bundled *v;	/* where each is */
	size_t n;
	bool hashed;		/* and what its name means */
};

struct tls_files {
	char *dir;		/* the hashed directory, or NULL */
	bool partial;		/* what is in the bundle is trusted as it is,
				   root or not */
	struct tls_bundle bundle;
	X509_LOOKUP_METHOD *lookup; /* into the bundle; or NULL */
	X509 *cert;		/* the client's, or NULL */
	STACK_OF(X509) *chain;
	EVP_PKEY *key;
};

/*
 * Read what config names; prefix is what stands before an option's name in a
 * reason ("--").  False with *why, as file_fail() has it.
 */
bool tls_files_load(struct tls_files *f, const struct tls_config *config,
    const char *prefix, struct outcome *why);

/* f must live longer than ctx.  False with *why when OpenSSL refuses it. */
bool tls_files_apply(struct tls_files *f, SSL_CTX *ctx, struct outcome *why);

void tls_files_free(struct tls_files *f);

/*
 * The certificate must be for name: a host's name in subjectAltName, as the
 * subject is free text (RFC 9525 2), or an address.
 */
bool tls_name_demand(X509_VERIFY_PARAM *param, const char *name);

/* "[192.0.2.1]", "[IPv6:::1]", "mx.example." without their wrapping. */
void tls_name_plain(char to[256], const char *host);

/*
 * Read the certificates of a PEM text.  Their number, or -1 when one of them is
 * damaged: number b->n + 1.
 */
int tls_bundle_parse(struct tls_bundle *b, struct slice pem);
void tls_bundle_free(struct tls_bundle *b);

/* A lookup for X509_STORE_add_lookup(), whose method data is a bundle. */
X509_LOOKUP_METHOD *tls_bundle_lookup(void);

#endif
