/* SPDX-License-Identifier: ISC */
/* auth.c - logins of the RFCs' own examples, and what is offered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/codec.h"
#include "smtp/auth.h"

/* The digest of RFC 2195 2, for its key and challenge. */
static void
hmac_md5(struct slice key, struct slice text, unsigned char out[16])
{
	static const unsigned char digest[16] = { 0xb9, 0x13, 0xa6, 0x02, 0xc7,
		0xed, 0xa7, 0xa4, 0x95, 0xb4, 0xe6, 0xe7, 0x33, 0x4d, 0x38,
		0x90 };

	assert_true(slice_eq(key, SLICE("tanstaaftanstaaf")));
	assert_true(slice_eq(text,
	    SLICE("<1896.697170952@postoffice.reston.mci.net>")));
	memcpy(out, digest, sizeof digest);
}

static const struct {
	enum auth_method method;
	const char *user, *secret;
	const char *first;	/* the line, the base64 of it decoded */
	const char *challenge[3];
	const char *answer[3];	/* decoded; "!" = refused */
} cases[] = {
	{ AUTH_PLAIN, "tim", "tanstaaftanstaaf",
	    "AUTH PLAIN |~tim~tanstaaftanstaaf", { "", "" },
	    { "~tim~tanstaaftanstaaf", "!" } },
	{ AUTH_LOGIN, "joe", "secret", "AUTH LOGIN",
	    { "VXNlcm5hbWU6", "UGFzc3dvcmQ6", "" },
	    { "joe", "secret", "!" } },
	{ AUTH_CRAM_MD5, "tim", "tanstaaftanstaaf", "AUTH CRAM-MD5",
	    { "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
		"" },
	    { "tim b913a602c7eda7a495b4e6e7334d3890", "!" } },
	{ AUTH_CRAM_MD5, "tim", "x", "AUTH CRAM-MD5", { "not base64!" },
	    { "!" } },
	{ AUTH_XOAUTH2, "someuser@example.com", "ya29.vF9dft4",
	    "AUTH XOAUTH2 |user=someuser@example.com^auth=Bearer "
	    "ya29.vF9dft4^^", { "eyJ9", "" }, { "", "!" } },
	{ AUTH_OAUTHBEARER, "a,b=c@example.com", "vF9dft4",
	    "AUTH OAUTHBEARER |n,a=a=2Cb=3Dc@example.com,^host=mx.test^"
	    "port=587^auth=Bearer vF9dft4^^", { "eyJ9", "" }, { "^", "!" } },
	{ AUTH_EXTERNAL, "", "", "AUTH EXTERNAL =", { "" }, { "!" } },
	{ AUTH_EXTERNAL, "bob", "", "AUTH EXTERNAL |bob", { "" }, { "!" } },
};

/* NUL as ~, SOH as ^. */
static void
show(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_putc(out, s.p[i] == '\0' ? '~' :
		    s.p[i] == '\1' ? '^' : s.p[i]);
}

static void
check_first(struct auth *a, const char *want)
{
	struct buf line = { 0 }, text = { 0 }, got = { 0 };
	size_t shown;

	auth_begin(a, &line, &shown);
	buf_put(&got, slice_first(buf_slice(&line), shown));
	if (shown < line.n)
		buf_putc(&got, ' ');
	if (slice_eq(slice_from(buf_slice(&line), shown), SLICE(" ="))) {
		buf_putc(&got, '=');
	} else if (shown < line.n) {
		assert_true(base64_decode(&text,
		    slice_from(buf_slice(&line), shown + 1)));
		buf_putc(&got, '|');
		show(&got, buf_slice(&text));
	}
	assert_string_equal(buf_str(&got), want);
	buf_free(&line);
	buf_free(&text);
	buf_free(&got);
}

static void
check_answer(struct auth *a, const char *challenge, const char *want)
{
	struct buf line = { 0 }, text = { 0 }, got = { 0 };
	const char *why;

	if (auth_answer(a, slice_of(challenge), &line, &why)) {
		assert_true(base64_decode(&text, buf_slice(&line)));
		show(&got, buf_slice(&text));
	} else {
		assert_non_null(why);
		assert_int_equal(line.n, 0);
		buf_putc(&got, '!');
	}
	assert_string_equal(buf_str(&got), want);
	buf_free(&line);
	buf_free(&text);
	buf_free(&got);
}

static void
test_mechanisms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct auth a = { .method = cases[i].method,
			.user = slice_of(cases[i].user),
			.secret = slice_of(cases[i].secret),
			.host = SLICE("mx.test"), .port = 587,
			.hmac_md5 = hmac_md5 };

		check_first(&a, cases[i].first);
		for (size_t k = 0; k < 3 && cases[i].answer[k]; k++)
			check_answer(&a, cases[i].challenge[k],
			    cases[i].answer[k]);
	}
}

static void
test_choice(void **state)
{
	static const struct {
		const char *hello;
		bool secure;
		enum auth_method want; /* AUTH_ANY = none */
	} offers[] = {
		{ "mx\nAUTH LOGIN PLAIN CRAM-MD5", true, AUTH_PLAIN },
		{ "mx\nAUTH LOGIN PLAIN CRAM-MD5", false, AUTH_CRAM_MD5 },
		{ "mx\nSIZE 1\nauth login", true, AUTH_LOGIN },
		{ "mx\nAUTH=LOGIN", true, AUTH_LOGIN },
		{ "mx\nAUTH LOGIN PLAIN", false, AUTH_ANY },
		{ "mx\nAUTH XOAUTH2 GSSAPI", true, AUTH_ANY },
		{ "mx\nAUTHX PLAIN\nAUTH", true, AUTH_ANY },
		{ "AUTH PLAINLY", true, AUTH_ANY },
		{ "", true, AUTH_ANY },
	};
	enum auth_method got;

	(void)state;
	for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
		got = AUTH_ANY;
		assert_int_equal(auth_choose(slice_of(offers[i].hello),
		    offers[i].secure, &got), offers[i].want != AUTH_ANY);
		assert_int_equal(got, offers[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
