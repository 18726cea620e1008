/* SPDX-License-Identifier: ISC */
/* tls_terms.h - the TLS that a person wants to see (struct tls_terms). */
#ifndef NET_TLS_TERMS_H
#define NET_TLS_TERMS_H

#include <openssl/ssl.h>

#include "net/tls.h"

/*
 * Have all connections of ctx be so; *t outlives it.  False with *why (FAILED,
 * STAGE_CONFIG) for names that OpenSSL does not know and a file that cannot be
 * written.
 */
bool tls_terms_apply(const struct tls_terms *t, SSL_CTX *ctx,
    struct outcome *why);

#endif
