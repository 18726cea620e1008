/* SPDX-License-Identifier: ISC */
/* DMARC records and alignment (RFC 7489). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dmarc.h"

#define MANY "mailto:a@b,mailto:a@b,mailto:a@b,"

/* "p/sp adkim aspf pct fo rua|ruf", where alignments are r or s. */
static const struct {
	const char *text, *want, *odd;
} records[] = {
	/* the defaults (6.3), and what may stand around them (6.4) */
	{ "v=DMARC1;p=none", "none/none r r 100 1 |", NULL },
	{ "v=DMARC1; p=none;", "none/none r r 100 1 |", NULL },
	{ "v = DMARC1\t; p\t= reject ; ", "reject/reject r r 100 1 |", NULL },
	{ "V=DMARC1; P=Quarantine", "quarantine/quarantine r r 100 1 |",
	    NULL },
	/* all tags, in any order after p= */
	{ "v=DMARC1; p=reject; sp=quarantine; adkim=s; aspf=s; pct=5; "
	  "fo=1:d:s; rf=afrf; ri=3600; rua=mailto:a@b.test; "
	  "ruf=mailto:c@d.test", "reject/quarantine s s 5 14 "
	    "mailto:a@b.test |mailto:c@d.test ", NULL },
	{ "v=DMARC1; p=none; ruf=mailto:c@d.test; pct=0; aspf=S; adkim=R; "
	  "sp=reject", "none/reject r s 0 1 |mailto:c@d.test ", NULL },
	{ "v=DMARC1; p=none; fo=0 : D", "none/none r r 100 5 |", NULL },
	{ "v=DMARC1; p=none; pct=100", "none/none r r 100 1 |", NULL },
	/* unknown tags, of any form */
	{ "v=DMARC1; p=none; np=reject; x=a=b; x=c; y=",
	    "none/none r r 100 1 |", NULL },
	/* URIs, their limits */
	{ "v=DMARC1; p=none; rua=mailto:a@b.test!10m , https://b.test/x,"
	  "mailto:a@b!0,mailto:a@b!2K,x+y.z-1:a!3g,mailto:a@b?subject=x!1t,"
	  "mailto:a@b!7", "none/none r r 100 1 mailto:a@b.test!10485760 "
	    "https://b.test/x mailto:a@b!0 mailto:a@b!2048 "
	    "x+y.z-1:a!3221225472 mailto:a@b?subject=x!1099511627776 "
	    "mailto:a@b!7 |", NULL },
	{ "v=DMARC1; p=none; ruf=" MANY MANY MANY "mailto:a@b",
	    "none/none r r 100 1 |mailto:a@b mailto:a@b mailto:a@b "
	    "mailto:a@b mailto:a@b mailto:a@b mailto:a@b mailto:a@b ", NULL },
	/* what is not well-formed does not count (6.3) */
	{ "v=DMARC1; p=none; adkim=x", "none/none r r 100 1 |", "adkim=" },
	{ "v=DMARC1; p=none; aspf=strict", "none/none r r 100 1 |", "aspf=" },
	{ "v=DMARC1; p=none; pct=101", "none/none r r 100 1 |", "pct=" },
	{ "v=DMARC1; p=none; pct=0005", "none/none r r 100 1 |", "pct=" },
	{ "v=DMARC1; p=none; pct=-1", "none/none r r 100 1 |", "pct=" },
	{ "v=DMARC1; p=none; pct=", "none/none r r 100 1 |", "pct=" },
	{ "v=DMARC1; p=none; fo=2", "none/none r r 100 1 |", "fo=" },
	{ "v=DMARC1; p=none; fo=1:", "none/none r r 100 1 |", "fo=" },
	{ "v=DMARC1; p=none; fo=ds", "none/none r r 100 1 |", "fo=" },
	{ "v=DMARC1; p=none;; sp=reject", "none/reject r r 100 1 |",
	    "name=value" },
	{ "v=DMARC1; p=none; what; =x", "none/none r r 100 1 |",
	    "name=value" },
	{ "v=DMARC1; sp=none; p=reject", "reject/none r r 100 1 |",
	    "first after v=" },
	{ "v=DMARC1; p=none; rua=a@b.test,mailto:c@d.test",
	    "none/none r r 100 1 mailto:c@d.test |", "rua=" },
	{ "v=DMARC1; p=none; ruf=a@b.test", "none/none r r 100 1 |",
	    "ruf=" },
	/* only the first oddity is told */
	{ "v=DMARC1; p=none; fo=x; pct=x", "none/none r r 100 1 |", "fo=" },
	/* no good policy, but somebody to tell (6.6.3, step 6) */
	{ "v=DMARC1; rua=mailto:a@b.test",
	    "none/none r r 100 1 mailto:a@b.test |", "no p=" },
	{ "v=DMARC1; p=no; sp=reject; rua=mailto:a@b.test",
	    "none/none r r 100 1 mailto:a@b.test |", "its p=" },
	{ "v=DMARC1; p=reject; sp=; aspf=s; rua=mailto:a@b.test",
	    "none/none r s 100 1 mailto:a@b.test |", "its sp=" },
};

