/* SPDX-License-Identifier: ISC */
/* dns_query.c - names and the packets that ask for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dns/name.h"
#include "dns/answer.h"
#include "dns/query.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define L61 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

static const struct {
	const char *text;
	const char *want; /* NULL = no name */
	bool host;
} names[] = {
	{ "example.org", "example.org", true },
	{ "Example.ORG.", "example.org", true },
	{ "org", "org", true },
	{ "_25._tcp.mx.example.org", "_25._tcp.mx.example.org", true },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example", true },
	{ "192.0.2.1", "192.0.2.1", false },
	{ "a.1", "a.1", false },
	{ "1.a", "1.a", true },
	{ L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61, true },
	{ L63 "." L63 "." L63 "." L61 "x", NULL, false },
	{ L63 "y.org", NULL, false },
	{ "", NULL, false },
	{ ".", NULL, false },
	{ "a..b", NULL, false },
	{ ".a", NULL, false },
	{ "a..", NULL, false },
	{ "-a.org", NULL, false },
	{ "a-.org", NULL, false },
	{ "a b.org", NULL, false },
	{ "a\r\nb.org", NULL, false },
	{ "a\\046b.org", NULL, false },
	{ "b\303\274cher.example", NULL, false },
	{ "[192.0.2.1]", NULL, false },
	{ "a:b", NULL, false },
};

static void
test_names(void **state)
{
	char kept[DNS_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		bool ok = dns_name_parse(slice_of(names[i].text), kept);

		print_message("  %s\n", names[i].text);
		assert_int_equal(ok, names[i].want != NULL);
		if (!ok)
			continue;
		assert_string_equal(kept, names[i].want);
		assert_int_equal(dns_name_is_host(kept), names[i].host);
	}
	assert_false(dns_name_is_host("Example.org"));
	assert_false(dns_name_is_host("example.org."));
	assert_false(dns_name_is_host(""));
}

static void
test_localhost(void **state)
{
	(void)state;
	assert_true(dns_name_is_localhost("localhost"));
	assert_true(dns_name_is_localhost("a.localhost"));
	assert_false(dns_name_is_localhost("notlocalhost"));
	assert_false(dns_name_is_localhost("localhost.org"));
}

static const struct {
	const char *name;
	struct slice wire;
	const char *want; /* NULL = broken */
} wires[] = {
	{ "plain", { "\2mX\3ORG\0", 8 }, "mx.org" },
	{ "root", { "\0", 1 }, "" },
	{ "dot in a label", { "\3a.b\0", 5 }, "a\\046b" },
	{ "controls", { "\2\r\n\0", 4 }, "\\013\\010" },
	{ "high octet", { "\1\377\0", 3 }, "\\255" },
	{ "nothing", { "", 0 }, NULL },
	{ "no end", { "\2mx", 3 }, NULL },
	{ "label cut off", { "\5mx\0", 4 }, NULL },
	{ "pointer", { "\300\14", 2 }, NULL },
	{ "more behind the end", { "\2mx\0\0", 5 }, NULL },
};

/* Every octet: as it is, in lower case, or as a number (RFC 4343 2.1). */
static void
test_wire_octets(void **state)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	char kept[DNS_NAME_SIZE], want[16];

	(void)state;
	for (int c = 0; c < 256; c++) {
		char wire[] = { 1, (char)c, 0 };
		int low = c >= 'A' && c <= 'Z' ? c + 32 : c;

		if (c > 0 && strchr(plain, low))
			snprintf(want, sizeof want, "%c", low);
		else
			snprintf(want, sizeof want, "\\%03d", c);
		assert_true(dns_name_from_wire((struct slice){ wire, 3 },
		    kept));
		assert_string_equal(kept, want);
	}
}

/* RFC 1035 3.1: 255 octets on the wire are 253 in text, and all of them. */
static void
test_longest_wire_name(void **state)
{
	static const char longest[] = "\77" L63 "\77" L63 "\77" L63 "\75" L61;
	char kept[DNS_NAME_SIZE];

	(void)state;
	assert_int_equal(sizeof longest, 255);
	assert_true(dns_name_from_wire((struct slice){ longest, 255 }, kept));
	assert_string_equal(kept, L63 "." L63 "." L63 "." L61);
	assert_int_equal(strlen(kept), 253);
}

static void
test_wire_names(void **state)
{
	char kept[DNS_NAME_SIZE], many[256];

	(void)state;
	for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
		print_message("  %s\n", wires[i].name);
		assert_int_equal(dns_name_from_wire(wires[i].wire, kept),
		    wires[i].want != NULL);
		if (wires[i].want)
			assert_string_equal(kept, wires[i].want);
	}
	/* four times 63 octets that each need escaping do not fit */
	memset(many, 1, sizeof many);
	for (size_t at = 0; at < sizeof many; at += 64)
		many[at] = 63;
	many[255] = 0;
	assert_false(dns_name_from_wire((struct slice){ many, 256 }, kept));
}

static void
test_the_packet(void **state)
{
	struct buf b = { 0 };
	struct slice want = SLICE("\x12\x34" "\1\40" "\0\1\0\0\0\0\0\1"
	    "\7example\3org\0" "\0\17\0\1"
	    "\0" "\0\51" "\4\320" "\0\0\0\0" "\0\0");

	(void)state;
	assert_true(dns_query_put(&b, SLICE("example.org."), DNS_MX, 0x1234,
	    true));
	assert_int_equal(b.n, want.n);
	assert_memory_equal(buf_slice(&b).p, want.p, want.n);
	buf_clear(&b);
	/* without EDNS: no OPT record, and none is counted */
	assert_true(dns_query_put(&b, SLICE("example.org."), DNS_MX, 0x1234,
	    false));
	assert_int_equal(b.n, want.n - 11);
	assert_int_equal(buf_slice(&b).p[11], 0);
	assert_memory_equal(buf_slice(&b).p + 12, want.p + 12,
	    want.n - 12 - 11);
	buf_clear(&b);
	assert_false(dns_query_put(&b, SLICE("a b"), DNS_MX, 1, true));
	assert_false(dns_query_put(&b, SLICE(""), DNS_MX, 1, true));
	assert_int_equal(b.n, 0);
	b.max = 10;
	assert_false(dns_query_put(&b, SLICE("example.org"), DNS_A, 1, true));
	buf_free(&b);
}

static void
test_type_names(void **state)
{
	static const struct {
		enum dns_type type;
		const char *want;
	} types[] = {
		{ DNS_A, "A" }, { DNS_CNAME, "CNAME" }, { DNS_MX, "MX" },
		{ DNS_TXT, "TXT" }, { DNS_AAAA, "AAAA" }, { DNS_SRV, "SRV" },
		{ DNS_TLSA, "TLSA" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		assert_string_equal(dns_type_name(types[i].type),
		    types[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_localhost),
		cmocka_unit_test(test_wire_names),
		cmocka_unit_test(test_wire_octets),
		cmocka_unit_test(test_longest_wire_name),
		cmocka_unit_test(test_the_packet),
		cmocka_unit_test(test_type_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
