/* SPDX-License-Identifier: ISC */
/* tls_cert.c - making a certificate, and reading what one says. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/inet.h"
#include "net/tls_state.h"

static bool
add_name(GENERAL_NAMES *names, int type, const void *p, size_t n)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s =
	    ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING
						 : V_ASN1_OCTET_STRING);

	if (!g || !s || !ASN1_STRING_set(s, p, (int)n)) {
		GENERAL_NAME_free(g);
		ASN1_STRING_free(s);
		return false;
	}
	GENERAL_NAME_set0_value(g, type, s);
	if (sk_GENERAL_NAME_push(names, g) > 0)
		return true;
	GENERAL_NAME_free(g);
	return false;
}

static bool
set_alt_names(X509 *cert, const char *name)
{
	static const unsigned char v4[4] = { 127, 0, 0, 1 };
	static const unsigned char v6[16] = { [15] = 1 };
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool ok = names && add_name(names, GEN_DNS, name, strlen(name)) &&
	    add_name(names, GEN_DNS, "localhost", 9) &&
	    add_name(names, GEN_IPADD, v4, sizeof v4) &&
	    add_name(names, GEN_IPADD, v6, sizeof v6) &&
	    X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;

	GENERAL_NAMES_free(names);
	return ok;
}

/* 63 random bits: no two certificates of one issuer share a number. */
static bool
set_serial(X509 *cert)
{
	uint64_t serial;

	return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
		serial >> 1 | 1) == 1;
}

/* Subject and issuer are the same; a common name holds 64 octets at most. */
static bool
set_names(X509 *cert, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	size_t n = strnlen(name, 64);

	return X509_NAME_add_entry_by_NID(subject, NID_commonName,
		   MBSTRING_UTF8, (const unsigned char *)name, (int)n, -1,
		   0) == 1 &&
	    X509_set_issuer_name(cert, subject) == 1 &&
	    set_alt_names(cert, name);
}

X509 *
tls_cert_make(const char *name, long from, long to, EVP_PKEY **key)
{
	X509 *cert = X509_new();

	*key = EVP_EC_gen("P-256");
	if (cert && *key && X509_set_version(cert, X509_VERSION_3) == 1 &&
	    set_serial(cert) && set_names(cert, name) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), from) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), to) &&
	    X509_set_pubkey(cert, *key) == 1 &&
	    X509_sign(cert, *key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	EVP_PKEY_free(*key);
	*key = NULL;
	return NULL;
}

void
tls_name_put(struct buf *out, const X509_NAME *name)
{
	unsigned long how = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN |
	    ASN1_STRFLGS_UTF8_CONVERT;
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (b && X509_NAME_print_ex(b, name, 0, how) >= 0) {
		n = BIO_get_mem_data(b, &text);
		if (n > 0)
			buf_put(out, (struct slice){ text, (size_t)n });
	}
	BIO_free(b);
}

static struct slice
string_slice(const ASN1_STRING *s)
{
	return (struct slice){ (const char *)ASN1_STRING_get0_data(s),
		(size_t)ASN1_STRING_length(s) };
}

static void
alt_name_put(struct buf *out, const GENERAL_NAME *g)
{
	const char *comma = out->n > 0 ? ", " : "";
	int type;
	const void *value = GENERAL_NAME_get0_value(g, &type);
	struct ip ip;

	if (type == GEN_DNS) {
		buf_puts(out, comma);
		buf_put(out, string_slice(value));
	} else if (type == GEN_IPADD &&
	    ip_from_bytes(string_slice(value), &ip)) {
		buf_puts(out, comma);
		ip_put(out, &ip);
	}
}

void
tls_cert_names_put(struct buf *out, const X509 *cert)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct buf names = { .max = 4096 };

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++)
		alt_name_put(&names, sk_GENERAL_NAME_value(all, i));
	buf_put(out, buf_slice(&names));
	buf_free(&names);
	GENERAL_NAMES_free(all);
}

void
tls_time_put(struct buf *out, const ASN1_TIME *t)
{
	struct tm tm;

	if (t && ASN1_TIME_to_tm(t, &tm) == 1)
		buf_putf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}
