/* SPDX-License-Identifier: ISC */
/* tls_words.c - what OpenSSL found wrong, in words for people. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "net/tls_state.h"

#define NAMES_SHOWN 200

static void
mismatch_put(struct buf *out, const X509 *cert)
{
	struct buf names = { 0 };

	tls_cert_names_put(&names, cert);
	if (names.n == 0)
		buf_puts(out, "certificate has no host name in it");
	else
		buf_puts(out, "name mismatch: certificate is for ");
	buf_put(out, slice_first(buf_slice(&names), NAMES_SHOWN));
	if (names.n > NAMES_SHOWN)
		buf_puts(out, " ...");
	buf_free(&names);
}

static void
unknown_issuer_put(struct buf *out, const X509 *cert)
{
	struct buf issuer = { 0 };

	tls_name_put(&issuer, X509_get_issuer_name(cert));
	buf_puts(out, "issued by an unknown authority: ");
	buf_put(out, slice_first(buf_slice(&issuer), NAMES_SHOWN));
	buf_free(&issuer);
}

void
tls_verdict_put(struct buf *out, const X509 *cert, long error)
{
	if (!cert)
		buf_puts(out, "no certificate was shown");
	else if (error == X509_V_ERR_HOSTNAME_MISMATCH ||
	    error == X509_V_ERR_IP_ADDRESS_MISMATCH)
		mismatch_put(out, cert);
	else if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	    error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)
		unknown_issuer_put(out, cert);
	else if (error == X509_V_ERR_DANE_NO_MATCH)
		buf_puts(out, "no TLSA record names this certificate, its key "
		    "or an issuer");
	else if (error != X509_V_OK)
		buf_puts(out, X509_verify_cert_error_string(error));
}

/* RFC 8446 6; what SSL_alert_desc_string_long() does not know, ERR does. */
static void
alert_put(struct buf *out, unsigned long error, int alert)
{
	const char *text = SSL_alert_desc_string_long(alert);
	const char *reason = ERR_reason_error_string(error);
	const char *named = reason ? strstr(reason, "alert ") : NULL;

	buf_puts(out, "the other side refused: ");
	if (named && strcmp(text, "unknown") == 0)
		text = named + strlen("alert ");
	buf_puts(out, text);
	if (alert == TLS13_AD_CERTIFICATE_REQUIRED)
		buf_puts(out, " (it demands one of the client)");
}

void
tls_error_put(struct buf *out, unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	const char *text = ERR_reason_error_string(error);

	if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET)
		alert_put(out, error, reason - SSL_AD_REASON_OFFSET);
	else if (reason == SSL_R_UNSUPPORTED_PROTOCOL)
		buf_puts(out, "it offers no version from TLS 1.2 on");
	else if (text)
		buf_puts(out, text);
	else
		buf_putf(out, "protocol error (OpenSSL code %lx)", error);
}
