/* SPDX-License-Identifier: ISC */
/*
 * module.h - what needs large libraries and most runs need little of.
 *
 * TLS and signing (OpenSSL), the DNS codec (ldns) and IDN (libidn2) live in one
 * module, smtpsend-net.so: to map and link them costs more than all the rest of
 * a start.  It is opened when the first of them is needed.
 */
#ifndef NET_MODULE_H
#define NET_MODULE_H

#include "base/buf.h"
#include "base/outcome.h"
#include "dns/codec.h"
#include "net/tls.h"
#include "sign/crypto.h"

struct net_module {
	const struct tls_module *tls;
	const struct dns_codec *dns;
	const struct sign_crypto *sign;
	char *(*idn_to_ascii)(struct slice domain, struct outcome *why);
	/* RFC 2104; zeros where libcrypto has no MD5 */
	void (*hmac_md5)(struct slice key, struct slice text,
	    unsigned char out[16]);
	/* "OpenSSL 3.0.19\nldns 1.8.3\nlibidn2 2.3.3\n" */
	void (*versions_put)(struct buf *out);
};

extern const struct net_module net_module; /* within the module, and tests */

/*
 * The module, which stays open.  NULL with *why, always DEFERRED: what is
 * mended here goes out then.
 */
const struct net_module *net_module_open(struct outcome *why);

/* The to_ascii() of a struct idn (mail/idn.h) that opens the module for it. */
char *net_idn_to_ascii(struct slice domain, struct outcome *why);

#endif
