/* SPDX-License-Identifier: ISC */
/* dns_answer.c - answers, good and bad (FAULTS rows 1 to 10, 14, 18). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dns/answer.h"
#include "dns/name.h"
#include "dns/wire.h"

#include "../support/dns_packet.h"

#define NAME SLICE("example.org")

/* 32 octets in hexadecimal. */
#define ZEROS \
	"0000000000000000000000000000000000000000000000000000000000000000"

static void
mx_two(struct buf *b)
{
	packet_mx(b, "example.org", 20, "MX2.Example.ORG");
	packet_mx(b, "Example.org", 10, "mx1.example.org");
}

static void
packet_tlsa(struct buf *b, const char *owner, struct slice rdata)
{
	packet_record(b, owner, DNS_TLSA, rdata);
}

static void
tlsa_two(struct buf *b)
{
	packet_tlsa(b, "example.org", SLICE("\3\1\1\0\xff"));
	packet_tlsa(b, "example.org", SLICE("\xff\0\2\1"));
}

static void
tlsa_empty(struct buf *b)
{
	packet_tlsa(b, "example.org", SLICE("\3\1\1"));
}

static void
tlsa_cut(struct buf *b)
{
	packet_tlsa(b, "example.org", SLICE("\3\1\1\0\xff"));
	packet_tlsa(b, "example.org", SLICE("\3"));
}

static void
tlsa_nothing(struct buf *b)
{
	packet_tlsa(b, "example.org", SLICE(""));
}

static void
tlsa_long(struct buf *b)
{
	static const char rdata[3 + 65] = { 3 };

	packet_tlsa(b, "example.org", (struct slice){ rdata, sizeof rdata });
}

static void
tlsa_by_cname(struct buf *b)
{
	packet_cname(b, "example.org", "_dane.example.net");
	packet_tlsa(b, "_dane.example.net", SLICE("\3\1\1\0\xff"));
}

static void
cname_two(struct buf *b)
{
	packet_cname(b, "example.org", "a.example.org");
	packet_cname(b, "example.org", "b.example.org");
}

static void
mx_null(struct buf *b)
{
	packet_mx(b, "example.org", 0, "");
}

static void
mx_strange(struct buf *b)
{
	packet_mx(b, "example.org", 5, "a b.example.org");
}

static void
mx_of_another(struct buf *b)
{
	packet_mx(b, "example.net", 5, "mx.example.net");
}

static void
mx_by_cname(struct buf *b)
{
	packet_cname(b, "example.org", "www.example.net");
	packet_cname(b, "www.example.net", "real.example.net");
	packet_mx(b, "real.example.net", 1, "mx.example.net");
}

static void
cname_only(struct buf *b)
{
	packet_cname(b, "example.org", "gone.example.net");
}

static void
cname_with_soa(struct buf *b)
{
	packet_cname(b, "example.org", "gone.example.net");
	packet_soa(b, "example.net");
}

static void
cname_loop(struct buf *b)
{
	packet_cname(b, "example.org", "b.example.org");
	packet_cname(b, "b.example.org", "example.org");
}

static void
cname_chain(struct buf *b, int n)
{
	char from[32] = "example.org", to[32];

	for (int i = 0; i < n; i++) {
		snprintf(to, sizeof to, "n%d.example.org", i);
		packet_cname(b, from, to);
		memcpy(from, to, sizeof from);
	}
	packet_mx(b, from, 1, "mx.example.org");
}

static void
cname_chain_8(struct buf *b)
{
	cname_chain(b, 8);
}

static void
cname_chain_9(struct buf *b)
{
	cname_chain(b, 9);
}

static void
cname_invalid(struct buf *b)
{
	packet_cname(b, "example.org", "-x y.example.org");
}

static void
cname_empty(struct buf *b)
{
	packet_record(b, "example.org", DNS_CNAME, (struct slice){ 0 });
}

static void
mx_empty(struct buf *b)
{
	packet_record(b, "example.org", DNS_MX, (struct slice){ 0 });
}

static void
mx_without_host(struct buf *b)
{
	packet_record(b, "example.org", DNS_MX, SLICE("\0\12"));
}

static void
mx_half_preference(struct buf *b)
{
	packet_record(b, "example.org", DNS_MX, SLICE("\0"));
}