static const struct {
	struct slice text;
	const char *why;
} bad[] = {
	{ SLICE(""), "v=DMARC1" },
	{ SLICE("v=DMARC1"), "no p=" },
	{ SLICE("v=DMARC1;"), "no p=" },
	{ SLICE("v=dmarc1; p=none"), "begin" },
	{ SLICE("v=DMARC12; p=none"), "begin" },
	{ SLICE("v=DMARC1 p=none"), "begin" },
	{ SLICE(" v=DMARC1; p=none"), "begin" },
	{ SLICE("p=none; v=DMARC1"), "begin" },
	{ SLICE("v=spf1 -all"), "begin" },
	{ SLICE("v=DMARC1\r\n; p=none"), "begin" },
	{ SLICE("v=DMARC1\0; p=none"), "begin" },
	{ SLICE("v=DMARC1; p="), "its p=" },
	{ SLICE("v=DMARC1; p=none\0"), "its p=" },
	{ SLICE("v=DMARC1; p=rejected"), "its p=" },
	{ SLICE("v=DMARC1; p=reject; sp=no"), "its sp=" },
	{ SLICE("v=DMARC1; p=no; rua=a@b.test"), "its p=" },
	{ SLICE("v=DMARC1; p=none; p=none"), "twice" },
	{ SLICE("v=DMARC1; p=none; rua=mailto:a@b; RUA=mailto:a@b"),
	    "twice" },
};

/* Not syntactically valid, for p=none to follow from them (6.6.3). */
static const struct slice no_uris[] = {
	SLICE(""), SLICE(","), SLICE("a@b.test"), SLICE("mailto:"),
	SLICE("mailto:a"), SLICE("mailto:@b"), SLICE("mailto:a@"),
	SLICE("mailto:?to=a@b"), SLICE("mailto:a@b!"), SLICE("mailto:a@b!m"),
	SLICE("mailto:a@b!1x"), SLICE("mailto:a@b!1mm"), SLICE("!1m"),
	SLICE("mailto:a@b!1!1"), SLICE("mailto:a@b!16777216t"),
	SLICE("mailto:a@b!1\0"), SLICE("mailto:a b@c"), SLICE("1x:a"),
	SLICE(":a@b"), SLICE("https:"), SLICE("x/y:a"), SLICE("x\0y:a"),
	SLICE("mailto:a@b\r\nBcc: c@d"), SLICE("mailto:a@b\xc3\xa4"),
};

static void
uris_put(struct buf *out, const struct dmarc_uris *uris)
{
	for (size_t i = 0; i < uris->n; i++) {
		buf_put(out, uris->uri[i].uri);
		if (uris->uri[i].max != UINT64_MAX)
			buf_putf(out, "!%llu",
			    (unsigned long long)uris->uri[i].max);
		buf_putc(out, ' ');
	}
}

