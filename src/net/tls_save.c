/* SPDX-License-Identifier: ISC */
/* tls_save.c - see tls_save.h */
#include "net/tls_save.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

/* Another connection has brought it.  What is no file is not asked: a pipe that
 * we write to has nothing for us, and would keep us waiting. */
static bool
has_already(const char *path, struct slice leaf)
{
	struct buf text = { .max = FILE_MAX };
	int fd = file_open_plain(path);
	bool has = fd >= 0 && file_read_all(fd, &text) && leaf.n > 0 &&
	    memmem(buf_slice(&text).p, text.n, leaf.p, leaf.n) != NULL;

	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return has;
}

static int
append(const char *path, struct slice text)
{
	int fd = open(path,
	    O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
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

/* Empty it.  Who reads a FIFO would see its end if we opened it and left. */
static int
begin_file(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return access(path, W_OK) == 0 ? 0 : errno;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC, 0666);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* The option that reads the same file, and would lose it; or NULL. */
static const char *
also_read(const struct tls_config *c)
{
	const struct {
		const char *option, *path;
	} files[] = { { "--ca", c->ca }, { "--cert", c->cert },
		{ "--key", c->key } };
	struct stat save, st;

	if (stat(c->terms.save, &save) != 0 || !S_ISREG(save.st_mode))
		return NULL;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (files[i].path && stat(files[i].path, &st) == 0 &&
		    st.st_dev == save.st_dev && st.st_ino == save.st_ino)
			return files[i].option;
	return NULL;
}

bool
tls_save_begin(const struct tls_config *c, SSL_CTX *ctx, struct outcome *why)
{
	const char *path = c->terms.save, *reader;
	int error;

	if (!path)
		return true;
	reader = also_read(c);
	if (reader)
		return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(0, 0, 0),
		    "cannot write --save-cert %s: %s reads this file", path,
		    reader);
	error = begin_file(path);
	if (error != 0)
		return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(0, 0, 0),
		    "cannot write --save-cert %s: %s", path, strerror(error));
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, (void *)path);
	return true;
}

void
tls_save_warn(int error, struct events *q, unsigned lane)
{
	if (error != 0 && q)
		events_warn(q, lane, "the certificates could not be written "
		    "to the file of --save-cert: %s", strerror(error));
}
