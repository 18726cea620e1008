/* SPDX-License-Identifier: ISC */
/* net_tls_files.c - whom a client trusts, and the files that say so. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls_files.h"
#include "net/tls_state.h"

#define DAY 86400L

/* A certificate and its key. */
struct identity {
	X509 *cert;
	EVP_PKEY *key;
};

static struct identity
identity_of(const char *name)
{
	struct identity i;

	i.cert = tls_cert_make(name, -DAY, DAY, &i.key);
	assert_non_null(i.cert);
	return i;
}

static void
identity_free(struct identity *i)
{
	X509_free(i->cert);
	EVP_PKEY_free(i->key);
}

/* Let it issue others. */
static void
make_ca(struct identity *i)
{
	BASIC_CONSTRAINTS *ca = BASIC_CONSTRAINTS_new();

	ca->ca = 1;
	assert_int_equal(X509_add1_ext_i2d(i->cert, NID_basic_constraints, ca,
	    1, 0), 1);
	assert_true(X509_sign(i->cert, i->key, EVP_sha256()) > 0);
	BASIC_CONSTRAINTS_free(ca);
}

/* Let ca, whose name is spelt so, and in this type, have issued i. */
static void
issue(struct identity *i, const struct identity *ca, const char *spelt,
    int type)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_NID(name, NID_commonName, type,
	    (const unsigned char *)spelt, -1, -1, 0);
	assert_int_equal(X509_set_issuer_name(i->cert, name), 1);
	assert_true(X509_sign(i->cert, ca->key, EVP_sha256()) > 0);
	X509_NAME_free(name);
}

/* A file in /tmp with this text; its path is the caller's. */
static char *
file_with(struct slice text)
{
	char *path = strdup("/tmp/net_tls_files.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	close(fd);
	return path;
}

static void
remove_file(char *path)
{
	unlink(path);
	free(path);
}

/* Append what OpenSSL writes. */
static void
put_bio(struct buf *out, BIO *b)
{
	char *text;
	long n = BIO_get_mem_data(b, &text);

	assert_true(n > 0);
	buf_put(out, (struct slice){ text, (size_t)n });
	BIO_free(b);
}

static void
put_cert(struct buf *out, const struct identity *i)
{
	BIO *b = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(b, i->cert), 1);
	put_bio(out, b);
}

static void
put_trusted(struct buf *out, const struct identity *i)
{
	BIO *b = BIO_new(BIO_s_mem());

	assert_int_equal(X509_alias_set1(i->cert,
	    (const unsigned char *)"an alias", -1), 1);
	assert_int_equal(PEM_write_bio_X509_AUX(b, i->cert), 1);
	put_bio(out, b);
}

static void
put_key(struct buf *out, const struct identity *i)
{
	BIO *b = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(b, i->key, NULL, NULL, 0,
	    NULL, NULL), 1);
	put_bio(out, b);
}

/* The certificate under another label. */
static void
put_labelled(struct buf *out, const struct identity *i, const char *label)
{
	unsigned char *der = NULL;
	int n = i2d_X509(i->cert, &der);
	BIO *b = BIO_new(BIO_s_mem());

	assert_true(PEM_write_bio(b, label, "", der, n) > 0);
	OPENSSL_free(der);
	put_bio(out, b);
}

static void
assert_bundle(struct buf *pem, int want)
{
	struct tls_bundle b = { 0 };

	assert_int_equal(tls_bundle_parse(&b, buf_slice(pem)), want);
	tls_bundle_free(&b);
	buf_free(pem);
	*pem = (struct buf){ 0 };
}

static void
test_what_counts_as_a_certificate(void **state)
{
	struct identity a = identity_of("a.example");
	struct buf pem = { 0 };

	(void)state;
	assert_bundle(&pem, 0);
	buf_puts(&pem, "no certificate at all\n");
	assert_bundle(&pem, 0);
	put_key(&pem, &a);
	assert_bundle(&pem, 0);
	buf_puts(&pem, "# a\n");
	put_cert(&pem, &a);
	buf_puts(&pem, "\n\nthe next\n");
	put_key(&pem, &a);
	put_trusted(&pem, &a);
	put_labelled(&pem, &a, "X509 CERTIFICATE");
	put_labelled(&pem, &a, "CERTIFICATE REQUEST");
	assert_bundle(&pem, 3);
	identity_free(&a);
}

/* Base64 in lines of 1, 2, 3 ... octets, up to the next '-'. */
static void
put_ragged(struct buf *out, struct slice rest)
{
	struct slice line;

	rest = slice_first(rest, slice_find(rest, '-'));
	for (size_t n = 1; rest.n > 0; n++) {
		line = slice_first(rest, n);
		buf_put(out, line);
		buf_putc(out, '\n');
		rest = slice_from(rest, line.n);
	}
}

