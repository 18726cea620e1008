/* SPDX-License-Identifier: ISC */
/* keygen.c - see keygen.h */
#include "cli/keygen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "config/idn.h"
#include "mail/address.h"
#include "net/clock.h"
#include "net/file.h"
#include "net/module.h"
#include "sign/record.h"

#define BITS 2048

struct keygen {
	const struct settings *s;
	enum sign_kind kind;
	char *domain;		/* in A-labels */
	char selector[256];
	struct buf path;	/* of the file, from / on */
};

static int
refuse(const struct keygen *k, const char *word, const char *why, int status)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: --dkim-keygen '", k->s->program);
	text_escape(&line, slice_of(word));
	buf_puts(&line, "': ");
	text_escape(&line, slice_of(why));
	fprintf(stderr, "%s\n", buf_str(&line));
	buf_free(&line);
	return status;
}

/* "s202411", "e202411": when it was made, since keys are to be replaced. */
static void
name_selector(struct keygen *k)
{
	time_t now = (time_t)clock_wall().seconds;
	struct tm tm;

	gmtime_r(&now, &tm);
	snprintf(k->selector, sizeof k->selector, "%c%04d%02d",
	    k->kind == SIGN_RSA ? 's' : 'e', tm.tm_year + 1900, tm.tm_mon + 1);
}

static int
take_word(struct keygen *k, const char *word)
{
	if (strcmp(word, "rsa") == 0) {
		k->kind = SIGN_RSA;
	} else if (strcmp(word, "ed25519") == 0) {
		k->kind = SIGN_ED25519;
	} else if (k->selector[0] != '\0') {
		return refuse(k, word, "there is a selector already; rsa or "
		    "ed25519 is wanted", EX_USAGE);
	} else if (!domain_is_name(slice_of(word))) {
		return refuse(k, word, "a selector is wanted, as mail2024",
		    EX_USAGE);
	} else {
		snprintf(k->selector, sizeof k->selector, "%s", word);
	}
	return EX_OK;
}

static int
take_words(struct keygen *k)
{
	const char *domain = k->s->dkim.domain;
	int status = EX_OK;
	struct outcome why;

	k->domain = domain_to_ascii(slice_of(domain), &config_idn, &why);
	if (!k->domain || !domain_is_name(slice_of(k->domain)))
		return refuse(k, domain, "a domain is wanted, as example.org",
		    EX_USAGE);
	for (size_t i = 0; i < k->s->nrcpts && status == EX_OK; i++)
		status = take_word(k, k->s->rcpt[i]);
	if (k->selector[0] == '\0')
		name_selector(k);
	if (strlen(k->selector) + strlen("._domainkey.") + strlen(k->domain) >
	    253)
		return refuse(k, domain, "no name in DNS is so long as that "
		    "of its record would be", EX_USAGE);
	return status;
}

static void
find_path(struct keygen *k)
{
	char here[4096];

	if (getcwd(here, sizeof here) && here[0] == '/')
		buf_putf(&k->path, "%s/", strcmp(here, "/") == 0 ? "" : here);
	buf_putf(&k->path, "%s.%s.pem", k->domain, k->selector);
}

/* New, whole and on the disk, or not there. */
static int
write_file(struct keygen *k, struct slice pem)
{
	const char *path = buf_str(&k->path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = fd < 0 ? errno : 0;

	if (fd < 0)
		return refuse(k, path, strerror(error), EX_CANTCREAT);
	if (fchmod(fd, 0600) < 0 || !file_write(fd, pem) || fsync(fd) < 0)
		error = errno;
	close(fd);
	if (error == 0)
		return EX_OK;
	unlink(path);
	return refuse(k, path, strerror(error), EX_CANTCREAT);
}

static void
put_text(struct keygen *k, struct slice record, struct buf *out)
{
	const char *path = buf_str(&k->path);
	const char *pair = k->kind == SIGN_RSA ? "" : "ed25519-";

	buf_putf(out, "; The private key is in %s\n", path);
	if (geteuid() == 0)
		buf_puts(out, "; Who runs the queue must be able to read it: "
		    "chgrp smtpsend, chmod 640\n");
	buf_putf(out, "; For the zone of %s:\n", k->domain);
	dkim_record_put_zone(out, k->selector, k->domain, record);
	buf_putf(out, "; For smtpsend.conf, when DNS has that; then "
	    "smtpsend --dkim-check %s compares:\n"
	    ";[dkim %s]\n;%sselector = %s\n;%skey = %s\n", k->domain,
	    k->domain, pair, k->selector, pair, path);
}

/* Nobody has any use for a key without its record. */
static int
print(struct keygen *k, struct slice record)
{
	struct buf out = { 0 }, why = { 0 };
	int status = EX_OK;

	put_text(k, record, &out);
	if (fputs(buf_str(&out), stdout) < 0 || fflush(stdout) != 0) {
		buf_putf(&why, "its record could not be printed, and the key "
		    "was removed: %s", strerror(errno));
		unlink(buf_str(&k->path));
		status = refuse(k, k->domain, buf_str(&why), EX_IOERR);
	}
	buf_free(&out);
	buf_free(&why);
	return status;
}

static int
make(struct keygen *k, const struct sign_crypto *c, struct sign_key *key)
{
	struct buf pem = { 0 }, record = { 0 };
	int status = EX_SOFTWARE;

	if (c->key_put(key, &pem) && dkim_record_put(&record, c, key))
		status = write_file(k, buf_slice(&pem));
	else
		refuse(k, k->domain, "libcrypto cannot write the key", status);
	if (status == EX_OK)
		status = print(k, buf_slice(&record));
	if (pem.base)
		explicit_bzero(pem.base, pem.cap);
	buf_free(&pem);
	buf_free(&record);
	return status;
}

static int
run(struct keygen *k)
{
	int status = take_words(k);
	const struct net_module *net;
	struct sign_key *key;
	struct outcome why;

	if (status != EX_OK)
		return status;
	net = net_module_open(&why);
	if (!net)
		return refuse(k, k->domain, why.text, EX_CONFIG);
	key = net->sign->key_make(k->kind, BITS);
	if (!key)
		return refuse(k, k->domain, "libcrypto cannot make such a key",
		    EX_SOFTWARE);
	find_path(k);
	status = make(k, net->sign, key);
	net->sign->key_free(key);
	return status;
}

int
keygen_run(const struct settings *s)
{
	struct keygen k = { .s = s, .kind = SIGN_RSA };
	int status = run(&k);

	free(k.domain);
	buf_free(&k.path);
	return status;
}
