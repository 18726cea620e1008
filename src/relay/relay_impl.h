/* SPDX-License-Identifier: ISC */
/*
 * relay_impl.h - what the files of the relay module share; nobody else includes
 * it.
 *
 * relay.c has curl driven (drive.h), relay_setup.c tells it what to do,
 * relay_tls.c whom to trust, relay_talk.c listens to what it says and hears,
 * relay_words.c puts a server's words into curl's, relay_failure.c turns its
 * errors into outcomes, relay_stream.c is the connection that remains.
 */
#ifndef RELAY_RELAY_IMPL_H
#define RELAY_RELAY_IMPL_H

#include <curl/curl.h>

#include "base/buf.h"
#include "net/tls_files.h"
#include "relay/drive.h"
#include "relay/relay.h"
#include "smtp/reply.h"

/* A socket that curl has opened, and where to. */
struct relay_attempt {
	curl_socket_t fd;
	struct endpoint at;
};

struct relay {
	struct drive drive;
	CURL *easy;
	struct curl_slist *connect_to, *resolve;
	char error[CURL_ERROR_SIZE];
	struct events *events;
	unsigned lane;

	/* what was asked for */
	char *host, *user, *proxy;
	char *secret;		/* to redact it */
	uint16_t port;
	bool implicit_tls, in_clear;
	enum relay_auth_kind auth;
	bool logs_in;		/* with a password, a token or a certificate */
	char *mechanism;	/* the only one allowed, or empty */
	int64_t timeout;

	int64_t deadline;	/* WAIT_NEVER before the first step */

	/* how far it is */
	enum relay_state state;
	enum stage stage;
	struct relay_attempt attempt[DRIVE_SOCKETS];
	size_t nattempts;
	bool connected;
	bool refused_clear;	/* curl was kept off the open network */
	struct endpoint peer;
	char tls[16];		/* "TLSv1.3"; "" = clear so far */

	/* what was said */
	bool at_proxy;		/* these lines are HTTP, with the proxy */
	bool in_auth;		/* from AUTH to the reply that ends it */
	bool logged_in;		/* 235 was seen */
	struct buf credential;	/* what followed AUTH last, to redact it */
	struct reply_parser in;
	bool answered;		/* in.reply is the answer to the last command */
	struct outcome spurned;	/* a refused EHLO that curl went on after: it
				   tells why nothing is offered, or why we are
				   left */
	bool garbled;		/* it said what is no reply: see why */
	struct buf ehlo;
	struct outcome why;	/* once RELAY_FAILED */

	/* whom it trusts */
	struct tls_files files;
	struct tls_terms terms;
	char name[256];		/* whom the certificate must be for */
	struct buf distrust;	/* why it did not verify */
};

/*
 * Check a call and set r->easy up for it; false with *why (FAILED,
 * STAGE_CONFIG).
 */
bool relay_setup(struct relay *r, const struct relay_call *call,
    struct outcome *why);

/* Have curl report to r what it opens, says and hears. */
void relay_talk_setup(struct relay *r);

/* Report what became known of the connection: connected, under TLS. */
void relay_talk_notice(struct relay *r);

/* Trust and identity of a call's files; the rest of TLS. */
bool relay_tls_load(struct relay *r, const struct relay_call *call,
    struct outcome *why);
void relay_tls_setup(struct relay *r);

/* Put an EVENT_TLS about this certificate, trusted or why not. */
void relay_tls_report(struct relay *r, const SSL *ssl, const X509 *cert);

/* curl's TLS connection; NULL without one. */
const SSL *relay_ssl(const struct relay *r);

/* curl has ended with code, not CURLE_OK: fill *why. */
void relay_failure(struct relay *r, CURLcode code, struct outcome *why);

/* What curl says about it, or the system where curl does not know. */
void relay_reason_put(struct buf *out, const struct relay *r, CURLcode code);

/* Time is up; or what was heard, line, is no SMTP: r->why. */
void relay_failure_timeout(struct relay *r, struct outcome *why);
void relay_failure_garbled(struct relay *r, struct slice line);

/*
 * A line of a reply as curl should read it, changed in place: r knows which
 * command it answers.
 */
void relay_words(struct relay *r, char *line, size_t n);

/* The mechanisms of the last EHLO reply; is this one of them? */
struct slice relay_mechanisms(const struct relay *r);
bool relay_offers(const struct relay *r, struct slice mechanism);

/* curl is content, but are we?  False with *why without login or TLS. */
bool relay_failure_check(struct relay *r, struct outcome *why);

/* Begin with curl, whose memory is wiped; curl_global_cleanup() ends it. */
void relay_curl_init(void);

/* Copies of secrets. */
void relay_wipe_buf(struct buf *b);
void relay_wipe_string(char **s);

/* Everything of r but its curl handles is given back; then those. */
void relay_free(struct relay *r);

extern const struct stream_ops relay_stream_ops;

#endif
