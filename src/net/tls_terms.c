/* SPDX-License-Identifier: ISC */
/* tls_terms.c - see tls_terms.h */
#include "net/tls_terms.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/buf.h"

static int
version_of(unsigned char number)
{
	return number == 3 ? TLS1_3_VERSION : number == 2 ? TLS1_2_VERSION : 0;
}

static bool
refuse(struct outcome *why, const char *option, const char *value,
    const char *what)
{
	ERR_clear_error();
	return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(0, 0, 0),
	    "--%s %s: %s", option, value, what);
}

/* TLS 1.3 has its own suites, whose names all begin so. */
static bool
is_suite(struct slice name)
{
	return slice_starts(name, SLICE("TLS_"));
}

/* Those of TLS 1.3, or the others, as OpenSSL wants them. */
static void
pick(struct buf *out, const char *ciphers, bool suites)
{
	struct slice rest = slice_of(ciphers), name;

	while (slice_cut(&rest, ':', &name)) {
		if (name.n == 0 || is_suite(name) != suites)
			continue;
		if (out->n > 0)
			buf_putc(out, ':');
		buf_put(out, name);
	}
}

/* Where only one kind is named, the other TLS version is not spoken. */
static bool
set_ciphers(const char *ciphers, SSL_CTX *ctx, struct outcome *why)
{
	struct buf old = { 0 }, suites = { 0 };
	bool ok;

	pick(&old, ciphers, false);
	pick(&suites, ciphers, true);
	ok = (old.n == 0 || SSL_CTX_set_cipher_list(ctx, buf_str(&old)) == 1) &&
	    (suites.n == 0 ||
	        SSL_CTX_set_ciphersuites(ctx, buf_str(&suites)) == 1) &&
	    old.n + suites.n > 0;
	if (ok && old.n == 0)
		ok = SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1;
	if (ok && suites.n == 0)
		ok = SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1;
	buf_free(&old);
	buf_free(&suites);
	return ok || refuse(why, "ciphers", ciphers,
	    "OpenSSL knows no such cipher");
}

/* ---- secrets, for who reads the packets ---- */

static int
open_log(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

/* A line that is lost is missed by nobody but who reads the packets. */
static void
log_key(const SSL *ssl, const char *line)
{
	const char *path = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	int fd = path ? open_log(path) : -1;
	struct buf text = { 0 };

	if (fd < 0)
		return;
	buf_putf(&text, "%s\n", line);
	if (write(fd, buf_str(&text), text.n) < 0)
		errno = 0;
	close(fd);
	OPENSSL_cleanse(text.base, text.cap);
	buf_free(&text);
}

static bool
set_log(const char *path, SSL_CTX *ctx, struct outcome *why)
{
	int fd = open_log(path);

	if (fd < 0)
		return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(0, 0, 0),
		    "cannot append to --keylog %s: %s", path, strerror(errno));
	close(fd);
	SSL_CTX_set_app_data(ctx, (void *)path);
	SSL_CTX_set_keylog_callback(ctx, log_key);
	return true;
}

bool
tls_terms_apply(const struct tls_terms *t, SSL_CTX *ctx, struct outcome *why)
{
	if (t->min)
		SSL_CTX_set_min_proto_version(ctx, version_of(t->min));
	if (t->max)
		SSL_CTX_set_max_proto_version(ctx, version_of(t->max));
	if (t->ciphers && !set_ciphers(t->ciphers, ctx, why))
		return false;
	if (t->groups && SSL_CTX_set1_groups_list(ctx, t->groups) != 1)
		return refuse(why, "groups", t->groups,
		    "OpenSSL knows no such group");
	return !t->keylog || set_log(t->keylog, ctx, why);
}
