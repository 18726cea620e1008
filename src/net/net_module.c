/* SPDX-License-Identifier: ISC */
/* net_module.c - the table of smtpsend-net.so; see module.h */
#include "net/module.h"

#include <string.h>

#include <idn2.h>
#include <ldns/ldns.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "dns/idn.h"

/* "OpenSSL 3.0.19 27 Jan 2026": without its date. */
static void
put_openssl(struct buf *out)
{
	struct slice rest = slice_of(OpenSSL_version(OPENSSL_VERSION));
	struct slice name, number;

	if (slice_cut(&rest, ' ', &name) && slice_cut(&rest, ' ', &number)) {
		buf_put(out, name);
		buf_putc(out, ' ');
		buf_put(out, number);
		buf_putc(out, '\n');
	}
}

static void
versions_put(struct buf *out)
{
	put_openssl(out);
	buf_putf(out, "ldns %s\n", ldns_version());
	buf_putf(out, "libidn2 %s\n", idn2_check_version(NULL));
}

static void
hmac_md5(struct slice key, struct slice text, unsigned char out[16])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	unsigned n = 0;

	HMAC(EVP_md5(), key.p, (int)key.n, (const unsigned char *)text.p,
	    text.n, digest, &n);
	memcpy(out, digest, 16);
}

const struct net_module net_module = {
	.tls = &tls_module,
	.dns = &dns_codec,
	.sign = &sign_crypto,
	.hmac_md5 = hmac_md5,
	.idn_to_ascii = dns_idn_to_ascii,
	.versions_put = versions_put,
};
