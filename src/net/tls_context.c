/* SPDX-License-Identifier: ISC */
/* tls_context.c - what all connections of a run share: trust and identity. */
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_save.h"
#include "net/tls_state.h"
#include "net/tls_terms.h"

#define HOUR 3600L
#define DAY  (24 * HOUR)

void
tls_init(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT, NULL);
}

static bool
system_fail(struct outcome *why)
{
	return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
	    "cannot set up TLS: OpenSSL has no memory or no randomness");
}

static struct tls_context *
context_new(const SSL_METHOD *method)
{
	struct tls_context *c = mem_alloc(sizeof *c);

	tls_init();
	c->wire = tls_wire_new();
	c->ctx = SSL_CTX_new(method);
	if (!c->wire || !c->ctx) {
		tls_context_free(c);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(c->ctx, 0);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS);
	/* a call ends after each record, so that we can count them */
	SSL_CTX_clear_mode(c->ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(c->ctx, 1);
	return c;
}

void
tls_context_free(struct tls_context *c)
{
	if (!c)
		return;
	SSL_CTX_free(c->ctx);
	BIO_meth_free(c->wire);
	tls_files_free(&c->files);
	free(c);
}

/* With what the files of the config say; NULL with *why. */
static struct tls_context *
with_files(struct tls_context *c, const struct tls_config *config,
    struct outcome *why)
{
	bool ok = c ? tls_files_load(&c->files, config, "--", why) &&
	    tls_files_apply(&c->files, c->ctx, why) : system_fail(why);

	ERR_clear_error();
	if (!ok) {
		tls_context_free(c);
		return NULL;
	}
	return c;
}

struct tls_context *
tls_client_context(const struct tls_config *config, struct outcome *why)
{
	struct tls_context *c = with_files(context_new(TLS_client_method()),
	    config, why);

	if (c && tls_terms_apply(&config->terms, c->ctx, why) &&
	    tls_save_begin(config, c->ctx, why))
		return c;
	tls_context_free(c);
	return NULL;
}

static bool
set_made_identity(SSL_CTX *ctx, const char *name)
{
	EVP_PKEY *key = NULL;
	X509 *cert = tls_cert_make(name, -HOUR, 30 * DAY, &key);
	bool ok = cert && SSL_CTX_use_certificate(ctx, cert) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, key) == 1;

	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

struct tls_context *
tls_server_context(const char *name, const struct tls_config *config,
    struct outcome *why)
{
	struct tls_context *c = context_new(TLS_server_method());

	if (config->cert)
		return with_files(c, config, why);
	if (c && set_made_identity(c->ctx, name))
		return c;
	system_fail(why);
	ERR_clear_error();
	tls_context_free(c);
	return NULL;
}
