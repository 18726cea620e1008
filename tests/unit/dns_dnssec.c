/* SPDX-License-Identifier: ISC */
/*
 * dns_dnssec.c - what DNSSEC's records say, one at a time, and how much work a
 * hostile zone can make (CVE-2023-50387, CVE-2023-50868).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/codec.h"
#include "dns/dnssec_impl.h"

#define NOW 1800000000

static ldns_rr *
rr(const char *text)
{
	ldns_rr *out = NULL;

	if (ldns_rr_new_frm_str(&out, text, 60, NULL, NULL) != LDNS_STATUS_OK)
		fail_msg("%s", text);
	return out;
}

static void
put(ldns_rr_list *list, const char *text)
{
	ldns_rr_list_push_rr(list, rr(text));
}

/* A key of ECDSA P-256 of these octets. */
static ldns_rr *
key_of(const unsigned char octets[64])
{
	struct buf text = { 0 };
	ldns_rr *key;

	buf_puts(&text, "x.test. IN DNSKEY 257 3 13 ");
	base64_put(&text, (struct slice){ (const char *)octets, 64 });
	key = rr(buf_str(&text));
	buf_free(&text);
	return key;
}

/* One that is no point of the curve, and whose tag is that of all others. */
static ldns_rr *
colliding_key(unsigned n)
{
	unsigned char octets[64] = { (unsigned char)(n >> 8),
		(unsigned char)n };
	ldns_rr *key = key_of(octets);
	unsigned short rest = (unsigned short)(40000 - ldns_calc_keytag(key));

	ldns_rr_free(key);
	octets[62] = (unsigned char)(rest >> 8);
	octets[63] = (unsigned char)rest;
	return key_of(octets);
}

#define SIG "x.test. 60 IN RRSIG A 13 2 60 20300101000000 20200101000000 " \
	    "%u x.test. %s"
#define TENS   "AAAAAAAAAA"
#define OCTETS TENS TENS TENS TENS TENS TENS TENS TENS "AAAAAA=="

/* 60 keys with one tag and 60 signatures that name it: 16 are tried. */
static void
test_key_tags_that_collide(void **state)
{
	struct dnssec_zone z = { .name = "x.test",
		.keys = ldns_rr_list_new() };
	struct dnssec_work w = { .now = NOW };
	ldns_rr_list *section = ldns_rr_list_new();
	unsigned tag, labels;
	char text[512];

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		ldns_rr_list_push_rr(z.keys, colliding_key(i));
	tag = ldns_calc_keytag(ldns_rr_list_rr(z.keys, 0));
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(ldns_calc_keytag(ldns_rr_list_rr(z.keys, i)),
		    tag);
		snprintf(text, sizeof text, SIG, tag, OCTETS);
		put(section, text);
	}
	put(section, "x.test. 60 IN A 192.0.2.1");
	assert_int_equal(dnssec_verify(section, "x.test", LDNS_RR_TYPE_A, &z,
	    &w, &labels), SIG_BAD);
	assert_int_equal(w.checks, DNSSEC_CHECKS_SET);
	for (int i = 0; i < 10; i++)
		dnssec_verify(section, "x.test", LDNS_RR_TYPE_A, &z, &w,
		    &labels);
	assert_int_equal(w.checks, DNSSEC_CHECKS_LOOKUP);
	assert_non_null(strstr(w.why, "too many signatures"));
	ldns_rr_list_deep_free(section);
	ldns_rr_list_deep_free(z.keys);
}

/* Signatures that cannot be meant cost nothing. */
static void
test_which_signatures_are_tried(void **state)
{
	static const struct {
		const char *sig; /* with the tag */
		const char *why;
	} rows[] = {
		{ "x.test. 60 IN RRSIG A 13 2 60 20260101000000 "
		  "20200101000000 %u x.test. " OCTETS, "expired" },
		{ "x.test. 60 IN RRSIG A 13 2 60 20400101000000 "
		  "20350101000000 %u x.test. " OCTETS, "begins to be valid" },
		{ "x.test. 60 IN RRSIG A 13 2 60 20300101000000 "
		  "20200101000000 %u test. " OCTETS, "signed by test." },
		{ "x.test. 60 IN RRSIG A 13 3 60 20300101000000 "
		  "20200101000000 %u x.test. " OCTETS, "of another name" },
		{ "x.test. 60 IN RRSIG A 8 2 60 20300101000000 "
		  "20200101000000 %u x.test. " OCTETS, "no key of the zone" },
		{ "x.test. 60 IN RRSIG MX 13 2 60 20300101000000 "
		  "20200101000000 %u x.test. " OCTETS, "no signature" },
		{ "y.test. 60 IN RRSIG A 13 2 60 20300101000000 "
		  "20200101000000 %u x.test. " OCTETS, "no signature" },
	};
	struct dnssec_zone z = { .name = "x.test",
		.keys = ldns_rr_list_new() };
	unsigned tag, labels;
	char text[512];

	(void)state;
	ldns_rr_list_push_rr(z.keys, colliding_key(1));
	tag = ldns_calc_keytag(ldns_rr_list_rr(z.keys, 0));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct dnssec_work w = { .now = NOW };
		ldns_rr_list *section = ldns_rr_list_new();

		snprintf(text, sizeof text, rows[i].sig, tag);
		put(section, text);
		put(section, "x.test. 60 IN A 192.0.2.1");
		assert_int_not_equal(dnssec_verify(section, "x.test",
		    LDNS_RR_TYPE_A, &z, &w, &labels), SIG_GOOD);
		if (!strstr(w.why, rows[i].why))
			fail_msg("row %zu: %s", i, w.why);
		assert_int_equal(w.checks, 0);
		ldns_rr_list_deep_free(section);
	}
	ldns_rr_list_deep_free(z.keys);
}