/* Lines may end as they like, and what surrounds an item does not matter. */
static void
test_lines_of_a_file(void **state)
{
	struct identity a = identity_of("a.example");
	struct buf good = { 0 }, pem = { 0 };
	struct slice rest, line;

	(void)state;
	put_cert(&good, &a);
	rest = buf_slice(&good);
	while (slice_cut(&rest, '\n', &line))
		buf_putf(&pem, "%.*s \r\n", (int)line.n, line.p);
	buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n");
	put_ragged(&pem, slice_from(buf_slice(&good), 28));
	buf_puts(&pem, "-----END CERTIFICATE-----\n");
	buf_puts(&pem, "not -----BEGIN CERTIFICATE-----\n");
	buf_put(&pem, slice_first(buf_slice(&good), good.n - 1));
	assert_bundle(&pem, 3);
	buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n");
	assert_bundle(&pem, -1);
	buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n"
		       "-----END CERTIFICATE-----\n");
	assert_bundle(&pem, -1);
	buf_puts(&pem, "-----BEGIN X-----\nhm\n-----END X-----\n-----BEGIN");
	assert_bundle(&pem, 0);
	buf_put(&pem, slice_first(buf_slice(&good), good.n / 2));
	buf_puts(&pem, "\n-----END SOMETHING ELSE-----\n");
	assert_bundle(&pem, -1);
	buf_free(&good);
	identity_free(&a);
}

/* Whatever is broken, it is said, and nothing is read past an end. */
static void
test_damaged(void **state)
{
	struct identity a = identity_of("a.example");
	struct buf pem = { 0 }, good = { 0 };

	(void)state;
	put_cert(&good, &a);
	buf_put(&pem, buf_slice(&good));
	buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n????\n"
		       "-----END CERTIFICATE-----\n");
	assert_bundle(&pem, -1);
	buf_put(&pem, buf_slice(&good));
	buf_put(&pem, slice_first(buf_slice(&good), good.n - 30));
	assert_bundle(&pem, -1);
	buf_free(&good);
	identity_free(&a);
}

/* Every octet of the frame changed, every length cut off: no crash. */
static void
test_damaged_inside(void **state)
{
	struct identity a = identity_of("a.example");
	unsigned char *der = NULL;
	int size = i2d_X509(a.cert, &der);

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct tls_bundle b = { 0 };
		struct buf pem = { 0 };
		BIO *bio = BIO_new(BIO_s_mem());
		unsigned char old = der[i];
		int got;

		der[i] = (unsigned char)(i % 2 ? 0xff : old ^ 0x80);
		PEM_write_bio(bio, "CERTIFICATE", "", der, size);
		PEM_write_bio(bio, "CERTIFICATE", "", der, i + 1);
		put_bio(&pem, bio);
		got = tls_bundle_parse(&b, buf_slice(&pem));
		assert_true(got == -1 || b.n <= 2);
		der[i] = old;
		tls_bundle_free(&b);
		buf_free(&pem);
	}
	OPENSSL_free(der);
	identity_free(&a);
}

/* Is cert good by what ctx trusts?  OpenSSL's error; 0 = yes. */
static int
verdict(SSL_CTX *ctx, X509 *cert)
{
	X509_STORE_CTX *x = X509_STORE_CTX_new();
	int error;

	assert_int_equal(X509_STORE_CTX_init(x, SSL_CTX_get_cert_store(ctx),
	    cert, NULL), 1);
	error = X509_verify_cert(x) == 1 ? 0 : X509_STORE_CTX_get_error(x);
	X509_STORE_CTX_free(x);
	return error;
}

static SSL_CTX *
trusting(struct tls_files *f, const struct tls_config *config)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct outcome why;

	assert_true(tls_files_load(f, config, "--", &why));
	assert_true(tls_files_apply(f, ctx, &why));
	return ctx;
}

static void
stop_trusting(struct tls_files *f, SSL_CTX *ctx)
{
	SSL_CTX_free(ctx);
	tls_files_free(f);
}

static int
built(SSL_CTX *ctx)
{
	return sk_X509_OBJECT_num(
	    X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx)));
}

