/* SPDX-License-Identifier: ISC */
/* tls_save.h - the certificates that servers send, kept: --save-cert. */
#ifndef NET_TLS_SAVE_H
#define NET_TLS_SAVE_H

#include <openssl/ssl.h>

#include "base/event.h"
#include "net/tls.h"

/*
 * Make c->terms.save anew, if it is wanted, and have each connection of ctx put
 * its chain there, trusted or not.  False with *why (FAILED, STAGE_CONFIG) when
 * it cannot be written, or is a file that c reads.
 */
bool tls_save_begin(const struct tls_config *c, SSL_CTX *ctx,
    struct outcome *why);

/*
 * Append the chain that x is to verify, as it was sent, unless the file has its
 * leaf already; path may be NULL.  Returns errno, 0 when all is well.
 */
int tls_save(const char *path, X509_STORE_CTX *x);

/* Tell that there was such an error; 0 is none. */
void tls_save_warn(int error, struct events *q, unsigned lane);

#endif
