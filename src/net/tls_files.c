/* SPDX-License-Identifier: ISC */
/* tls_files.c - see tls_files.h */
#include "net/tls_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/inet.h"
#include "base/mem.h"
#include "net/file.h"

#define FILE_MAX (64 << 20) /* of a file that we read whole */

/* A file that is being looked at, and what to say about it. */
struct look {
	const char *prefix;
	struct outcome *why;
	const char *path;
	char what[32];		/* "--cert" */
	struct buf text;
};

static bool
read_it(struct look *l)
{
	return file_read(l->path, &l->text) ||
	    file_fail(l->why, l->what, l->path, errno);
}

/* It was read, but is not what it should be; or memory was short. */
static bool
refuse(const struct look *l, const char *reason)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return file_fail(l->why, l->what, l->path, ENOMEM);
	return outcome_fail(l->why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
	    "%s %s: %s", l->what, l->path, reason);
}

static bool
parse_bundle(struct tls_bundle *b, struct look *l)
{
	char reason[64];
	int n = tls_bundle_parse(b, buf_slice(&l->text));

	if (n > 0)
		return true;
	snprintf(reason, sizeof reason, "certificate %zu is damaged", b->n + 1);
	return refuse(l, n < 0 ? reason : "no PEM certificates in this file");
}

static bool
load_ca(struct tls_files *f, struct look *l)
{
	struct stat st;

	if (stat(l->path, &st) != 0)
		return file_fail(l->why, l->what, l->path, errno);
	if (S_ISDIR(st.st_mode)) {
		f->dir = mem_dup(slice_of(l->path));
		return true;
	}
	return read_it(l) && parse_bundle(&f->bundle, l);
}

/*
 * The hashed directory: the bundle file, which OpenSSL's own default would load
 * as well, costs 50 ms.  SSL_CERT_FILE is only read when the directory does not
 * have what is wanted.
 */
static void
load_system(struct tls_files *f)
{
	const char *dir = secure_getenv(X509_get_default_cert_dir_env());
	const char *file = secure_getenv(X509_get_default_cert_file_env());

	f->dir = mem_dup(slice_of(dir ? dir : X509_get_default_cert_dir()));
	if (file)
		f->bundle.path = mem_dup(slice_of(file));
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

/* The first certificate of the text is the client's, the others its chain. */
static bool
parse_chain(struct tls_files *f, BIO *in)
{
	X509 *x;

	f->cert = in ? PEM_read_bio_X509_AUX(in, NULL, no_passphrase, NULL)
		     : NULL;
	f->chain = sk_X509_new_null();
	if (!f->cert || !f->chain)
		return false;
	while ((x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)))
		if (sk_X509_push(f->chain, x) == 0) {
			X509_free(x);
			return false;
		}
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static BIO *
bio_of(const struct look *l)
{
	struct slice text = buf_slice(&l->text);

	return BIO_new_mem_buf(text.p, (int)text.n);
}

static bool
load_cert(struct tls_files *f, struct look *l)
{
	BIO *in;
	bool ok;

	if (!read_it(l))
		return false;
	in = bio_of(l);
	ok = in && parse_chain(f, in);
	BIO_free(in);
	return ok || refuse(l, "no usable PEM certificate in this file");
}

/* Both forms of PEM, PKCS #8 and the old one, say so in this word. */
static bool
is_encrypted(const struct look *l)
{
	return l->text.n > 0 &&
	    memmem(buf_slice(&l->text).p, l->text.n, "ENCRYPTED", 9);
}

static bool
refuse_key(const struct tls_files *f, const struct look *l)
{
	if (f->key)
		return refuse(l, "not the private key of the certificate");
	if (is_encrypted(l))
		return refuse(l, "the private key is encrypted: one without a "
				 "passphrase is wanted");
	return refuse(l, "no private key in PEM in this file");
}

static bool
load_key(struct tls_files *f, struct look *l)
{
	BIO *in;

	if (!read_it(l))
		return false;
	in = bio_of(l);
	if (in)
		f->key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
	BIO_free(in);
	return (f->key && X509_check_private_key(f->cert, f->key) == 1) ||
	    refuse_key(f, l);
}

/* One file, with its option's name; no key's text stays in memory. */
static bool
load(struct tls_files *f, struct look *l, const char *option, const char *path,
    bool (*into)(struct tls_files *, struct look *))
{
	bool ok;

	snprintf(l->what, sizeof l->what, "%s%s", l->prefix, option);
	l->path = path;
	l->text.max = FILE_MAX;
	ERR_clear_error();
	ok = into(f, l);
	ERR_clear_error();
	if (into != load_ca && l->text.base)
		explicit_bzero(l->text.base, l->text.cap);
	buf_free(&l->text);
	l->text = (struct buf){ 0 };
	return ok;
}

static bool
load_identity(struct tls_files *f, struct look *l,
    const struct tls_config *config)
{
	const char *key = config->key ? config->key : config->cert;

	if (!config->cert)
		return !config->key || outcome_fail(l->why, FAILED,
		    STAGE_CONFIG, ESC(5, 3, 5), "%skey %s: of no use without "
		    "%scert", l->prefix, config->key, l->prefix);
	return load(f, l, "cert", config->cert, load_cert) &&
	    load(f, l, config->key ? "key" : "cert", key, load_key);
}

bool
tls_files_load(struct tls_files *f, const struct tls_config *config,
    const char *prefix, struct outcome *why)
{
	struct look l = { .prefix = prefix, .why = why };

	*f = (struct tls_files){ .partial = config->ca != NULL };
	if (!config->ca)
		load_system(f);
	else if (!load(f, &l, "ca", config->ca, load_ca))
		return false;
	return load_identity(f, &l, config);
}

void
tls_files_free(struct tls_files *f)
{
	X509_LOOKUP_meth_free(f->lookup);
	X509_free(f->cert);
	sk_X509_pop_free(f->chain, X509_free);
	EVP_PKEY_free(f->key);
	tls_bundle_free(&f->bundle);
	free(f->dir);
	*f = (struct tls_files){ 0 };
}

static bool
add_directory(X509_STORE *store, const char *path)
{
	X509_LOOKUP *l = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());

	return l && X509_LOOKUP_add_dir(l, path, X509_FILETYPE_PEM) == 1;
}