/* Of a bundle of fifty only the one is built, however its name is spelt. */
static void
test_only_the_issuer_is_built(void **state)
{
	static const struct {
		const char *spelt;
		int type;
		int error;
	} cases[] = {
		{ "The CA", V_ASN1_UTF8STRING, 0 },
		{ "The CA", V_ASN1_PRINTABLESTRING, 0 },
		{ "  the   ca ", V_ASN1_UTF8STRING, 0 },
		{ "TheCA", V_ASN1_UTF8STRING,
		    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
	};
	struct identity other = identity_of("other");
	struct identity ca = identity_of("The CA");
	struct buf pem = { 0 };
	char *path;

	(void)state;
	make_ca(&ca);
	for (int i = 0; i < 50; i++)
		put_cert(&pem, i == 30 ? &ca : &other);
	path = file_with(buf_slice(&pem));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tls_config config = { .ca = path };
		struct identity leaf = identity_of("mx.example");
		struct tls_files f;
		SSL_CTX *ctx = trusting(&f, &config);

		print_message("    \"%s\"\n", cases[i].spelt);
		issue(&leaf, &ca, cases[i].spelt, cases[i].type);
		assert_int_equal(built(ctx), 0);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(verdict(ctx, leaf.cert),
			    cases[i].error);
			assert_int_equal(built(ctx), cases[i].error == 0);
		}
		stop_trusting(&f, ctx);
		identity_free(&leaf);
	}
	remove_file(path);
	buf_free(&pem);
	identity_free(&ca);
	identity_free(&other);
}

/* --ca FILE: what stands in it is trusted as it is, a server's own too. */
static void
test_a_leaf_is_trusted(void **state)
{
	struct identity ca = identity_of("ca"), leaf = identity_of("leaf");
	struct buf pem = { 0 };
	struct tls_config config = { 0 };
	struct tls_files f;
	SSL_CTX *ctx;
	char *path;

	(void)state;
	issue(&leaf, &ca, "ca", V_ASN1_UTF8STRING);
	put_cert(&pem, &leaf);
	path = file_with(buf_slice(&pem));
	config.ca = path;
	ctx = trusting(&f, &config);
	assert_int_equal(verdict(ctx, leaf.cert), 0);
	assert_int_equal(verdict(ctx, ca.cert),
	    X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	stop_trusting(&f, ctx);
	remove_file(path);
	buf_free(&pem);
	identity_free(&ca);
	identity_free(&leaf);
}

static void
assert_refused(const struct tls_config *config, enum stage stage,
    const char *fmt, const char *path)
{
	struct outcome why = { 0 };
	struct tls_files f;
	char want[200];

	snprintf(want, sizeof want, fmt, path);
	assert_false(tls_files_load(&f, config, "--", &why));
	assert_string_equal(why.text, want);
	assert_int_equal(why.stage, stage);
	assert_int_equal(why.verdict,
	    stage == STAGE_CONFIG ? FAILED : DEFERRED);
	tls_files_free(&f);
}

/* A file with a certificate and its key; the path is the caller's. */
static char *
identity_file(const char *name, bool cert, bool key)
{
	struct identity i = identity_of(name);
	struct buf pem = { 0 };
	char *path;

	if (cert)
		put_cert(&pem, &i);
	if (key)
		put_key(&pem, &i);
	path = file_with(buf_slice(&pem));
	buf_free(&pem);
	identity_free(&i);
	return path;
}

static void
test_what_is_wrong_with_a_file(void **state)
{
	static const char none[] = "/nonexistent/x";
	char *both = identity_file("a", true, true);
	char *cert = identity_file("a", true, false);
	char *text = file_with(SLICE("hello\n"));
	const struct {
		struct tls_config config;
		const char *why, *path;
	} cases[] = {
		{ { .ca = none }, "--ca %s: No such file or directory", none },
		{ { .ca = text }, "--ca %s: no PEM certificates in this file",
		    text },
		{ { .cert = none }, "--cert %s: No such file or directory",
		    none },
		{ { .cert = "/tmp" }, "--cert %s: Is a directory", "/tmp" },
		{ { .cert = text }, "--cert %s: no usable PEM certificate in "
		    "this file", text },
		{ { .cert = both, .key = none },
		    "--key %s: No such file or directory", none },
		{ { .cert = cert }, "--cert %s: no private key in PEM in this "
		    "file", cert },
		{ { .cert = cert, .key = both }, "--key %s: not the private "
		    "key of the certificate", both },
		{ { .key = both }, "--key %s: of no use without --cert", both },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_refused(&cases[i].config, STAGE_CONFIG, cases[i].why,
		    cases[i].path);
	remove_file(both);
	remove_file(cert);
	remove_file(text);
}

/* FAULTS row 75: that we are out of descriptors is no fault of the file. */
static void
test_shortage(void **state)
{
	struct rlimit all, none;
	char *both = identity_file("a", true, true);
	const struct tls_config ca = { .ca = both }, cert = { .cert = both };

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = all.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_refused(&ca, STAGE_SYSTEM, "--ca %s: Too many open files", both);
	assert_refused(&cert, STAGE_SYSTEM, "--cert %s: Too many open files",
	    both);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	remove_file(both);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_counts_as_a_certificate),
		cmocka_unit_test(test_lines_of_a_file),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_damaged_inside),
		cmocka_unit_test(test_only_the_issuer_is_built),
		cmocka_unit_test(test_a_leaf_is_trusted),
		cmocka_unit_test(test_what_is_wrong_with_a_file),
		cmocka_unit_test(test_shortage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