static void
mx_unfinished_host(struct buf *b)
{
	packet_record(b, "example.org", DNS_MX, SLICE("\0\12\2mx"));
}

/* As real servers write it: owner and host by pointers to the question. */
static void
mx_compressed(struct buf *b)
{
	packet_count(b, 3);
	buf_put(b, (struct slice){ "\xc0\x0c" "\0\17\0\1" "\0\0\0\x3c"
	    "\0\7" "\0\12\2mx\xc0\x0c", 19 });
	packet_count(b, 3);
	buf_put(b, (struct slice){ "\xc0\x0c" "\0\17\0\1" "\0\0\0\x3c"
	    "\0\4" "\0\24\xc0\x0c", 16 });
}

/* A pointer without its second octet at the end of the data. */
static void
mx_half_pointer(struct buf *b)
{
	packet_record(b, "example.org", DNS_MX, SLICE("\0\12\2mx\xc0"));
}

static void
mx_overlong(struct buf *b)
{
	packet_record(b, "example.org", DNS_MX, SLICE("\0\12\2mx\0xyz"));
}

static void
mx_pointer_loop(struct buf *b)
{
	char rdata[4] = { 0, 10, 0, 0 };
	size_t at = b->n + 13 + 10 + 2; /* where the host will stand */

	rdata[2] = (char)(0xc0 | at >> 8);
	rdata[3] = (char)at;
	packet_record(b, "example.org", DNS_MX, (struct slice){ rdata, 4 });
}

static void
mx_good_then_bad(struct buf *b)
{
	mx_two(b);
	mx_without_host(b);
}

static void
txt_two(struct buf *b)
{
	packet_record(b, "example.org", DNS_TXT, SLICE("\3v=a\0\4; b\\"));
	packet_record(b, "example.org", DNS_TXT, SLICE("\2\n\0"));
}

static void
txt_empty(struct buf *b)
{
	packet_record(b, "example.org", DNS_TXT, (struct slice){ 0 });
}

static void
txt_cut(struct buf *b)
{
	packet_record(b, "example.org", DNS_TXT, SLICE("\3abc\4abc"));
}

static void
srv_two(struct buf *b)
{
	packet_srv(b, "example.org", 20, 0, 587, "Mail2.example.org");
	packet_srv(b, "Example.org", 10, 65535, 465, "mail1.example.org");
}

static void
srv_none(struct buf *b)
{
	packet_srv(b, "example.org", 0, 0, 0, "");
}

static void
srv_empty(struct buf *b)
{
	packet_record(b, "example.org", DNS_SRV, (struct slice){ 0 });
}

static void
srv_without_target(struct buf *b)
{
	packet_record(b, "example.org", DNS_SRV, SLICE("\0\1\0\2\0\3"));
}

static void
srv_half_port(struct buf *b)
{
	packet_record(b, "example.org", DNS_SRV, SLICE("\0\1\0\2\3"));
}

static void
srv_overlong(struct buf *b)
{
	packet_record(b, "example.org", DNS_SRV,
	    SLICE("\0\1\0\2\0\3\2mx\0xyz"));
}

static void
srv_good_then_bad(struct buf *b)
{
	srv_two(b);
	srv_without_target(b);
}

static void
a_two(struct buf *b)
{
	packet_ip(b, "example.org", "192.0.2.1");
	packet_ip(b, "example.org", "192.0.2.2");
}

static void
a_short(struct buf *b)
{
	packet_record(b, "example.org", DNS_A, SLICE("\1\2\3"));
}

static void
a_empty(struct buf *b)
{
	packet_record(b, "example.org", DNS_A, (struct slice){ 0 });
}

static void
a_overlong(struct buf *b)
{
	packet_record(b, "example.org", DNS_A, SLICE("\1\2\3\4\5"));
}

static void
aaaa_one(struct buf *b)
{
	packet_ip(b, "example.org", "2001:db8::1");
}

static void
counted_but_absent(struct buf *b)
{
	packet_count(b, 3);
}

static void
edns_badvers(struct buf *b)
{
	packet_count(b, 5);
	buf_put(b, SLICE("\0" "\0\51" "\4\320" "\1\0\0\0" "\0\0"));
}

