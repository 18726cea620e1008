/* SPDX-License-Identifier: ISC */
/*
 * tls_facts.h - what a handshake has shown of the other side, for who looks at
 * servers: plain values, nothing of OpenSSL.
 */
#ifndef NET_TLS_FACTS_H
#define NET_TLS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What is wrong with a certificate or its chain: bits. */
enum {
	TLS_WRONG_NAME = 1,
	TLS_EXPIRED = 2,	/* it or one of its issuers */
	TLS_NOT_YET = 4,	/* it is good only later */
	TLS_UNKNOWN_ISSUER = 8,	/* the chain ends before one that we know */
	TLS_SELF_SIGNED = 16,
	TLS_UNFIT = 32,		/* anything else: purpose, key, signature */
	TLS_NO_RECORD = 64	/* by TLSA records, which alone count then */
};

/* A certificate.  Text is raw: printers escape. */
struct tls_link {
	struct buf subject, issuer;
	struct buf names;	/* "mx.example.org, 192.0.2.1" */
	struct buf key;		/* "EC 256 bits" */
	struct buf signature;	/* "ecdsa-with-SHA256" */
	struct buf serial;	/* hexadecimal */
	struct buf digest;	/* SHA-256 of all of it, hexadecimal */
	struct buf key_digest;	/* ... of its SubjectPublicKeyInfo */
	struct buf pem;
	int64_t from, to;	/* seconds since 1970 */
};

struct tls_facts {
	char version[16];	/* "TLSv1.3" */
	char cipher[64];
	char group[32];		/* of the key exchange; may be empty */
	char name[256];		/* whom it was checked for */
	char matched[256];	/* the name in it that fits; "" = none */
	struct tls_link *chain;	/* as it was sent, the leaf first */
	size_t n;		/* 0 = it showed none */
	bool trusted;		/* chain and name, as TLS_VERIFY has it; where
				   there are TLSA records as TLS_DANE has it */
	bool by_tlsa;		/* there are such; ... */
	struct buf tlsa;	/* ... the one that holds: "3 1 1 0123..." */
	unsigned wrong;		/* all that is, not only the first */
	struct buf why;		/* the same in words; empty when trusted */
};

#endif
