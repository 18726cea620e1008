/* SPDX-License-Identifier: ISC */
/*
 * relay_failure.c - from curl's errors to outcomes; see relay.h
 *
 * Every one is temporary (FAULTS rows 39 and 89): what a relay refuses before
 * the hand-over says nothing about the mail, and a wrong password is mended by
 * a person.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/codec.h"
#include "net/tls_state.h"
#include "relay/relay_impl.h"

/* "smtp.example.net:587" */
static void
put_relay(struct buf *out, const struct relay *r)
{
	buf_putf(out, "%s:%u", r->host, r->port);
}

/*
 * "...: error:0A00045C:SSL routines::tlsv13 alert ...": OpenSSL's own words.
 * What begins with no TLS record has a "wrong version number".
 */
static bool
put_openssl(struct buf *out, const char *error)
{
	const char *text = strstr(error, "error:");
	unsigned long code;

	if (!text || !strstr(text, ":SSL routines:"))
		return false;
	code = strtoul(text + 6, NULL, 16);
	if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
		buf_puts(out, "the other side does not speak TLS here");
	else
		tls_error_put(out, code);
	return true;
}

/* curl's words for an end of file, in a reply and in a handshake. */
static bool
is_eof(const char *error)
{
	return strncmp(error, "response reading failed", 23) == 0 ||
	    strstr(error, "SSL_connect: SSL_ERROR_SYSCALL");
}

/* What curl says about it, or the system where curl does not know. */
void
relay_reason_put(struct buf *out, const struct relay *r, CURLcode code)
{
	long error = 0;

	curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_COULDNT_CONNECT && error != 0)
		buf_puts(out, strerror((int)error));
	else if (is_eof(r->error))
		buf_puts(out, "the other side closed the connection");
	else if (!put_openssl(out, r->error))
		buf_puts(out,
		    r->error[0] != '\0' ? r->error : curl_easy_strerror(code));
}

static void
set_host(const struct relay *r, struct outcome *why)
{
	outcome_set_host(why, slice_of(r->host),
	    r->connected && !r->proxy[0] ? &r->peer : NULL);
	outcome_set_tls(why, r->tls);
	why->policy = TLS_VERIFY;
}

static void
finish(struct relay *r, struct outcome *why, enum stage stage, struct esc esc,
    struct buf *text)
{
	*why = outcome_make(DEFERRED, stage, esc, "%s", buf_str(text));
	set_host(r, why);
	buf_free(text);
}

/* The server's own words, and none of ours among them. */
static void
fail_by_reply(struct relay *r, struct outcome *why)
{
	*why = outcome_from_reply(&r->in.reply, DEFERRED, r->stage);
	why->verdict = DEFERRED;
	set_host(r, why);
}

/* Is the last thing heard a refusal? */
static bool
is_refused(const struct relay *r)
{
	return r->answered && (reply_kind(&r->in.reply) >= REPLY_LATER ||
	    reply_is_closing(&r->in.reply));
}

static const char *
credential(const struct relay *r)
{
	switch (r->auth) {
	case RELAY_PASSWORD:
		return "password";
	case RELAY_TOKEN:
		return "token";
	case RELAY_NO_AUTH:
		break;
	}
	return "certificate";
}

/* It has refused EHLO; that is why it offered nothing. */
static void
fail_spurned(struct relay *r, struct outcome *why)
{
	*why = r->spurned;
	why->verdict = DEFERRED;
	set_host(r, why);
}

static void
fail_unoffered(struct relay *r, struct outcome *why)
{
	struct slice list = relay_mechanisms(r);
	struct buf text = { 0 };

	if (r->spurned.code != 0) {
		fail_spurned(r, why);
		return;
	}
	if (list.n == 0)
		buf_puts(&text, "the relay offers no AUTH");
	else
		buf_puts(&text, "the relay offers no AUTH mechanism that may "
				"be used here, only ");
	buf_put(&text, list);
	finish(r, why, STAGE_AUTH, ESC(4, 7, 4), &text);
}

/*
 * AUTH ended with a challenge.  In answer to a token that is a refusal, with
 * the reason as JSON inside (RFC 7628 3.2.2); curl waits for no more.
 */
static void
fail_by_challenge(struct relay *r, struct outcome *why, struct buf *text)
{
	struct buf said = { 0 };

	if (r->auth == RELAY_TOKEN &&
	    base64_decode(&said, slice_trim(buf_slice(&r->in.reply.text))) &&
	    said.n > 0)
		buf_put(text, buf_slice(&said));
	else
		buf_puts(text, "it did not end the AUTH dialogue");
	finish(r, why, STAGE_AUTH, ESC(4, 7, 8), text);
	buf_free(&said);
}

static void
fail_login(struct relay *r, struct outcome *why)
{
	bool refused = is_refused(r);
	bool later = refused && reply_kind(&r->in.reply) == REPLY_LATER;
	struct buf text = { 0 };

	if (r->stage != STAGE_AUTH) {
		fail_unoffered(r, why);
		return;
	}
	buf_putf(&text, "the relay %s the %s%s%s",
	    later ? "cannot check" : "refused",
	    refused && !later && r->in.reply.code != 535 ? "login" :
							   credential(r),
	    r->user[0] ? " of user " : "", r->user);
	if (refused) {
		fail_by_reply(r, why);
		outcome_set_ours(why, "%s", buf_str(&text));
		buf_free(&text);
		return;
	}
	buf_puts(&text, ": ");
	fail_by_challenge(r, why, &text);
}

