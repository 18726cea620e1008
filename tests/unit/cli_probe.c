/* SPDX-License-Identifier: ISC */
/* The desk's small parts: lines, offers, days, and what is wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "desk/lines.h"
#include "desk/offers.h"
#include "desk/trouble.h"

static void
test_lines(void **state)
{
	static const struct {
		const char *label, *text;
		size_t columns;
		const char *want;
	} cases[] = {
		{ "key", "a b c", 0, "  key         a b c\n" },
		{ "key", "", 0, "  key         \n" },
		{ "certificate", "x", 80, "  certificate x\n" },
		{ "key", "aaaaaaaaaa bbbbbbbbbbbb cccc", 40,
		    "  key         aaaaaaaaaa bbbbbbbbbbbb\n"
		    "              cccc\n" },
		{ "key", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 5,
		    "  key         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		    "              b\n" },
		{ "key", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 bbbbbbbbbbb",
		    40, "  key         \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 "
			"bbbbbbbbbbb\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = { 0 };

		line_put(&out, cases[i].label, slice_of(cases[i].text),
		    cases[i].columns);
		assert_string_equal(buf_str(&out), cases[i].want);
		buf_free(&out);
	}
}

static void
test_offers(void **state)
{
	struct slice a = SLICE("mx hi\nSIZE 100\nCHUNKING\r\n\nchunking");
	struct offers all = { .n = 0 };
	struct buf out = { 0 };

	(void)state;
	assert_true(offers_has(a, SLICE("size 100")));
	assert_false(offers_has(a, SLICE("SIZE")));
	assert_false(offers_has(a, SLICE("mx hi")));
	assert_false(offers_has(SLICE(""), SLICE("")));
	offers_add(&all, a);
	offers_add(&all, SLICE("other\nSize 100\nDSN"));
	assert_int_equal(all.n, 3);
	assert_true(slice_eq(all.v[2], SLICE("DSN")));
	offers_put(&out, SLICE("mx\nA\x1b\nB"));
	assert_string_equal(buf_str(&out), "A\\x1b, B");
	buf_free(&out);
}

/* More than are compared do no harm. */
static void
test_many_offers(void **state)
{
	struct offers all = { .n = 0 };
	struct buf text = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++)
		buf_putf(&text, "\nX%d", i);
	offers_add(&all, buf_slice(&text));
	assert_int_equal(all.n, OFFERS_MAX);
	buf_free(&text);
}

static void
test_days(void **state)
{
	(void)state;
	assert_int_equal(days_until(100, 100), 0);
	assert_int_equal(days_until(86399, 0), 0);
	assert_int_equal(days_until(86400, 0), 1);
	assert_int_equal(days_until(0, 1), -1);
	assert_int_equal(days_until(0, 86400), -1);
	assert_int_equal(days_until(0, 86401), -2);
}

/* A visit whose certificate is so, looked at on day 100. */
static struct troubles
judge(struct tls_facts *f, struct demands d)
{
	static struct visit v;
	static const struct visit_call call;
	static struct plan_host host;
	static struct plan_address address;
	const struct plan plan = { .host = &host, .nhosts = 1,
		.address = &address, .naddresses = 1 };
	struct probe_target t = { .visit = &v, .n = 1, .plan = &plan };
	struct troubles found = { .n = 0 };

	v = (struct visit){ .call = &call, .secured = true, .facts = *f };
	d.now = (int64_t)100 * 86400;
	troubles_find(&found, &t, 0, &d);
	return found;
}

static void
test_certificates(void **state)
{
	static const struct {
		const char *name;
		bool trusted;
		unsigned wrong, warn_days;
		int64_t ends;	/* day */
		const char *want; /* how each begins, joined by '|' */
	} cases[] = {
		{ "well", true, 0, 0, 101, "" },
		{ "ends today", true, 0, 14, 100, "the certificate ends on" },
		{ "ends soon", true, 0, 14, 113, "the certificate ends on" },
		{ "not so soon", true, 0, 14, 114, "" },
		{ "nobody asks", true, 0, 0, 101, "" },
		{ "over", false, TLS_EXPIRED, 0, 99, "the certificate ended" },
		{ "two things", false, TLS_EXPIRED | TLS_WRONG_NAME, 0, 1,
		    "the certificate has no host name|the certificate ended" },
		{ "self-signed", false, TLS_SELF_SIGNED, 0, 200,
		    "the server has signed" },
		{ "later", false, TLS_NOT_YET, 0, 200,
		    "the certificate is good only later" },
		{ "unfit", false, TLS_UNFIT, 0, 200,
		    "the certificate is not trusted: why" },
		{ "unfit and soon", false, TLS_UNFIT, 14, 101,
		    "the certificate ends|the certificate is not trusted" },
		{ "cut off", false, TLS_UNKNOWN_ISSUER, 0, 200,
		    "the chain ends before" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tls_link leaf = { .to = cases[i].ends * 86400 };
		struct tls_facts f = { .chain = &leaf, .n = 1,
			.trusted = cases[i].trusted, .wrong = cases[i].wrong };
		struct troubles found;
		struct slice want = slice_of(cases[i].want), one;
		size_t n = 0;

		buf_puts(&f.why, "why");
		buf_puts(&leaf.subject, "CN=mx");
		buf_puts(&leaf.issuer, "CN=ca");
		found = judge(&f, (struct demands){ .tls = true, .trust = true,
			.warn_days = cases[i].warn_days });
		while (want.n > 0 && slice_cut(&want, '|', &one)) {
			assert_true(n < found.n);
			assert_true(slice_starts(buf_slice(&found.v[n].text),
			    one));
			assert_non_null(found.v[n].advice);
			n++;
		}
		assert_int_equal(found.n, n);
		assert_int_equal(troubles_worst(&found), n > 0 ?
		    TROUBLE_CERTIFICATE : TROUBLE_NONE);
		troubles_free(&found);
		found = judge(&f, (struct demands){ .tls = true });
		assert_int_equal(found.n, 0);
		buf_free(&leaf.subject);
		buf_free(&leaf.issuer);
		buf_free(&f.why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_many_offers),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
