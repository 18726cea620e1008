/* SPDX-License-Identifier: ISC */
/* tls_text.c - why TLS failed or is not trusted, for people. */
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
tls_distrust_put(struct buf *out, const struct tls *t)
{
	const X509 *cert = t->refused ? t->refused
				      : SSL_get0_peer_certificate(t->ssl);
	long error = SSL_get_verify_result(t->ssl);

	if (!cert)
		buf_puts(out, "no certificate was shown");
	else if (error == X509_V_ERR_HOSTNAME_MISMATCH ||
	    error == X509_V_ERR_IP_ADDRESS_MISMATCH)
		mismatch_put(out, cert);
	else if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	    error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)
		unknown_issuer_put(out, cert);
	else if (error != X509_V_OK)
		buf_puts(out, X509_verify_cert_error_string(error));
}

/* A TLS record of the handshake, or an alert, begins so. */
static bool
is_tls(const struct tls *t)
{
	return t->nseen < 2 ||
	    ((t->seen[0] == 0x16 || t->seen[0] == 0x15) && t->seen[1] == 3);
}

static void
not_tls_put(struct buf *out, const struct tls *t)
{
	struct slice line = slice_trim((struct slice){ t->seen, t->nseen });

	line = slice_first(line, slice_find(line, '\r'));
	line = slice_first(line, slice_find(line, '\n'));
	buf_puts(out, "the other side does not speak TLS here, it said \"");
	buf_put(out, line);
	buf_puts(out, "\"");
}

static void
openssl_put(struct buf *out, unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	const char *text = ERR_reason_error_string(error);

	if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET)
		buf_putf(out, "the other side refused: %s",
		    SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
	else if (reason == SSL_R_UNSUPPORTED_PROTOCOL)
		buf_puts(out, "it offers no version from TLS 1.2 on");
	else if (text)
		buf_puts(out, text);
	else
		buf_putf(out, "protocol error (OpenSSL code %lx)", error);
}

bool
tls_reason_is_certificate(void)
{
	unsigned long error = ERR_peek_error();

	return ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

void
tls_reason_put(struct buf *out, const struct tls *t)
{
	unsigned long error = ERR_peek_error();

	if (tls_reason_is_certificate())
		tls_distrust_put(out, t);
	else if (!is_tls(t))
		not_tls_put(out, t);
	else if (t->raw.error[0] != '\0')
		buf_puts(out, t->raw.error);
	else if (t->ended || error == 0)
		buf_puts(out, "the other side closed the connection");
	else
		openssl_put(out, error);
}

static void
certificate_fields(struct event *e, struct buf text[4], const X509 *cert)
{
	if (!cert)
		return;
	tls_name_put(&text[0], X509_get_subject_name(cert));
	tls_name_put(&text[1], X509_get_issuer_name(cert));
	tls_cert_names_put(&text[2], cert);
	tls_time_put(&text[3], X509_get0_notAfter(cert));
	event_text(e, "subject", buf_slice(&text[0]));
	event_text(e, "issuer", buf_slice(&text[1]));
	event_text(e, "names", buf_slice(&text[2]));
	event_text(e, "expires", buf_slice(&text[3]));
}

static void
verdict_fields(struct event *e, struct buf *why, const struct stream *s)
{
	const struct tls *t = s->state;

	if (SSL_is_server(t->ssl))
		return;
	tls_distrust_put(why, t);
	event_text(e, "verdict", slice_of(tls_is_trusted(s) ? "trusted"
							    : "untrusted"));
	if (why->n > 0)
		event_text(e, "why", buf_slice(why));
	if (t->sni[0] != '\0')
		event_text(e, "sni", slice_of(t->sni));
}

void
tls_report(const struct stream *s, struct events *q, unsigned lane)
{
	const struct tls *t = s->state;
	struct event e = event_make(EVENT_TLS, lane);
	struct buf text[5] = { { 0 } };

	if (!events_wanted(q))
		return;
	e.secure = true;
	event_text(&e, "version", slice_of(SSL_get_version(t->ssl)));
	event_text(&e, "cipher", slice_of(SSL_get_cipher_name(t->ssl)));
	certificate_fields(&e, text, SSL_get0_peer_certificate(t->ssl));
	verdict_fields(&e, &text[4], s);
	events_put(q, &e);
	for (size_t i = 0; i < 5; i++)
		buf_free(&text[i]);
}