static void
record_put(struct buf *out, const struct dmarc_record *r)
{
	buf_putf(out, "%s/%s %c %c %u %u ", dmarc_policy_name(r->p),
	    dmarc_policy_name(r->sp), r->adkim == DMARC_STRICT ? 's' : 'r',
	    r->aspf == DMARC_STRICT ? 's' : 'r', r->pct, r->fo);
	uris_put(out, &r->rua);
	buf_putc(out, '|');
	uris_put(out, &r->ruf);
}

static void
test_records(void **state)
{
	struct dmarc_record r;
	struct buf got = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		const char *why = dmarc_record_parse(
		    slice_of(records[i].text), &r);
		const char *odd = records[i].odd;

		if (why || !odd != !r.odd || (odd && !strstr(r.odd, odd)))
			fail_msg("%s: %s, %s", records[i].text, why, r.odd);
		buf_clear(&got);
		record_put(&got, &r);
		assert_string_equal(buf_str(&got), records[i].want);
	}
	buf_free(&got);
}

static void
test_bad(void **state)
{
	struct dmarc_record r;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *why = dmarc_record_parse(bad[i].text, &r);

		if (!why || !strstr(why, bad[i].why))
			fail_msg("row %zu: %s", i, why ? why : "good");
	}
}

static void
test_no_uris(void **state)
{
	struct dmarc_record r;
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof no_uris / sizeof no_uris[0]; i++) {
		buf_clear(&text);
		buf_puts(&text, "v=DMARC1; rua=");
		buf_put(&text, no_uris[i]);
		if (!dmarc_record_parse(buf_slice(&text), &r))
			fail_msg("row %zu is a URI", i);
		buf_puts(&text, ",x:y");
		assert_null(dmarc_record_parse(buf_slice(&text), &r));
		assert_int_equal(r.rua.n, 1);
	}
	buf_free(&text);
}

/* A NUL is no letter of those that are looked for. */
static void
test_nul(void **state)
{
	struct dmarc_record r;

	(void)state;
	assert_null(dmarc_record_parse(SLICE("v=DMARC1; p=none; fo=\0"), &r));
	assert_string_equal(r.odd, "its fo= is not of 0, 1, d and s");
	assert_int_equal(r.fo, DMARC_FO_ALL);
}

static void
test_long(void **state)
{
	struct dmarc_record r;
	struct buf text = { 0 };

	(void)state;
	buf_puts(&text, "v=DMARC1; p=none; x=");
	while (text.n < DMARC_TEXT_MAX)
		buf_putc(&text, 'y');
	assert_null(dmarc_record_parse(buf_slice(&text), &r));
	buf_putc(&text, 'y');
	assert_string_equal(dmarc_record_parse(buf_slice(&text), &r),
	    "it is too long");
	buf_free(&text);
}

/* What is found among TXT records (6.6.3). */
static void
test_find(void **state)
{
	static const struct {
		const char *txt[3];
		enum dmarc_found want;
		const char *why;
	} rows[] = {
		{ { "v=DMARC1; p=reject" }, DMARC_FOUND, NULL },
		{ { "x", "v=DMARC1; p=reject", "v=DMARC2; p=none" },
		    DMARC_FOUND, NULL },
		{ { "v=spf1 -all", "x" }, DMARC_ABSENT, "no record" },
		{ { "v=DMARC1; p=reject", "v=DMARC1; p=reject" },
		    DMARC_INVALID, "two records" },
		{ { "v=DMARC1; p=x" }, DMARC_INVALID, "its p=" },
	};
	struct dmarc_record r;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dns_answer a = { .type = DNS_TXT,
			.status = DNS_FOUND };

		for (size_t k = 0; k < 3 && rows[i].txt[k]; k++)
			dns_answer_add_txt(&a, slice_of(rows[i].txt[k]));
		assert_int_equal(dmarc_record_find(&a, &r, &why),
		    rows[i].want);
		assert_true(rows[i].why ? why && strstr(why, rows[i].why) :
		    !why);
		assert_true(rows[i].why || r.p == DMARC_REJECT);
		dns_answer_free(&a);
	}
}

