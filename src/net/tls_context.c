/* SPDX-License-Identifier: ISC */
/* tls_context.c - what all connections of a run share: trust and identity. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_state.h"

#define HOUR 3600L
#define DAY  (24 * HOUR)

void
tls_init(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT, NULL);
}

static bool
config_fail(struct outcome *why, const char *what, const char *path,
    const char *reason)
{
	return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
	    "%s %s: %s", what, path, reason);
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
	X509_LOOKUP_meth_free(c->bundle);
	free(c->bundle_path);
	free(c->name);
	free(c);
}

static bool
trust_directory(X509_STORE *store, const char *path)
{
	X509_LOOKUP *l = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());

	return l && X509_LOOKUP_add_dir(l, path,
	    path ? X509_FILETYPE_PEM : X509_FILETYPE_DEFAULT) == 1;
}

/*
 * The hashed directory: the bundle file, which OpenSSL's own default would load
 * as well, costs 50 ms.  SSL_CERT_DIR is looked at by OpenSSL; SSL_CERT_FILE is
 * only read when the directory does not have what is wanted.
 */
static bool
trust_system(struct tls_context *c, X509_STORE *store)
{
	const char *file = secure_getenv(X509_get_default_cert_file_env());

	if (!trust_directory(store, NULL))
		return false;
	if (!file)
		return true;
	c->bundle_path = mem_dup(slice_of(file));
	return tls_bundle_trust(c, store);
}

static bool
trust_path(X509_STORE *store, const char *path, struct outcome *why)
{
	struct stat st;
	bool ok;

	if (stat(path, &st) != 0 || access(path, R_OK) != 0)
		return config_fail(why, "--ca", path, strerror(errno));
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	ok = S_ISDIR(st.st_mode) ? trust_directory(store, path)
				 : X509_STORE_load_file(store, path) == 1;
	return ok || config_fail(why, "--ca", path,
	    "no PEM certificates in this file");
}

static bool
set_trust(struct tls_context *c, const char *ca, struct outcome *why)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c->ctx);

	if (ca)
		return trust_path(store, ca, why);
	return trust_system(c, store) || system_fail(why);
}

/* Nobody is at the keyboard: a key under a passphrase is unusable. */
static int
no_passphrase(char *to, int max, int writing, void *user)
{
	(void)writing, (void)user;
	if (max > 0)
		to[0] = '\0';
	return -1;
}

static bool
set_identity(SSL_CTX *ctx, const struct tls_config *config,
    struct outcome *why)
{
	const char *key = config->key ? config->key : config->cert;

	if (!config->cert)
		return !config->key || config_fail(why, "--key", config->key,
		    "of no use without --cert");
	if (access(config->cert, R_OK) != 0)
		return config_fail(why, "--cert", config->cert,
		    strerror(errno));
	if (access(key, R_OK) != 0)
		return config_fail(why, "--key", key, strerror(errno));
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, config->cert) != 1)
		return config_fail(why, "--cert", config->cert,
		    "no usable PEM certificate in this file");
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return config_fail(why, "--key", key, "not the certificate's "
		    "private key in PEM, without a passphrase");
	return true;
}

struct tls_context *
tls_client_context(const struct tls_config *config, struct outcome *why)
{
	struct tls_context *c = context_new(TLS_client_method());
	bool ok = c ? set_trust(c, config->ca, why) &&
	    set_identity(c->ctx, config, why) : system_fail(why);

	ERR_clear_error();
	if (!ok) {
		tls_context_free(c);
		return NULL;
	}
	if (config->name)
		c->name = mem_dup(slice_of(config->name));
	return c;
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
tls_server_context(const char *name, struct outcome *why)
{
	struct tls_context *c = context_new(TLS_server_method());

	if (c && set_made_identity(c->ctx, name))
		return c;
	system_fail(why);
	ERR_clear_error();
	tls_context_free(c);
	return NULL;
}

const char *
tls_library_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