static const struct {
	const char *name;
	enum dns_type type;
	unsigned flags;
	void (*fill)(struct buf *b);
	enum dns_status want;
	const char *text;
} cases[] = {
	{ "two MX", DNS_MX, 0x8180, mx_two, DNS_FOUND,
	    "10 mx1.example.org, 20 mx2.example.org" },
	{ "null MX", DNS_MX, 0x8180, mx_null, DNS_FOUND, "0 ." },
	{ "compressed names", DNS_MX, 0x8180, mx_compressed, DNS_FOUND,
	    "10 mx.example.org, 20 example.org" },
	{ "half a pointer", DNS_MX, 0x8180, mx_half_pointer, DNS_SOFT,
	    "malformed answer" },
	{ "strange host is escaped", DNS_MX, 0x8180, mx_strange, DNS_FOUND,
	    "5 a\\032b.example.org" },
	{ "record of another name", DNS_MX, 0x8180, mx_of_another, DNS_NODATA,
	    "no MX records" },
	{ "no records", DNS_MX, 0x8180, NULL, DNS_NODATA, "no MX records" },
	{ "MX when A was asked for", DNS_A, 0x8180, mx_two, DNS_NODATA,
	    "no A records" },
	{ "NXDOMAIN", DNS_MX, 0x8183, NULL, DNS_NXDOMAIN, "NXDOMAIN" },
	{ "SERVFAIL", DNS_MX, 0x8182, NULL, DNS_SOFT, "SERVFAIL" },
	{ "REFUSED", DNS_MX, 0x8185, NULL, DNS_SOFT, "REFUSED" },
	{ "FORMERR", DNS_MX, 0x8181, NULL, DNS_SOFT, "FORMERR" },
	{ "RCODE 13", DNS_MX, 0x818d, NULL, DNS_SOFT, "RCODE 13" },
	{ "BADVERS hides in EDNS", DNS_MX, 0x8180, edns_badvers, DNS_SOFT,
	    "RCODE 16" },
	{ "NXDOMAIN with records", DNS_MX, 0x8183, mx_two, DNS_SOFT,
	    "answer contradicts itself (NXDOMAIN)" },
	{ "CNAMEs", DNS_MX, 0x8180, mx_by_cname, DNS_FOUND,
	    "1 mx.example.net" },
	{ "CNAME without end", DNS_MX, 0x8180, cname_only, DNS_NODATA,
	    "no MX records" },
	{ "CNAME to NXDOMAIN", DNS_MX, 0x8183, cname_only, DNS_NXDOMAIN,
	    "NXDOMAIN" },
	{ "CNAME loop", DNS_MX, 0x8180, cname_loop, DNS_SOFT,
	    "CNAME loop or chain too long" },
	{ "8 CNAMEs", DNS_MX, 0x8180, cname_chain_8, DNS_FOUND,
	    "1 mx.example.org" },
	{ "9 CNAMEs", DNS_MX, 0x8180, cname_chain_9, DNS_SOFT,
	    "CNAME loop or chain too long" },
	{ "CNAME to no host", DNS_MX, 0x8180, cname_invalid, DNS_SOFT,
	    "CNAME to an invalid name" },
	{ "CNAME without data", DNS_MX, 0x8180, cname_empty, DNS_SOFT,
	    "malformed answer" },
	{ "authoritative no", DNS_MX, 0x8500, NULL, DNS_NODATA,
	    "no MX records" },
	{ "referral", DNS_MX, 0x8100, NULL, DNS_SOFT,
	    "referral instead of an answer" },
	{ "authoritative CNAME, end unknown", DNS_MX, 0x8500, cname_only,
	    DNS_SOFT, "referral instead of an answer" },
	{ "authoritative CNAME, end known", DNS_MX, 0x8500, cname_with_soa,
	    DNS_NODATA, "no MX records" },
	{ "MX without data", DNS_MX, 0x8180, mx_empty, DNS_SOFT, NULL },
	{ "MX without host", DNS_MX, 0x8180, mx_without_host, DNS_SOFT, NULL },
	{ "MX with one octet", DNS_MX, 0x8180, mx_half_preference, DNS_SOFT,
	    NULL },
	{ "MX host cut off", DNS_MX, 0x8180, mx_unfinished_host, DNS_SOFT,
	    NULL },
	{ "MX with more than a host", DNS_MX, 0x8180, mx_overlong, DNS_SOFT,
	    NULL },
	{ "compression loop", DNS_MX, 0x8180, mx_pointer_loop, DNS_SOFT,
	    NULL },
	{ "one bad MX spoils all", DNS_MX, 0x8180, mx_good_then_bad, DNS_SOFT,
	    NULL },
	{ "counted, not there", DNS_MX, 0x8180, counted_but_absent, DNS_SOFT,
	    "malformed answer" },
	{ "two SRV", DNS_SRV, 0x8180, srv_two, DNS_FOUND,
	    "20 0 587 mail2.example.org, 10 65535 465 mail1.example.org" },
	{ "no service", DNS_SRV, 0x8180, srv_none, DNS_FOUND, "0 0 0 ." },
	{ "SRV when MX was asked for", DNS_MX, 0x8180, srv_two, DNS_NODATA,
	    "no MX records" },
	{ "SRV without data", DNS_SRV, 0x8180, srv_empty, DNS_SOFT, NULL },
	{ "SRV without target", DNS_SRV, 0x8180, srv_without_target, DNS_SOFT,
	    NULL },
	{ "SRV with half a port", DNS_SRV, 0x8180, srv_half_port, DNS_SOFT,
	    NULL },
	{ "SRV with more than a target", DNS_SRV, 0x8180, srv_overlong,
	    DNS_SOFT, "malformed answer" },
	{ "one bad SRV spoils all", DNS_SRV, 0x8180, srv_good_then_bad,
	    DNS_SOFT, NULL },
	{ "two TXT", DNS_TXT, 0x8180, txt_two, DNS_FOUND,
	    "\"v=a; b\\\\\", \"\\x0a\\x00\"" },
	{ "TXT without data", DNS_TXT, 0x8180, txt_empty, DNS_SOFT, NULL },
	{ "TXT with a string cut off", DNS_TXT, 0x8180, txt_cut, DNS_SOFT,
	    "malformed answer" },
	{ "two A", DNS_A, 0x8180, a_two, DNS_FOUND, "192.0.2.1, 192.0.2.2" },
	{ "short A", DNS_A, 0x8180, a_short, DNS_SOFT, NULL },
	{ "empty A", DNS_A, 0x8180, a_empty, DNS_SOFT, NULL },
	{ "overlong A", DNS_A, 0x8180, a_overlong, DNS_SOFT, NULL },
	{ "AAAA", DNS_AAAA, 0x8180, aaaa_one, DNS_FOUND, "2001:db8::1" },
	{ "two TLSA", DNS_TLSA, 0x8180, tlsa_two, DNS_FOUND,
	    "3 1 1 00ff, 255 0 2 01" },
	{ "TLSA without data", DNS_TLSA, 0x8180, tlsa_empty, DNS_SOFT, NULL },
	{ "TLSA cut off", DNS_TLSA, 0x8180, tlsa_cut, DNS_SOFT, NULL },
	{ "TLSA of nothing", DNS_TLSA, 0x8180, tlsa_nothing, DNS_SOFT, NULL },
	{ "a long TLSA", DNS_TLSA, 0x8180, tlsa_long, DNS_FOUND,
	    "3 0 0 " ZEROS ZEROS "..." },
	{ "a TLSA by CNAME", DNS_TLSA, 0x8180, tlsa_by_cname, DNS_FOUND,
	    "3 1 1 00ff" },
	{ "a CNAME", DNS_CNAME, 0x8180, mx_by_cname, DNS_FOUND,
	    "www.example.net" },
	{ "two CNAMEs of one name", DNS_CNAME, 0x8180, cname_two, DNS_SOFT,
	    NULL },
	{ "no CNAME", DNS_CNAME, 0x8180, NULL, DNS_NODATA,
	    "no CNAME records" },
	{ "TYPE 6 is not read", (enum dns_type)6, 0x8180, NULL, DNS_SOFT,
	    "records of this type are not read" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf packet = { 0 }, text = { 0 };
		struct dns_answer a;

		print_message("  %s\n", cases[i].name);
		packet_begin(&packet, 7, cases[i].flags, "example.org",
		    cases[i].type);
		if (cases[i].fill)
			cases[i].fill(&packet);
		dns_answer_parse(buf_slice(&packet), NAME, cases[i].type, &a);
		dns_answer_put(&text, &a);
		assert_int_equal(a.status, cases[i].want);
		assert_int_equal(a.n > 0, a.status == DNS_FOUND);
		if (cases[i].text)
			assert_string_equal(buf_str(&text), cases[i].text);
		assert_true(text.n > 0);
		dns_answer_free(&a);
		buf_free(&packet);
		buf_free(&text);
	}
}

