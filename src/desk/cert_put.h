/* SPDX-License-Identifier: ISC */
/* cert_put.h - --show-cert: chains as servers sent them, and what of them. */
#ifndef DESK_CERT_PUT_H
#define DESK_CERT_PUT_H

#include "desk/trouble.h"

/*
 * Append, for each address, whether it is trusted and every certificate that it
 * sent; one that sent what another did says only that.
 */
void cert_put_text(struct buf *out, const struct probe *p,
    const struct demands *d, size_t columns);

/* The same as PEM, each chain once, under lines that say whose it is. */
void cert_put_pem(struct buf *out, const struct probe *p);

/* Append "yes, as mx.example.org, which its name *.example.org fits". */
void trust_put(struct buf *out, const struct tls_facts *f);

/* Append "2027-01-31T12:00:00Z (12 days left)". */
void end_put(struct buf *out, int64_t then, int64_t now);

#endif
