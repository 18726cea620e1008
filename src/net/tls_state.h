/* SPDX-License-Identifier: ISC */
/*
 * tls_state.h - what the TLS files (tls*.c) and their tests share.  Nobody else
 * includes it, but for the relay, which prints certificates like us.
 */
#ifndef NET_TLS_STATE_H
#define NET_TLS_STATE_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/tls_files.h"

struct tls_context {
	SSL_CTX *ctx;
	BIO_METHOD *wire;	/* the BIO under every SSL of this context */
	struct tls_files files;
};

#define TLS_IDLE_MAX 1000 /* messages without data, in a row */
#define TLS_SEEN     64	  /* first bytes of the peer that are kept */

enum tls_dane {
	TLS_DANE_NONE,
	TLS_DANE_DEMANDED,	/* by a record, or not at all */
	TLS_DANE_UNUSABLE,	/* no record can be read: nobody can be trusted,
				   but TLS is a must */
};

struct tls {
	SSL *ssl;
	struct stream raw;	/* the socket; our stream is its owner */
	struct buf out;		/* records that were not written yet */
	bool held;		/* out is our last flight of the handshake:
				   it waits for the first command */
	bool starved;		/* the socket had nothing more */
	bool ended;		/* the socket came to its end */
	bool broken;		/* no more records may be sent */
	unsigned idle;		/* messages in a row that brought no data */
	enum tls_level level;	/* what is demanded, by what is known now */
	enum tls_dane dane;
	int save_error;		/* errno: its chain could not be saved; 0 */
	X509 *refused;		/* the leaf that did not verify, or NULL */
	char host[256];		/* who it is with; empty in a server */
	char name[256];		/* what the certificate is checked for */
	char sni[256];		/* what was asked for, or empty */
	char seen[TLS_SEEN];
	size_t nseen;
};

/* The functions of tls_module; tls.h describes them. */
struct tls_context *tls_client_context(const struct tls_config *config,
    struct outcome *why);
struct tls_context *tls_server_context(const char *name,
    const struct tls_config *config, struct outcome *why);
void tls_context_free(struct tls_context *c);
bool tls_start(struct stream *s, struct tls_context *c,
    const struct tls_demand *demand, struct outcome *why);
bool tls_accept(struct stream *s, struct tls_context *c, struct outcome *why);
enum tls_step tls_step(struct stream *s, struct outcome *why);
void tls_report(const struct stream *s, struct events *q, unsigned lane);
const char *tls_version(const struct stream *s);
enum tls_result_type tls_result(const struct stream *s);
enum tls_level tls_level(const struct stream *s);
void tls_facts(const struct stream *s, struct tls_facts *f);
void tls_facts_free(struct tls_facts *f);

/* Chain and name are good. */
bool tls_is_trusted(const struct stream *s);

/*
 * Demand what these TLSA records name; sets t->dane.  False when memory is
 * short or a name is none.
 */
bool tls_dane_demand(struct tls *t, SSL_CTX *ctx, const struct dane *d);

/*
 * After the handshake: append the record that names the other side; false when
 * there is none.
 */
bool tls_dane_put(struct buf *out, const struct tls *t);

/* OpenSSL without its configuration file, error strings and atexit handler. */
void tls_init(void);

/* TLS as a kind of stream. */
extern const struct stream_ops tls_stream_ops;

/* One write of all records there are; IO_OK when none is left. */
enum io tls_push(struct stream *s);

/* OpenSSL's last call failed for good: say why in the stream. */
enum io tls_fail(struct stream *s);

/* The BIO that joins a struct tls to its socket and its buffer. */
BIO_METHOD *tls_wire_new(void);

/*
 * A self-signed P-256 certificate for name (also localhost, 127.0.0.1 and ::1),
 * good between two moments, in seconds from now.  NULL when OpenSSL fails;
 * otherwise the certificate and *key are the caller's.
 */
X509 *tls_cert_make(const char *name, long from, long to, EVP_PKEY **key);

/* Append "CN=mx.example, O=Example". */
void tls_name_put(struct buf *out, const X509_NAME *name);

/* Append the DNS names and addresses a certificate is for: "a.example, ::1". */
void tls_cert_names_put(struct buf *out, const X509 *cert);

/* Append "2027-01-31T12:00:00Z". */
void tls_time_put(struct buf *out, const ASN1_TIME *t);

/*
 * Append why a leaf did not verify, from X509_STORE_CTX's error; nothing when
 * it did.
 */
void tls_verdict_put(struct buf *out, const X509 *cert, long error);

/* Append what an error of OpenSSL's queue means. */
void tls_error_put(struct buf *out, unsigned long error);

/* Append why the peer's certificate is not trusted; nothing when it is. */
void tls_distrust_put(struct buf *out, const struct tls *t);

/* Append why the last call failed, in words, from what OpenSSL left behind. */
void tls_reason_put(struct buf *out, const struct tls *t);

/* Did the last call fail because of the peer's certificate? */
bool tls_reason_is_certificate(void);

#endif