/* However a packet is cut off, it is never half used. */
static void
every_prefix_is_soft(enum dns_type type, void (*fill)(struct buf *b))
{
	struct buf packet = { 0 };

	packet_begin(&packet, 7, FLAGS_RECURSIVE, "example.org", type);
	fill(&packet);
	for (size_t n = 0; n < packet.n; n++) {
		char *exact = malloc(n + 1); /* so that ASan sees overreads */
		struct dns_answer a;

		memcpy(exact + 1, buf_slice(&packet).p, n);
		assert_false(dns_wire_is_exact((struct slice){ exact + 1,
		    n }));
		dns_answer_parse((struct slice){ exact + 1, n }, NAME, type,
		    &a);
		assert_int_equal(a.status, DNS_SOFT);
		assert_int_equal(a.n, 0);
		dns_answer_free(&a);
		free(exact);
	}
	buf_free(&packet);
}

static void
test_every_prefix_is_soft(void **state)
{
	(void)state;
	every_prefix_is_soft(DNS_MX, mx_two);
	every_prefix_is_soft(DNS_SRV, srv_two);
	every_prefix_is_soft(DNS_TXT, txt_two);
}

static void
test_secure_is_the_ad_bit(void **state)
{
	(void)state;
	for (unsigned ad = 0; ad < 2; ad++) {
		struct buf packet = { 0 };
		struct dns_answer a;

		packet_begin(&packet, 7, FLAGS_RECURSIVE | (ad ? FLAG_AD : 0),
		    "example.org", DNS_MX);
		mx_two(&packet);
		dns_answer_parse(buf_slice(&packet), NAME, DNS_MX, &a);
		assert_int_equal(a.secure, ad);
		assert_null(a.canonical);
		dns_answer_free(&a);
		buf_free(&packet);
	}
}