/* Nothing that is not signed proves anything, however it looks. */
static void
test_unsigned_denials(void **state)
{
	static const char *const rows[] = {
		"a.test. 60 IN NSEC c.test. NS RRSIG NSEC",
		"b.test. 60 IN NSEC c.test. A RRSIG NSEC",
		"test. 60 IN NSEC test. SOA NS RRSIG NSEC DNSKEY",
		"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.test. 60 IN NSEC3 1 1 12 "
		"aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS",
		"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.test. 60 IN NSEC3 1 0 5000 "
		"aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A",
	};
	struct dnssec_zone z = { .name = "test", .keys = ldns_rr_list_new() };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct dnssec_work w = { .now = NOW };
		ldns_rr_list *section = ldns_rr_list_new();
		struct denied d;

		put(section, rows[i]);
		d = dnssec_deny(section, "b.test", LDNS_RR_TYPE_DS, &z, &w);
		assert_int_equal(d.kind, DENIED_NOT);
		assert_int_equal(dnssec_deny_expanded(section, "b.test", 1, &z,
		    &w), DENIED_NOT);
		assert_true(w.why[0] != '\0');
		ldns_rr_list_deep_free(section);
	}
	ldns_rr_list_deep_free(z.keys);
}

/* RFC 6840 4.1, 4.4: whose a bitmap is. */
static void
test_bitmaps(void **state)
{
	static const struct {
		const char *types;
		ldns_rr_type type;
		bool denied;
	} rows[] = {
		{ "A MX", LDNS_RR_TYPE_TLSA, true },
		{ "A MX", LDNS_RR_TYPE_MX, false },
		{ "CNAME", LDNS_RR_TYPE_A, false },
		{ "NS", LDNS_RR_TYPE_A, false },	/* the child's to say */
		{ "NS", LDNS_RR_TYPE_DS, true },
		{ "NS SOA", LDNS_RR_TYPE_A, true },
		{ "NS SOA", LDNS_RR_TYPE_DS, false },	/* the parent's */
		{ "NS DS", LDNS_RR_TYPE_DS, false },
		{ "TYPE1234", (ldns_rr_type)1234, false },
		{ "TYPE1234", (ldns_rr_type)1235, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[128];
		ldns_rr *nsec;

		snprintf(text, sizeof text, "a.test. IN NSEC b.test. %s",
		    rows[i].types);
		nsec = rr(text);
		assert_int_equal(dnssec_bitmap_denies(ldns_rr_rdf(nsec, 1),
		    rows[i].type), rows[i].denied);
		ldns_rr_free(nsec);
	}
	assert_true(dnssec_bitmap_denies(NULL, LDNS_RR_TYPE_A));
}

static void
test_names(void **state)
{
	(void)state;
	assert_int_equal(dnssec_labels(""), 0);
	assert_int_equal(dnssec_labels("a.b"), 2);
	assert_string_equal(dnssec_above("a.b.c", 1), "b.c");
	assert_string_equal(dnssec_above("a.b", 2), "");
	assert_string_equal(dnssec_above("a.b", 9), "");
	assert_true(dnssec_is_below("a.b", "b"));
	assert_true(dnssec_is_below("a.b", "a.b"));
	assert_true(dnssec_is_below("a.b", ""));
	assert_false(dnssec_is_below("ab", "b"));
	assert_false(dnssec_is_below("b", "a.b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_tags_that_collide),
		cmocka_unit_test(test_which_signatures_are_tried),
		cmocka_unit_test(test_unsigned_denials),
		cmocka_unit_test(test_bitmaps),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("dns_dnssec", tests, NULL, NULL);
}