static void
test_find_none(void **state)
{
	struct dns_answer a = dns_answer_soft(DNS_TXT, "SERVFAIL");
	struct dmarc_record r;
	const char *why;

	(void)state;
	assert_int_equal(dmarc_record_find(&a, &r, &why), DMARC_UNKNOWN);
	assert_string_equal(why, "SERVFAIL");
	a.status = DNS_NXDOMAIN;
	assert_int_equal(dmarc_record_find(&a, &r, &why), DMARC_ABSENT);
	a.status = DNS_NODATA;
	assert_int_equal(dmarc_record_find(&a, &r, &why), DMARC_ABSENT);
	dns_answer_free(&a);
}

/* More than are kept: another record may be among them. */
static void
test_find_many(void **state)
{
	struct dns_answer a = { .type = DNS_TXT, .status = DNS_FOUND };
	struct dmarc_record r;
	const char *why;

	(void)state;
	dns_answer_add_txt(&a, SLICE("v=DMARC1; p=reject"));
	while (a.n == a.total)
		dns_answer_add_txt(&a, SLICE("x"));
	assert_int_equal(dmarc_record_find(&a, &r, &why), DMARC_INVALID);
	assert_string_equal(why, "there are too many TXT records");
	dns_answer_free(&a);
}

static void
test_name(void **state)
{
	char name[DNS_NAME_SIZE], domain[DNS_NAME_SIZE];

	(void)state;
	assert_true(dmarc_record_name("example.org", name));
	assert_string_equal(name, "_dmarc.example.org");
	memset(domain, 'a', 253);
	domain[253] = '\0';
	for (size_t i = 60; i < 253; i += 61)
		domain[i] = '.';
	assert_false(dmarc_record_name(domain, name));
	domain[246] = '\0';
	assert_true(dmarc_record_name(domain, name));
}

static void
test_policy_for(void **state)
{
	const struct dmarc_record r = { .p = DMARC_REJECT,
		.sp = DMARC_QUARANTINE };

	(void)state;
	assert_int_equal(dmarc_policy_for(&r, "b.test", "b.test"),
	    DMARC_REJECT);
	assert_int_equal(dmarc_policy_for(&r, "a.b.test", "b.test"),
	    DMARC_QUARANTINE);
	/* of its own record, sp= does not count (6.3) */
	assert_int_equal(dmarc_policy_for(&r, "a.b.test", "a.b.test"),
	    DMARC_REJECT);
}

/* RFC 7489 3.1, appendix B.1. */
static void
test_aligned(void **state)
{
	static const struct {
		struct dmarc_domain from, passed;
		bool strict, relaxed;
	} rows[] = {
		{ { "b.test", "b.test" }, { "b.test", "b.test" }, true,
		    true },
		{ { "b.test", "b.test" }, { "a.b.test", "b.test" }, false,
		    true },
		{ { "a.b.test", "b.test" }, { "b.test", "b.test" }, false,
		    true },
		{ { "a.b.test", "b.test" }, { "c.b.test", "b.test" }, false,
		    true },
		{ { "b.test", "b.test" }, { "c.test", "c.test" }, false,
		    false },
		{ { "b.test", "b.test" }, { "xb.test", "xb.test" }, false,
		    false },
		/* public suffixes: of no organisation */
		{ { "test", NULL }, { "test", NULL }, true, true },
		{ { "test", NULL }, { "b.test", "b.test" }, false, false },
		{ { "b.test", "b.test" }, { "test", NULL }, false, false },
		{ { "test", NULL }, { "example", NULL }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(dmarc_is_aligned(rows[i].from,
		    rows[i].passed, DMARC_STRICT), rows[i].strict);
		assert_int_equal(dmarc_is_aligned(rows[i].from,
		    rows[i].passed, DMARC_RELAXED), rows[i].relaxed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_no_uris),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_none),
		cmocka_unit_test(test_find_many),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_policy_for),
		cmocka_unit_test(test_aligned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