/* ---- how long it may be kept ---- */

/* 0 = no such record; the SOA has MINIMUM 5. */
static const struct {
	const char *name;
	unsigned cname, mx, mx2;
	int64_t soa;
	uint32_t want;
} ttls[] = {
	{ "one record", 0, 300, 0, 0, 300 },
	{ "the least of two", 0, 300, 200, 0, 200 },
	{ "the least of two, first", 0, 100, 200, 0, 100 },
	{ "a CNAME on the way counts", 30, 300, 0, 0, 30 },
	{ "a CNAME that is kept longer", 3000, 300, 0, 0, 300 },
	{ "a day at most", 0, 604800, 0, 0, DNS_TTL_MAX },
	{ "the top bit makes it 0", 0, 0x80000001, 0, 0, 0 },
	{ "all bits", 0, 0xffffffff, 0, 0, 0 },
	{ "the most there is", 0, 0x7fffffff, 0, 0, DNS_TTL_MAX },
	{ "negative without SOA", 0, 0, 0, 0, 0 },
	{ "negative: MINIMUM", 0, 0, 0, 600, 5 },
	{ "negative: the SOA's TTL", 0, 0, 0, 2, 2 },
	{ "negative behind a CNAME", 3, 0, 0, 600, 3 },
};

static void
put_with_ttl(struct buf *b, size_t i)
{
	const char *at = ttls[i].cname ? "b.example.org" : "example.org";
	size_t start = b->n;

	if (ttls[i].cname) {
		packet_cname(b, "example.org", at);
		packet_ttl(b, start, "example.org", ttls[i].cname);
	}
	start = b->n;
	if (ttls[i].mx) {
		packet_mx(b, at, 10, "mx.example.org");
		packet_ttl(b, start, at, ttls[i].mx);
	}
	start = b->n;
	if (ttls[i].mx2) {
		packet_mx(b, at, 10, "mx2.example.org");
		packet_ttl(b, start, at, ttls[i].mx2);
	}
	start = b->n;
	if (ttls[i].soa) {
		packet_soa(b, "example.org");
		packet_ttl(b, start, "example.org", (unsigned)ttls[i].soa);
	}
}

