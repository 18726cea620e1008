/* SPDX-License-Identifier: ISC */
/* sign_record.c - the records of keys, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "sign/record.h"

enum { REVOKED = 1, TESTING = 2, STRICT = 4, NO_SHA256 = 8, NO_EMAIL = 16 };

static const struct {
	const char *text;
	enum sign_kind kind;
	unsigned bits;
	const char *key;
} good[] = {
	{ "v=DKIM1; k=rsa; p=YWJj", SIGN_RSA, 0, "abc" },
	{ "p=YWJj", SIGN_RSA, 0, "abc" },
	{ "v=DKIM1;p=YW\r\n\t Jj ;", SIGN_RSA, 0, "abc" },
	{ " v = DKIM1 ; k = ed25519 ; p = YWJj ; ", SIGN_ED25519, 0, "abc" },
	{ "v=DKIM1; k=dsa; p=YWJj", SIGN_OTHER, 0, "abc" },
	{ "v=DKIM1; p=", SIGN_RSA, REVOKED, "" },
	{ "v=DKIM1; t=y:s; p=YWJj", SIGN_RSA, TESTING | STRICT, "abc" },
	{ "v=DKIM1; t= s ; p=YWJj", SIGN_RSA, STRICT, "abc" },
	{ "v=DKIM1; h=sha1; p=YWJj", SIGN_RSA, NO_SHA256, "abc" },
	{ "v=DKIM1; h=sha1:sha256; p=YWJj", SIGN_RSA, 0, "abc" },
	{ "v=DKIM1; s=*; p=YWJj", SIGN_RSA, 0, "abc" },
	{ "v=DKIM1; s=tlsrpt; p=YWJj", SIGN_RSA, NO_EMAIL, "abc" },
	{ "v=DKIM1; n=a note; x=y=z; p=YWJj", SIGN_RSA, 0, "abc" },
};

static unsigned
bits_of(const struct dkim_record *r)
{
	return (r->is_revoked ? REVOKED : 0) | (r->is_testing ? TESTING : 0) |
	    (r->is_strict ? STRICT : 0) | (r->no_sha256 ? NO_SHA256 : 0) |
	    (r->no_email ? NO_EMAIL : 0);
}

static void
test_good(void **state)
{
	struct dkim_record r;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const char *why = dkim_record_parse(slice_of(good[i].text),
		    &r);

		if (why)
			fail_msg("%s: %s", good[i].text, why);
		assert_int_equal(r.kind, good[i].kind);
		assert_int_equal(bits_of(&r), good[i].bits);
		assert_string_equal(buf_str(&r.key), good[i].key);
		dkim_record_free(&r);
	}
}

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "no p=" },
	{ "v=DKIM1; k=rsa", "no p=" },
	{ "v=DKIM2; p=YWJj", "not DKIM1" },
	{ "v=dkim1; p=YWJj", "not DKIM1" },
	{ "k=rsa; v=DKIM1; p=YWJj", "not the first" },
	{ "v=DKIM1; p=YWJj; p=YWJj", "twice" },
	{ "v=DKIM1; p=YW*j", "no base64" },
	{ "v=DKIM1; words; p=YWJj", "name=value" },
	{ "v=DKIM1;; p=YWJj", "name=value" },
	{ "v=DKIM1; 1=2; p=YWJj", "name=value" },
	{ "=; p=YWJj", "name=value" },
};

static void
test_bad(void **state)
{
	struct dkim_record r;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *why = dkim_record_parse(slice_of(bad[i].text), &r);

		if (!why || !strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why ? why : "good");
	}
}

static void
test_put(void **state)
{
	struct sign_key *key = sign_crypto.key_make(SIGN_RSA, 2048);
	struct buf out = { 0 }, zone = { 0 };
	struct dkim_record r;
	struct slice rest, part;
	bool inside = false;

	(void)state;
	assert_true(dkim_record_put(&out, &sign_crypto, key));
	assert_null(dkim_record_parse(buf_slice(&out), &r));
	assert_int_equal(r.kind, SIGN_RSA);
	assert_true(sign_crypto.public_is(key, buf_slice(&r.key)));
	assert_true(out.n > 255);
	dkim_record_put_zone(&zone, "sel", "a.test", buf_slice(&out));
	assert_true(slice_starts(buf_slice(&zone),
	    SLICE("sel._domainkey.a.test. IN TXT (\n\t\"v=DKIM1; k=rsa; p=")));
	for (rest = buf_slice(&zone); slice_cut(&rest, '"', &part);
	     inside = !inside) {
		if (!inside)
			continue;
		assert_in_range(part.n, 1, 255);
		assert_true(slice_starts(buf_slice(&out), part));
		buf_consume(&out, part.n);
	}
	assert_int_equal(out.n, 0);
	dkim_record_free(&r);
	buf_free(&out);
	buf_free(&zone);
	sign_crypto.key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