static void
fail_starttls(struct relay *r, struct outcome *why)
{
	struct buf text = { 0 };

	if (r->stage == STAGE_STARTTLS && is_refused(r)) {
		fail_by_reply(r, why);
		return;
	}
	buf_puts(&text, "the relay offers no STARTTLS, and nothing is sent "
			"in clear");
	finish(r, why, STAGE_STARTTLS, ESC(4, 7, 4), &text);
}

static void
fail_tls(struct relay *r, CURLcode code, struct outcome *why)
{
	bool certificate = code == CURLE_PEER_FAILED_VERIFICATION;
	struct buf text = { 0 };

	buf_puts(&text,
	    certificate ? "certificate of relay " : "TLS with relay ");
	put_relay(&text, r);
	buf_puts(&text, ": ");
	if (certificate && r->distrust.n > 0)
		buf_put(&text, buf_slice(&r->distrust));
	else
		relay_reason_put(&text, r, code);
	finish(r, why, STAGE_TLS,
	    certificate ? ESC(4, 7, 5) : ESC(4, 7, 0), &text);
}

static void
fail_connect(struct relay *r, CURLcode code, struct outcome *why)
{
	struct buf text = { 0 };

	buf_puts(&text, "connect relay ");
	put_relay(&text, r);
	buf_puts(&text, r->proxy[0] ? " through the proxy: " : ": ");
	if (r->refused_clear)
		buf_puts(&text, "without TLS only on loopback");
	else
		relay_reason_put(&text, r, code);
	finish(r, why, STAGE_CONNECT, ESC(4, 4, 1), &text);
}

/* A refusal of something else, or a dialogue that broke. */
static void
fail_otherwise(struct relay *r, CURLcode code, struct outcome *why)
{
	struct buf text = { 0 };

	if (is_refused(r)) {
		fail_by_reply(r, why);
		return;
	}
	if (r->spurned.code != 0) {
		fail_spurned(r, why);
		return;
	}
	buf_puts(&text, "relay ");
	put_relay(&text, r);
	buf_putf(&text, ": %s: ", stage_name(r->stage));
	relay_reason_put(&text, r, code);
	finish(r, why, r->stage, ESC(4, 4, 2), &text);
}

void
relay_failure_timeout(struct relay *r, struct outcome *why)
{
	struct buf text = { 0 };

	buf_puts(&text, "relay ");
	put_relay(&text, r);
	if (r->stage == STAGE_CONNECT)
		buf_puts(&text, r->proxy[0] ? ": no connection through the "
					      "proxy" : ": no connection");
	else
		buf_putf(&text, ": no answer (%s)", stage_name(r->stage));
	buf_putf(&text, " within %u s", (unsigned)(r->timeout / 1000000));
	finish(r, why, r->stage, ESC(4, 4, r->connected ? 2 : 1), &text);
	why->timed_out = true;
}

void
relay_failure_garbled(struct relay *r, struct slice line)
{
	r->garbled = true;
	r->why = outcome_from_garbage(&r->in, line, r->stage);
	set_host(r, &r->why);
}

/* curl has a limit of its own for what comes at once. */
static bool
is_flood(const struct relay *r)
{
	static const char says[] = "Too large response headers";

	return strncmp(r->error, says, sizeof says - 1) == 0;
}

static void
fail_flood(struct relay *r, struct outcome *why)
{
	r->in.error = "a reply that is too long";
	relay_failure_garbled(r, (struct slice){ 0 });
	*why = r->why;
}

/* More than the reply to STARTTLS had come when TLS was to begin. */
static bool
is_injected(const struct relay *r, CURLcode code)
{
	return code == CURLE_WEIRD_SERVER_REPLY &&
	    r->stage == STAGE_STARTTLS && r->answered &&
	    reply_kind(&r->in.reply) == REPLY_DONE;
}

static void
fail_injected(struct relay *r, struct outcome *why)
{
	*why = outcome_from_injection();
	set_host(r, why);
}

static bool
is_tls_error(CURLcode code)
{
	static const CURLcode all[] = { CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM,
		CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED,
		CURLE_SSL_CLIENTCERT };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i] == code)
			return true;
	return false;
}

void
relay_failure(struct relay *r, CURLcode code, struct outcome *why)
{
	if (code == CURLE_OPERATION_TIMEDOUT)
		relay_failure_timeout(r, why);
	else if (is_tls_error(code))
		fail_tls(r, code, why);
	else if (is_flood(r))
		fail_flood(r, why);
	else if (is_injected(r, code))
		fail_injected(r, why);
	else if (code == CURLE_USE_SSL_FAILED)
		fail_starttls(r, why);
	else if (code == CURLE_LOGIN_DENIED)
		fail_login(r, why);
	else if (r->stage == STAGE_CONNECT)
		fail_connect(r, code, why);
	else
		fail_otherwise(r, code, why);
}

bool
relay_failure_check(struct relay *r, struct outcome *why)
{
	struct buf text = { 0 };

	if (!r->in_clear && r->tls[0] == '\0') {
		buf_puts(&text, "the connection to the relay has no TLS");
		finish(r, why, STAGE_TLS, ESC(4, 7, 4), &text);
		return false;
	}
	if (r->logs_in && !r->logged_in) {
		fail_unoffered(r, why);
		return false;
	}
	return true;
}
