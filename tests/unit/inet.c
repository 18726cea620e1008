/* SPDX-License-Identifier: ISC */
/* inet.c - addresses as text and which of them are of use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/inet.h"

static const struct {
	const char *text;
	const char *want; /* as it is put; NULL = none */
} literals[] = {
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "[IPv6:2001:DB8:0::1]", "[IPv6:2001:db8::1]" },
	{ "[ipv6:::1]", "[IPv6:::1]" },
	{ "[::1]", "[IPv6:::1]" },
	{ "[IPv6:::ffff:192.0.2.1]", "[IPv6:::ffff:192.0.2.1]" },
	{ "", NULL }, { "[", NULL }, { "]", NULL }, { "[]", NULL },
	{ "192.0.2.1", NULL }, { "[192.0.2.10", NULL }, { "192.0.2.1]", NULL },
	{ "[192.0.2.1]x", NULL }, { "x[192.0.2.1]", NULL },
	{ "[IPv6:192.0.2.1]", NULL }, { "[IPv6:]", NULL },
	{ "[IPv4:192.0.2.1]", NULL }, { "[192.0.2.1.]", NULL },
	{ "[192.0.2]", NULL }, { "[fe80::1%lo]", NULL },
	{ "[[192.0.2.1]]", NULL },
};

static void
test_literals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
		struct buf b = { 0 };
		struct ip ip;
		bool ok;

		print_message("  %s\n", literals[i].text);
		ok = ip_literal_parse(slice_of(literals[i].text), &ip);
		assert_int_equal(ok, literals[i].want != NULL);
		if (ok) {
			ip_literal_put(&b, &ip);
			assert_string_equal(buf_str(&b), literals[i].want);
		}
		buf_free(&b);
	}
}

enum { GOOD, LOOP, NONE, MULTI, LINK };

/* The edges of each block, and their neighbours. */
static const struct {
	const char *text;
	int kind;
} kinds[] = {
	{ "126.255.255.255", GOOD }, { "127.0.0.0", LOOP },
	{ "127.255.255.255", LOOP }, { "128.0.0.0", GOOD },
	{ "0.0.0.0", NONE }, { "0.255.255.255", NONE }, { "1.0.0.0", GOOD },
	{ "169.253.255.255", GOOD }, { "169.254.0.0", LINK },
	{ "169.254.255.255", LINK }, { "169.255.0.0", GOOD },
	{ "168.254.0.1", GOOD }, { "10.0.0.1", GOOD },
	{ "223.255.255.255", GOOD }, { "224.0.0.0", MULTI },
	{ "240.0.0.1", MULTI }, { "255.255.255.255", MULTI },
	{ "::", NONE }, { "::1", LOOP }, { "::2", GOOD }, { "1::1", GOOD },
	{ "fe7f::1", GOOD }, { "fe80::", LINK }, { "fe80::1", LINK },
	{ "febf:ffff::1", LINK }, { "fec0::1", GOOD }, { "fd00::1", GOOD },
	{ "ff80::1", MULTI }, { "feff::1", GOOD }, { "ff00::", MULTI },
	{ "ffff::1", MULTI }, { "64:ff9b::7f00:1", GOOD },
	{ "::ffff:127.0.0.1", LOOP }, { "::ffff:0.0.0.0", NONE },
	{ "::ffff:169.254.1.1", LINK }, { "::ffff:224.0.0.1", MULTI },
	{ "::ffff:192.0.2.1", GOOD }, { "::fffe:127.0.0.1", GOOD },
};

static void
test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct ip ip, plain;

		print_message("  %s\n", kinds[i].text);
		assert_true(ip_parse(slice_of(kinds[i].text), &ip));
		plain = ip_unmap(&ip);
		for (int k = 0; k < 2; k++, ip = plain) {
			assert_int_equal(ip_is_loopback(&ip),
			    kinds[i].kind == LOOP);
			assert_int_equal(ip_is_unspecified(&ip),
			    kinds[i].kind == NONE);
			assert_int_equal(ip_is_multicast(&ip),
			    kinds[i].kind == MULTI);
			assert_int_equal(ip_is_link_local(&ip),
			    kinds[i].kind == LINK);
		}
	}
}