static void
test_ttl(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ttls / sizeof ttls[0]; i++) {
		struct buf packet = { 0 };
		struct dns_answer a, copy;

		print_message("  %s\n", ttls[i].name);
		packet_begin(&packet, 7, FLAGS_RECURSIVE, "example.org",
		    DNS_MX);
		put_with_ttl(&packet, i);
		dns_answer_parse(buf_slice(&packet), NAME, DNS_MX, &a);
		assert_int_equal(a.status, ttls[i].mx ? DNS_FOUND :
		    DNS_NODATA);
		assert_int_equal(a.ttl, ttls[i].want);
		dns_answer_copy(&copy, &a);
		assert_int_equal(copy.ttl, ttls[i].want);
		dns_answer_free(&copy);
		dns_answer_free(&a);
		buf_free(&packet);
	}
}

/* A MINIMUM of ten years is three hours. */
static void
test_a_negative_is_kept_for_three_hours_at_most(void **state)
{
	struct buf packet = { 0 };
	struct dns_answer a;

	(void)state;
	packet_begin(&packet, 7, FLAGS_RECURSIVE | 3, "example.org", DNS_MX);
	packet_soa(&packet, "example.org");
	packet_ttl(&packet, packet.n - 22 - 10 - 13, "example.org", 86400);
	packet.base[packet.n - 3] = 1; /* of MINIMUM */
	dns_answer_parse(buf_slice(&packet), NAME, DNS_MX, &a);
	assert_int_equal(a.status, DNS_NXDOMAIN);
	assert_int_equal(a.ttl, DNS_TTL_NEGATIVE_MAX);
	dns_answer_free(&a);
	buf_free(&packet);
}

/* ---- EDNS ---- */

static const struct {
	unsigned rcode, upper; /* upper bits, in an OPT record; 0 = none */
	bool refuses;
} refusals[] = {
	{ 0, 0, false }, { 1, 0, true }, { 2, 0, false }, { 3, 0, false },
	{ 4, 0, true }, { 5, 0, false }, { 0, 1, true }, { 1, 1, false },
	{ 4, 2, false },
};

static void
test_which_answers_refuse_edns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct buf packet = { 0 };
		struct dns_answer a;

		packet_begin(&packet, 7, FLAGS_RECURSIVE | refusals[i].rcode,
		    "example.org", DNS_MX);
		if (refusals[i].upper)
			packet_opt(&packet, refusals[i].upper);
		dns_answer_parse(buf_slice(&packet), NAME, DNS_MX, &a);
		assert_int_equal(dns_answer_refuses_edns(&a),
		    refusals[i].refuses);
		dns_answer_free(&a);
		buf_free(&packet);
	}
}

/* FORMERR and NOTIMP may lack the question; all else needs it. */
static void
test_refusals_without_a_question_match(void **state)
{
	(void)state;
	for (unsigned rcode = 0; rcode < 16; rcode++) {
		struct buf packet = { 0 };

		packet_begin(&packet, 7, FLAGS_RECURSIVE | rcode,
		    "example.org", DNS_MX);
		buf_cut(&packet, 12);
		packet.base[5] = 0;
		assert_int_equal(dns_answer_matches(buf_slice(&packet), NAME,
		    DNS_MX, 7), rcode == 1 || rcode == 4);
		assert_false(dns_answer_matches(buf_slice(&packet), NAME,
		    DNS_MX, 8));
		packet.base[4] = 1; /* 256 questions that are not there */
		assert_false(dns_answer_matches(buf_slice(&packet), NAME,
		    DNS_MX, 7));
		buf_free(&packet);
	}
}

static void
test_a_thousand_records_are_bounded(void **state)
{
	struct buf packet = { 0 }, text = { 0 };
	struct dns_answer a, copy;
	char host[40];

	(void)state;
	packet_begin(&packet, 7, FLAGS_RECURSIVE, "example.org", DNS_MX);
	for (unsigned i = 1000; i > 0; i--) {
		snprintf(host, sizeof host, "mx%u.example.org", i);
		packet_mx(&packet, "example.org", i, host);
	}
	dns_answer_parse(buf_slice(&packet), NAME, DNS_MX, &a);
	assert_int_equal(a.status, DNS_FOUND);
	assert_int_equal(a.n, DNS_RECORDS_MAX);
	assert_int_equal(a.total, 1000);
	for (size_t i = 0; i < a.n; i++)
		assert_in_range(a.mx[i].preference, 1, DNS_RECORDS_MAX);
	dns_answer_copy(&copy, &a);
	dns_answer_free(&a);
	dns_answer_put(&text, &copy);
	assert_true(slice_ends_nocase(buf_slice(&text),
	    SLICE(" and 936 more")));
	dns_answer_free(&copy);
	buf_free(&packet);
	buf_free(&text);
}

