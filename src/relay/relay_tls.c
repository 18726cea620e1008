/* SPDX-License-Identifier: ISC */
/*
 * relay_tls.c - whom a relay's TLS trusts: the same as a direct connection's.
 *
 * curl makes the SSL_CTX, and leaves it to us for whom the certificate must be
 * and who may have issued it (tls_files.h): its own check takes a name from the
 * subject, and knows no SSL_CERT_FILE.  It still checks the name once more.
 */
#include <openssl/ssl.h>
#include <stdio.h>

#include "net/tls_save.h"
#include "net/tls_state.h"
#include "net/tls_terms.h"
#include "relay/relay_impl.h"

bool
relay_tls_load(struct relay *r, const struct relay_call *call,
    struct outcome *why)
{
	const struct tls_config config = {
		.ca = call->ca,
		.cert = call->cert,
		.key = call->key,
	};

	r->terms = call->terms;
	tls_name_plain(r->name, call->tls_name ? call->tls_name : call->host);
	return r->in_clear ||
	    tls_files_load(&r->files, &config, "relay: ", why);
}

void
relay_tls_report(struct relay *r, const SSL *ssl, const X509 *cert)
{
	struct event e = event_make(EVENT_TLS, r->lane);
	struct buf text[4] = { { 0 } };

	if (!events_wanted(r->events) || !cert)
		return;
	e.secure = SSL_is_init_finished(ssl);
	tls_name_put(&text[0], X509_get_subject_name(cert));
	tls_name_put(&text[1], X509_get_issuer_name(cert));
	tls_cert_names_put(&text[2], cert);
	tls_time_put(&text[3], X509_get0_notAfter(cert));
	event_text(&e, "version", slice_of(SSL_get_version(ssl)));
	event_text(&e, "cipher", slice_of(SSL_get_cipher_name(ssl)));
	event_text(&e, "subject", buf_slice(&text[0]));
	event_text(&e, "issuer", buf_slice(&text[1]));
	event_text(&e, "names", buf_slice(&text[2]));
	event_text(&e, "expires", buf_slice(&text[3]));
	event_text(&e, "verdict", r->distrust.n > 0 ? SLICE("untrusted") :
						      SLICE("trusted"));
	if (r->distrust.n > 0)
		event_text(&e, "why", buf_slice(&r->distrust));
	events_put(r->events, &e);
	for (size_t i = 0; i < 4; i++)
		buf_free(&text[i]);
}

/* In place of X509_verify_cert(), to keep its reason and show whose it is. */
static int
on_verify(X509_STORE_CTX *x, void *user)
{
	struct relay *r = user;
	const SSL *ssl = X509_STORE_CTX_get_ex_data(x,
	    SSL_get_ex_data_X509_STORE_CTX_idx());

	tls_save_warn(tls_save(r->terms.save, x), r->events, r->lane);
	if (X509_verify_cert(x) == 1)
		return 1;
	buf_clear(&r->distrust);
	tls_verdict_put(&r->distrust, X509_STORE_CTX_get0_cert(x),
	    X509_STORE_CTX_get_error(x));
	relay_tls_report(r, ssl, X509_STORE_CTX_get0_cert(x));
	return 0;
}

/* CURLOPT_SSL_CTX_FUNCTION: what is left of a write may come from elsewhere. */
static CURLcode
on_context(CURL *easy, void *context, void *user)
{
	struct relay *r = user;
	SSL_CTX *ctx = context;
	struct outcome why = { .text = "out of memory" };

	(void)easy;
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, r);
	if (tls_name_demand(SSL_CTX_get0_param(ctx), r->name) &&
	    tls_files_apply(&r->files, ctx, &why) &&
	    tls_terms_apply(&r->terms, ctx, &why))
		return CURLE_OK;
	snprintf(r->error, sizeof r->error, "%.200s", why.text);
	return CURLE_SSL_CERTPROBLEM;
}

void
relay_tls_setup(struct relay *r)
{
	CURL *e = r->easy;

	curl_easy_setopt(e, CURLOPT_USE_SSL,
	    (long)(r->in_clear ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(e, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, r);
}
