/* SPDX-License-Identifier: ISC */
/* tls_save.c - see tls_save.h */
#include "net/tls_save.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/ascii.h"
#include "net/file.h"
#include "net/tls_state.h"

#define FILE_MAX 1048576

static void
put_cert(struct buf *out, const X509 *cert)
{
	BIO *b = BIO_new(BIO_s_mem());
	struct buf subject = { 0 };
	char *text;
	long n;

	tls_name_put(&subject, X509_get_subject_name(cert));
	buf_puts(out, "# ");
	text_escape(out, buf_slice(&subject));
	buf_putc(out, '\n');
	if (b && PEM_write_bio_X509(b, cert) == 1 &&
	    (n = BIO_get_mem_data(b, &text)) > 0)
		buf_put(out, (struct slice){ text, (size_t)n });
	BIO_free(b);
	buf_free(&subject);
}

/* Another connection has brought it. */
static bool
has_already(const char *path, struct slice leaf)
{
	struct buf text = { .max = FILE_MAX };
	bool has = file_read(path, &text) && leaf.n > 0 &&
	    memmem(buf_slice(&text).p, text.n, leaf.p, leaf.n) != NULL;

	buf_free(&text);
	return has;
}

static int
append(const char *path, struct slice text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	error = file_write(fd, text) ? 0 : errno;
	close(fd);
	return error;
}

int
tls_save(const char *path, X509_STORE_CTX *x)
{
	STACK_OF(X509) *sent = path ? X509_STORE_CTX_get0_untrusted(x) : NULL;
	X509 *leaf = X509_STORE_CTX_get0_cert(x);
	struct buf text = { 0 };
	int error = 0;

	if (!sent || !leaf)
		return 0;
	put_cert(&text, leaf);
	if (!has_already(path, buf_slice(&text))) {
		for (int i = 0; i < sk_X509_num(sent); i++)
			if (X509_cmp(sk_X509_value(sent, i), leaf) != 0)
				put_cert(&text, sk_X509_value(sent, i));
		error = append(path, buf_slice(&text));
	}
	buf_free(&text);
	return error;
}

/* In place of X509_verify_cert(): its verdict is the same. */
static int
on_verify(X509_STORE_CTX *x, void *path)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);

	t->save_error = tls_save(path, x);
	return X509_verify_cert(x) == 1;
}

bool
tls_save_begin(const struct tls_terms *t, SSL_CTX *ctx, struct outcome *why)
{
	int fd;

	if (!t->save)
		return true;
	fd = open(t->save, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC,
	    0666);
	if (fd < 0)
		return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(0, 0, 0),
		    "cannot write --save-cert %s: %s", t->save,
		    strerror(errno));
	close(fd);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, (void *)t->save);
	return true;
}

void
tls_save_warn(int error, struct events *q, unsigned lane)
{
	if (error != 0 && q)
		events_warn(q, lane, "the certificates could not be written "
		    "to the file of --save-cert: %s", strerror(error));
}