static void
test_a_thousand_services_are_bounded(void **state)
{
	struct buf packet = { 0 };
	struct dns_answer a, copy;

	(void)state;
	packet_begin(&packet, 7, FLAGS_RECURSIVE, "example.org", DNS_SRV);
	for (unsigned i = 1000; i > 0; i--)
		packet_srv(&packet, "example.org", i, 1, 587, "m.example.org");
	dns_answer_parse(buf_slice(&packet), NAME, DNS_SRV, &a);
	dns_answer_copy(&copy, &a);
	dns_answer_free(&a);
	assert_int_equal(copy.n, DNS_RECORDS_MAX);
	assert_int_equal(copy.total, 1000);
	for (size_t i = 0; i < copy.n; i++)
		assert_in_range(copy.srv[i].priority, 1, DNS_RECORDS_MAX);
	dns_answer_free(&copy);
	buf_free(&packet);
}

static void
test_many_tlsa_are_bounded(void **state)
{
	char rdata[] = "\3\1\1" ZEROS;
	struct buf packet = { 0 };
	struct dns_answer a, copy;

	(void)state;
	packet_begin(&packet, 7, FLAGS_RECURSIVE, "example.org", DNS_TLSA);
	for (unsigned i = 0; i < 500; i++) {
		rdata[3] = (char)i;
		packet_tlsa(&packet, "example.org", (struct slice){ rdata,
		    sizeof rdata - 1 });
	}
	dns_answer_parse(buf_slice(&packet), NAME, DNS_TLSA, &a);
	dns_answer_copy(&copy, &a);
	dns_answer_free(&a);
	assert_int_equal(copy.status, DNS_FOUND);
	assert_int_equal(copy.n, DNS_RECORDS_MAX);
	assert_int_equal(copy.total, 500);
	for (size_t i = 0; i < copy.n; i++) {
		assert_int_equal(copy.tlsa[i].n, 64);
		assert_int_equal(copy.tlsa[i].data[0], i);
	}
	dns_answer_free(&copy);
	buf_free(&packet);
}

static void
test_a_thousand_addresses_are_bounded(void **state)
{
	struct buf packet = { 0 };
	struct dns_answer a;

	(void)state;
	packet_begin(&packet, 7, FLAGS_RECURSIVE, "example.org", DNS_A);
	for (unsigned i = 0; i < 1000; i++)
		packet_ip(&packet, "example.org", "192.0.2.1");
	dns_answer_parse(buf_slice(&packet), NAME, DNS_A, &a);
	assert_int_equal(a.n, DNS_RECORDS_MAX);
	assert_int_equal(a.total, 1000);
	dns_answer_free(&a);
	buf_free(&packet);
}

/* Byte `at` of a matching packet set to `to` makes it match no more. */
static const struct {
	const char *name;
	size_t at;
	unsigned char to;
	bool want;
} changes[] = {
	{ "nothing", 0, 0x12, true },
	{ "other case", 13, 'E', true },
	{ "TC", 2, 0x83, true },
	{ "id", 1, 0x35, false },
	{ "a question, not an answer", 2, 0x01, false },
	{ "opcode", 2, 0x91, false },
	{ "no question", 5, 0, false },
	{ "two questions", 5, 2, false },
	{ "another name", 13, 'f', false },
	{ "longer label", 12, 8, false },
	{ "compressed name", 12, 0xc0, false },
	{ "name goes on", 24, 1, false },
	{ "another type", 26, 1, false },
	{ "another class", 28, 3, false },
};

static void
test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct buf packet = { 0 };

		print_message("  %s\n", changes[i].name);
		packet_begin(&packet, 0x1234, FLAGS_RECURSIVE, "example.org",
		    DNS_MX);
		packet.base[changes[i].at] = (char)changes[i].to;
		assert_int_equal(changes[i].want, dns_answer_matches(
		    buf_slice(&packet), NAME, DNS_MX, 0x1234));
		for (size_t n = 0; n < packet.n; n++)
			assert_false(dns_answer_matches(
			    slice_first(buf_slice(&packet), n), NAME, DNS_MX,
			    0x1234));
		buf_free(&packet);
	}
	assert_false(dns_answer_matches(SLICE("0123456789012345678901"),
	    SLICE(""), DNS_MX, 0));
}

