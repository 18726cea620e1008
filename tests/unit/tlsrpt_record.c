/* SPDX-License-Identifier: ISC */
/* The records that ask for TLS reports (RFC 8460 3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tlsrpt/record.h"

/* What is taken of it: "m:ADDRESS h:URL ", each with its blank. */
static const struct {
	const char *text, *uris;
} good[] = {
	{ "v=TLSRPTv1; rua=mailto:a@b.test", "m:a@b.test " },
	{ "v=TLSRPTv1;rua=mailto:a@b.test;", "m:a@b.test " },
	{ "v=TLSRPTv1 ;\trua=mailto:a@b.test ; ", "m:a@b.test " },
	{ "v=TLSRPTv1; rua=mailto:a@b.test,https://b.test/x",
	    "m:a@b.test h:https://b.test/x " },
	{ "v=TLSRPTv1; rua=https://b.test:8443/x?y=1@2 \t, mailto:a@b.test",
	    "h:https://b.test:8443/x?y=1@2 m:a@b.test " },
	{ "v=TLSRPTv1; rua=HTTPS://[::1]/", "h:HTTPS://[::1]/ " },
	{ "v=TLSRPTv1; rua=https://b.test?x=@", "h:https://b.test?x=@ " },
	{ "v=TLSRPTv1; rua=MAILTO:a%2Cb%21%3b%40c@b.test",
	    "m:a,b!;@c@b.test " },
	{ "v=TLSRPTv1; rua=mailto:a@b.test?subject=x", "m:a@b.test " },
	/* unknown fields, unknown schemes */
	{ "v=TLSRPTv1; x=1; rua=mailto:a@b.test; y.z-1_=foo,bar!",
	    "m:a@b.test " },
	{ "v=TLSRPTv1; rua=http://b.test/,ftp://x,mailto:a@b.test",
	    "m:a@b.test " },
	{ "v=TLSRPTv1; rua=http://b.test/", "" },
	/* no more than there is room for */
	{ "v=TLSRPTv1; rua=mailto:a@b,mailto:b@b,mailto:c@b,mailto:d@b,"
	  "mailto:e@b", "m:a@b m:b@b m:c@b m:d@b " },
};

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "v=TLSRPTv1" },
	{ "v=TLSRPTv1", "v=TLSRPTv1" },
	{ " v=TLSRPTv1; rua=mailto:a@b.test", "v=TLSRPTv1" },
	{ "v=tlsrptv1; rua=mailto:a@b.test", "v=TLSRPTv1" },
	{ "V=TLSRPTv1; rua=mailto:a@b.test", "v=TLSRPTv1" },
	{ "v=TLSRPTv2; rua=mailto:a@b.test", "v=TLSRPTv1" },
	{ "v=TLSRPTv1x; rua=mailto:a@b.test", "v=TLSRPTv1" },
	{ "rua=mailto:a@b.test; v=TLSRPTv1;", "v=TLSRPTv1" },
	{ "v=TLSRPTv1;", "no rua=" },
	{ "v=TLSRPTv1; x=1", "no rua=" },
	{ "v=TLSRPTv1; RUA=mailto:a@b.test", "no rua=" },
	{ "v=TLSRPTv1; rua=mailto:a@b.test; rua=mailto:c@b.test", "more than" },
	{ "v=TLSRPTv1;; rua=mailto:a@b.test", "no field" },
	{ "v=TLSRPTv1; rua", "no field" },
	{ "v=TLSRPTv1; -x=1; rua=mailto:a@b.test", "no field" },
	{ "v=TLSRPTv1; a234567890123456789012345678901234=1; "
	  "rua=mailto:a@b.test", "no field" },
	{ "v=TLSRPTv1; x=; rua=mailto:a@b.test", "no good value" },
	{ "v=TLSRPTv1; x=a b; rua=mailto:a@b.test", "no good value" },
	{ "v=TLSRPTv1; rua=", "no URI" },
	{ "v=TLSRPTv1; rua=mailto:a@b.test,", "no URI" },
	{ "v=TLSRPTv1; rua=mailto:a@b.test!10m", "no URI" },
	{ "v=TLSRPTv1; rua=mailto:a b@b.test", "no URI" },
	{ "v=TLSRPTv1; rua=mailto:a@b.test\r\nBcc: x@y", "no URI" },
	{ "v=TLSRPTv1; rua=mailto:a@b\xc3\xa4.test", "no URI" },
	{ "v=TLSRPTv1; rua=a@b.test", "without a scheme" },
	{ "v=TLSRPTv1; rua=mailto:", "no address" },
	{ "v=TLSRPTv1; rua=mailto:?to=a@b.test", "no address" },
	{ "v=TLSRPTv1; rua=mailto:a%0d%0aDATA@b.test", "control" },
	{ "v=TLSRPTv1; rua=mailto:a%00@b.test", "control" },
	{ "v=TLSRPTv1; rua=mailto:a@b.test%4", "percent" },
	{ "v=TLSRPTv1; rua=mailto:a%zz@b.test", "percent" },
	{ "v=TLSRPTv1; rua=https:b.test", "no host" },
	{ "v=TLSRPTv1; rua=https://", "no host" },
	{ "v=TLSRPTv1; rua=https:///x", "no host" },
	{ "v=TLSRPTv1; rua=https://u:p@b.test/x", "a user" },
};

static void
uris_put(struct buf *out, const struct tlsrpt_record *r)
{
	for (size_t i = 0; i < r->n; i++)
		buf_putf(out, "%c:%s ",
		    r->uri[i].way == TLSRPT_MAIL ? 'm' : 'h', r->uri[i].to);
}

static void
test_good(void **state)
{
	struct tlsrpt_record r;
	struct buf got = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const char *why = tlsrpt_record_parse(
		    slice_of(good[i].text), &r);

		if (why)
			fail_msg("%s: %s", good[i].text, why);
		uris_put(&got, &r);
		assert_string_equal(buf_str(&got), good[i].uris);
		buf_clear(&got);
		tlsrpt_record_free(&r);
	}
	buf_free(&got);
}

static void
test_bad(void **state)
{
	struct tlsrpt_record r;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *why = tlsrpt_record_parse(slice_of(bad[i].text),
		    &r);

		if (!why || !strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why ? why : "good");
		assert_int_equal(r.n, 0);
	}
}

/* What no URI has, and what this record's may not (RFC 8460 3). */
static void
test_no_uri(void **state)
{
	static const char octets[] = " \t\n\r\x01\x7f\x80\xff!\"<>\\^`{|}";
	struct tlsrpt_record r;
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof octets; i++) {
		buf_clear(&text);
		buf_putf(&text, "v=TLSRPTv1; rua=mailto:a%cb@c.test",
		    octets[i]);
		assert_string_equal(tlsrpt_record_parse(buf_slice(&text), &r),
		    "its rua= has what is no URI");
	}
	buf_free(&text);
}

/* A NUL does not end it, and what is too long is not looked at. */
static void
test_octets(void **state)
{
	static const char nul[] = "v=TLSRPTv1; rua=mailto:a@b.test\0x";
	struct buf text = { 0 };
	struct tlsrpt_record r;

	(void)state;
	assert_non_null(tlsrpt_record_parse(SLICE(nul), &r));
	buf_puts(&text, "v=TLSRPTv1; rua=mailto:a@b.test");
	for (int i = 0; i < 100; i++)
		buf_puts(&text, "; x=1234567890123456789012345678901234567");
	assert_string_equal(tlsrpt_record_parse(buf_slice(&text), &r),
	    "it is too long");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_no_uri),
		cmocka_unit_test(test_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
