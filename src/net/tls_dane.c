/* SPDX-License-Identifier: ISC */
/*
 * tls_dane.c - a server checked by its TLSA records, as OpenSSL does it (RFC
 * 6698, 7671), and as RFC 7672 wants it for mail: under usage 3 neither names
 * nor dates matter; under usage 2 the names are those of the demand, and nobody
 * is trusted but the authority that a record names.  A certificate without any
 * name but that of its subject is for that one (RFC 7672 3.2.3).
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/tls_state.h"
#include "route/dane.h"

/* The records that OpenSSL can read, or -1. */
static int
add_records(SSL *ssl, const struct dane *d)
{
	int n = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct dns_tlsa *r = &d->tlsa[i];
		int added = SSL_dane_tlsa_add(ssl, r->usage, r->selector,
		    r->matching, r->data, r->n);

		if (added < 0)
			return -1;
		n += added > 0;
	}
	ERR_clear_error();
	return n;
}

static bool
add_names(SSL *ssl, const struct dane *d)
{
	for (size_t i = 0; i < d->nnames; i++)
		if (SSL_add1_host(ssl, d->name[i]) != 1)
			return false;
	return true;
}

bool
tls_dane_demand(struct tls *t, SSL_CTX *ctx, const struct dane *d)
{
	int n;

	if (SSL_CTX_dane_enable(ctx) != 1 ||
	    SSL_dane_enable(t->ssl, d->base) != 1)
		return false;
	SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	SSL_dane_set_flags(t->ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	n = add_records(t->ssl, d);
	t->dane = n > 0 ? TLS_DANE_DEMANDED : TLS_DANE_UNUSABLE;
	return n >= 0 && add_names(t->ssl, d);
}

bool
tls_dane_put(struct buf *out, const struct tls *t)
{
	struct dns_tlsa r = { 0 };
	const unsigned char *data;

	if (t->dane != TLS_DANE_DEMANDED ||
	    SSL_get0_dane_tlsa(t->ssl, &r.usage, &r.selector, &r.matching,
		&data, &r.n) < 0)
		return false;
	r.data = (unsigned char *)data;
	dns_tlsa_put(out, &r);
	return true;
}