/* A name of equal labels, one more or one less of them. */
static void
test_all_labels_match(void **state)
{
	static const char *const names[] = { "", "o", "o.o", "o.o.o" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 1; k < 4; k++) {
			struct buf packet = { 0 };

			packet_begin(&packet, 7, FLAGS_RECURSIVE, names[i],
			    DNS_MX);
			assert_int_equal(dns_answer_matches(
			    buf_slice(&packet), slice_of(names[k]), DNS_MX,
			    7), i == k);
			buf_free(&packet);
		}
}

static void
test_truncation_is_seen(void **state)
{
	struct buf b = { 0 };

	(void)state;
	packet_begin(&b, 1, FLAGS_RECURSIVE, "example.org", DNS_A);
	assert_false(dns_answer_is_truncated(buf_slice(&b)));
	buf_clear(&b);
	packet_begin(&b, 1, FLAGS_RECURSIVE | FLAG_TC, "example.org", DNS_A);
	assert_true(dns_answer_is_truncated(buf_slice(&b)));
	buf_free(&b);
}

static void
test_type_names(void **state)
{
	(void)state;
	assert_string_equal(dns_type_name(DNS_MX), "MX");
	assert_string_equal(dns_type_name(DNS_A), "A");
	assert_string_equal(dns_type_name(DNS_AAAA), "AAAA");
	assert_string_equal(dns_type_name(DNS_SRV), "SRV");
	assert_string_equal(dns_type_name(DNS_CNAME), "CNAME");
	assert_string_equal(dns_type_name(DNS_TXT), "TXT");
	assert_string_equal(dns_type_name((enum dns_type)9999), "TYPE?");
}

static void
test_soft_of_our_own(void **state)
{
	struct dns_answer a = dns_answer_soft(DNS_A, "timed out");
	struct buf text = { 0 };

	(void)state;
	assert_int_equal(a.status, DNS_SOFT);
	assert_string_equal(dns_status_name(a.status), "soft");
	assert_string_equal(dns_status_name(DNS_FOUND), "found");
	assert_string_equal(dns_status_name(DNS_NODATA), "nodata");
	assert_string_equal(dns_status_name(DNS_NXDOMAIN), "nxdomain");
	dns_answer_put(&text, &a);
	assert_string_equal(buf_str(&text), "timed out");
	buf_free(&text);
	dns_answer_free(&a);
	dns_answer_add_ip(&a, &(struct ip){ 4, { 192, 0, 2, 1 }, 0 });
	assert_int_equal(a.n, 1);
	dns_answer_free(&a);
	assert_int_equal(a.n, 0);
	assert_int_equal(a.total, 0);
	assert_null(a.ip);
	assert_null(a.why);
	dns_answer_free(&a);
}

static void
test_other_names_are_not_asked_for(void **state)
{
	struct buf b = { 0 };
	struct dns_answer a;

	(void)state;
	packet_begin(&b, 1, FLAGS_RECURSIVE, "example.org", DNS_A);
	dns_answer_parse(buf_slice(&b), SLICE("a..b"), DNS_A, &a);
	assert_int_equal(a.status, DNS_SOFT);
	dns_answer_free(&a);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_every_prefix_is_soft),
		cmocka_unit_test(test_secure_is_the_ad_bit),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(
		    test_a_negative_is_kept_for_three_hours_at_most),
		cmocka_unit_test(test_which_answers_refuse_edns),
		cmocka_unit_test(test_refusals_without_a_question_match),
		cmocka_unit_test(test_a_thousand_records_are_bounded),
		cmocka_unit_test(test_a_thousand_services_are_bounded),
		cmocka_unit_test(test_many_tlsa_are_bounded),
		cmocka_unit_test(test_a_thousand_addresses_are_bounded),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_all_labels_match),
		cmocka_unit_test(test_truncation_is_seen),
		cmocka_unit_test(test_type_names),
		cmocka_unit_test(test_soft_of_our_own),
		cmocka_unit_test(test_other_names_are_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
