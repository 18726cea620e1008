/* SPDX-License-Identifier: ISC */
/* tls_text.c - why TLS failed or is not trusted, for people. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/tls_save.h"
#include "net/tls_state.h"

void
tls_distrust_put(struct buf *out, const struct tls *t)
{
	const X509 *cert = t->refused ? t->refused
				      : SSL_get0_peer_certificate(t->ssl);

	tls_verdict_put(out, cert, SSL_get_verify_result(t->ssl));
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

/* A bad signature leaves its own errors below. */
bool
tls_reason_is_certificate(void)
{
	unsigned long error = ERR_peek_last_error();

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
		tls_error_put(out, error);
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
verdict_fields(struct event *e, struct buf *why, struct buf *record,
    const struct stream *s)
{
	const struct tls *t = s->state;

	if (SSL_is_server(t->ssl))
		return;
	tls_distrust_put(why, t);
	event_text(e, "verdict", slice_of(tls_is_trusted(s) ? "trusted"
							    : "untrusted"));
	if (why->n > 0)
		event_text(e, "why", buf_slice(why));
	event_text(e, "level", slice_of(tls_level_name(t->level)));
	if (tls_is_trusted(s) && tls_dane_put(record, t))
		event_text(e, "tlsa", buf_slice(record));
	if (t->sni[0] != '\0')
		event_text(e, "sni", slice_of(t->sni));
}

void
tls_report(const struct stream *s, struct events *q, unsigned lane)
{
	const struct tls *t = s->state;
	struct event e = event_make(EVENT_TLS, lane);
	struct buf text[6] = { { 0 } };
	const X509 *cert = SSL_get0_peer_certificate(t->ssl);

	if (!cert)
		cert = t->refused;
	tls_save_warn(t->save_error, q, lane);
	if (!events_wanted(q) || (!cert && !SSL_is_init_finished(t->ssl)))
		return;
	e.secure = SSL_is_init_finished(t->ssl);
	event_text(&e, "version", slice_of(SSL_get_version(t->ssl)));
	event_text(&e, "cipher", slice_of(SSL_get_cipher_name(t->ssl)));
	certificate_fields(&e, text, cert);
	verdict_fields(&e, &text[4], &text[5], s);
	events_put(q, &e);
	for (size_t i = 0; i < 6; i++)
		buf_free(&text[i]);
}