static bool
add_bundle(X509_STORE *store, struct tls_files *f)
{
	X509_LOOKUP *l;

	if (!f->lookup)
		f->lookup = tls_bundle_lookup();
	l = f->lookup ? X509_STORE_add_lookup(store, f->lookup) : NULL;
	return l && X509_LOOKUP_set_method_data(l, &f->bundle) == 1;
}

static bool
apply_trust(struct tls_files *f, X509_STORE *store)
{
	if (f->partial)
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (f->dir && !add_directory(store, f->dir))
		return false;
	return (f->bundle.n == 0 && !f->bundle.path) || add_bundle(store, f);
}

static bool
apply_identity(const struct tls_files *f, SSL_CTX *ctx)
{
	if (SSL_CTX_use_certificate(ctx, f->cert) != 1)
		return false;
	for (int i = 0; i < sk_X509_num(f->chain); i++)
		if (SSL_CTX_add1_chain_cert(ctx, sk_X509_value(f->chain, i)) !=
		    1)
			return false;
	return SSL_CTX_use_PrivateKey(ctx, f->key) == 1;
}

bool
tls_files_apply(struct tls_files *f, SSL_CTX *ctx, struct outcome *why)
{
	const char *reason;

	ERR_clear_error();
	if (!apply_trust(f, SSL_CTX_get_cert_store(ctx)))
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "cannot set up TLS: OpenSSL has no memory");
	if (!f->cert || apply_identity(f, ctx))
		return true;
	reason = ERR_reason_error_string(ERR_peek_last_error());
	ERR_clear_error();
	return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
	    "the client certificate: %s", reason ? reason : "not usable");
}

void
tls_name_plain(char to[256], const char *host)
{
	struct slice s = slice_of(host);
	struct buf plain = { 0 };
	struct ip ip;

	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	if (ip_literal_parse(s, &ip))
		ip_put(&plain, &ip);
	else
		buf_put(&plain, s);
	snprintf(to, 256, "%s", buf_str(&plain));
	buf_free(&plain);
}

bool
tls_name_demand(X509_VERIFY_PARAM *param, const char *name)
{
	struct ip ip;

	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (ip_parse(slice_of(name), &ip))
		return X509_VERIFY_PARAM_set1_ip(param, ip.b,
		    ip.version == 6 ? 16 : 4) == 1;
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}