/* Whose networks have no business with the world (RFC 1918, 4193). */
static void
test_private(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
		{ "9.255.255.255", false }, { "10.0.0.0", true },
		{ "10.255.255.255", true }, { "11.0.0.0", false },
		{ "126.255.255.255", false }, { "127.0.0.1", true },
		{ "128.0.0.1", false }, { "171.16.0.1", false },
		{ "172.15.255.255", false }, { "172.16.0.0", true },
		{ "172.31.255.255", true }, { "172.32.0.0", false },
		{ "173.16.0.1", false }, { "191.168.0.1", false },
		{ "192.167.255.255", false }, { "192.168.0.0", true },
		{ "192.169.0.0", false }, { "193.168.0.1", false },
		{ "168.254.0.1", false }, { "169.253.0.1", false },
		{ "169.254.0.1", true }, { "169.255.0.1", false },
		{ "::", false }, { "::1", true }, { "::2", false },
		{ "fbff::1", false }, { "fc00::", true },
		{ "fdff:ffff::1", true }, { "fe00::1", false },
		{ "fe7f::1", false }, { "fe80::1", true },
		{ "febf::1", true }, { "fec0::1", false },
		{ "2001:db8::1", false }, { "::ffff:10.0.0.1", true },
		{ "::ffff:192.0.2.1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ip ip;

		assert_true(ip_parse(slice_of(rows[i].text), &ip));
		if (ip_is_private(&ip) != rows[i].want)
			fail_msg("%s", rows[i].text);
	}
}

static const struct {
	const char *in, *want;
} unmapped[] = {
	{ "192.0.2.1", "192.0.2.1" }, { "2001:db8::1", "2001:db8::1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" }, { "::192.0.2.1", "::192.0.2.1" },
	{ "1::ffff:c000:201", "1::ffff:c000:201" },
};

static void
test_unmap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof unmapped / sizeof unmapped[0]; i++) {
		struct buf b = { 0 };
		struct ip ip, want;

		assert_true(ip_parse(slice_of(unmapped[i].in), &ip));
		assert_true(ip_parse(slice_of(unmapped[i].want), &want));
		ip = ip_unmap(&ip);
		ip_put(&b, &ip);
		assert_string_equal(buf_str(&b), unmapped[i].want);
		assert_true(ip_eq(&ip, &want));
		buf_free(&b);
	}
}

static const struct {
	const char *in, *host;
	uint16_t port; /* 0 = left alone */
} hostports[] = {
	{ "mx.example", "mx.example", 0 },
	{ "mx.example:25", "mx.example", 25 },
	{ "[::1]:25", "::1", 25 }, { "[::1]", "::1", 0 }, { "::1", "::1", 0 },
	{ "::", "::", 0 }, { "2001:db8::1", "2001:db8::1", 0 },
	{ "192.0.2.1:65535", "192.0.2.1", 65535 },
	{ "fe80::1%eth0", "fe80::1%eth0", 0 },
	{ "[fe80::1%eth0]:53", "fe80::1%eth0", 53 },
	{ "", NULL, 0 }, { ":25", NULL, 0 }, { "x:", NULL, 0 },
	{ "x:0", NULL, 0 }, { "x:65536", NULL, 0 }, { "x:25x", NULL, 0 },
	{ "[]", NULL, 0 }, { "[]:25", NULL, 0 }, { "[x]:1", "x", 1 },
	{ "[::1", NULL, 0 }, { "[::1]25", NULL, 0 },
	{ "[::1]:", NULL, 0 },
};

static void
test_hostports(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof hostports / sizeof hostports[0]; i++) {
		uint16_t port = 0;
		struct slice host;
		bool ok = hostport_parse(slice_of(hostports[i].in), &host,
		    &port);

		print_message("  %s\n", hostports[i].in);
		assert_int_equal(ok, hostports[i].host != NULL);
		if (!ok)
			continue;
		assert_true(slice_eq(host, slice_of(hostports[i].host)));
		assert_int_equal(port, hostports[i].port);
	}
}

static void
test_endpoints(void **state)
{
	static const char *const rows[][2] = { { "192.0.2.1", "192.0.2.1:25" },
		{ "2001:db8::1", "[2001:db8::1]:25" },
		{ "1234:5678:9abc:def0:1234:5678:9abc:def0",
		    "[1234:5678:9abc:def0:1234:5678:9abc:def0]:25" },
		{ "0000:0000:0000:0000:0000:ffff:255.255.255.255",
		    "[::ffff:255.255.255.255]:25" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct endpoint e = { .port = 25 };
		struct buf b = { 0 };

		assert_true(ip_parse(slice_of(rows[i][0]), &e.ip));
		endpoint_put(&b, &e);
		assert_string_equal(buf_str(&b), rows[i][1]);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_unmap),
		cmocka_unit_test(test_hostports),
		cmocka_unit_test(test_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
