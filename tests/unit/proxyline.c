/* SPDX-License-Identifier: ISC */
/* proxyline.c - what a proxy would say, and as whom XCLIENT has us taken. */
#include "base/proxyline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/xclient.h"

static struct endpoint
end(const char *ip, unsigned port)
{
	struct endpoint e = { .port = (uint16_t)port };

	if (ip[0])
		assert_true(ip_parse(slice_of(ip), &e.ip));
	return e;
}

/* Between 127.0.0.1:4711 and 127.0.0.1:25, or ::1. */
static const struct {
	const char *text, *said;
	bool six;
} lines[] = {
	{ "v1", "PROXY TCP4 127.0.0.1 127.0.0.1 4711 25\r\n", false },
	{ "V1", "PROXY TCP6 ::1 ::1 4711 25\r\n", true },
	{ "v1:unknown", "PROXY UNKNOWN\r\n", false },
	{ "v1:192.0.2.1", "PROXY TCP4 192.0.2.1 127.0.0.1 4711 25\r\n", false },
	{ "v1:192.0.2.1:99", "PROXY TCP4 192.0.2.1 127.0.0.1 99 25\r\n",
	    false },
	{ "v1:192.0.2.1:99,192.0.2.2:26",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 99 26\r\n", false },
	{ "v1:[2001:db8::1]:99,[2001:db8::2]",
	    "PROXY TCP6 2001:db8::1 2001:db8::2 99 25\r\n", false },
	{ "v1:2001:db8::1", "PROXY TCP6 2001:db8::1 ::ffff:127.0.0.1 4711 "
	    "25\r\n", false },
	{ "v1:192.0.2.1", "PROXY TCP6 ::ffff:192.0.2.1 ::1 4711 25\r\n", true },
};

static void
test_version_1(void **state)
{
	struct proxyline p;
	struct buf out = { 0 };
	const char *wrong;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		const char *ip = lines[i].six ? "::1" : "127.0.0.1";
		struct endpoint local = end(ip, 4711), peer = end(ip, 25);

		assert_true(proxyline_parse(slice_of(lines[i].text), &p,
		    &wrong));
		buf_clear(&out);
		proxyline_put(&out, &p, &local, &peer);
		assert_string_equal(buf_str(&out), lines[i].said);
		assert_true(out.n <= 107); /* 2.1: the longest there may be */
	}
	buf_free(&out);
}

static void
check_binary(const char *text, const char *want, size_t n)
{
	struct endpoint local = end("127.0.0.1", 4711);
	struct endpoint peer = end("127.0.0.1", 25);
	struct proxyline p;
	struct buf out = { 0 };
	const char *wrong;

	assert_true(proxyline_parse(slice_of(text), &p, &wrong));
	proxyline_put(&out, &p, &local, &peer);
	assert_int_equal(out.n, 12 + n);
	assert_memory_equal(buf_slice(&out).p, "\r\n\r\n\0\r\nQUIT\n", 12);
	assert_memory_equal(buf_slice(&out).p + 12, want, n);
	buf_free(&out);
}

static void
test_version_2(void **state)
{
	(void)state;
	check_binary("v2:local", "\x20\0\0\0", 4);
	check_binary("v2:192.0.2.1:258,192.0.2.2", "\x21\x11\0\x0c"
	    "\xc0\0\x02\x01\xc0\0\x02\x02\x01\x02\0\x19", 16);
	check_binary("v2:[2001:db8::1]:1,[::2]:2", "\x21\x21\0\x24"
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\x01\0\x02", 40);
}

/* A socket of this machine has no addresses. */
static void
test_no_addresses(void **state)
{
	struct endpoint none = { 0 };
	struct proxyline p;
	struct buf out = { 0 };
	const char *wrong;

	(void)state;
	assert_true(proxyline_parse(SLICE("v1"), &p, &wrong));
	proxyline_put(&out, &p, &none, &none);
	assert_string_equal(buf_str(&out), "PROXY UNKNOWN\r\n");
	assert_true(proxyline_parse(SLICE("v2"), &p, &wrong));
	buf_clear(&out);
	proxyline_put(&out, &p, &none, &none);
	assert_memory_equal(buf_slice(&out).p + 12, "\x21\0\0\0", 4);
	buf_clear(&out);
	proxyline_describe(&out, &p, &none, &none);
	assert_string_equal(buf_str(&out), "PROXY UNKNOWN (v2, binary)");
	buf_free(&out);
}

static void
test_no_proxyline(void **state)
{
	static const char *const rows[] = { "", "v", "v3", "1", "v1:", "v2:",
		"v1:local", "v2:unknown", "v1:a.example", "v1:192.0.2.1:",
		"v1:192.0.2.1:0", "v1:192.0.2.1:65536", "v1:192.0.2.1,",
		"v1:192.0.2.1,::1", "v1:[::1]:1,127.0.0.1:2", "v1:[::1",
		"v1:192.0.2.1,192.0.2.2,192.0.2.3", "v1 :192.0.2.1",
		"v1:192.0.2.1\r\nHELO x" };
	struct proxyline p;
	const char *wrong;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		wrong = NULL;
		assert_false(proxyline_parse(slice_of(rows[i]), &p, &wrong));
		assert_non_null(wrong);
	}
}

static void
test_xclient(void **state)
{
	static const struct {
		const char *words, *want;
	} rows[] = {
		{ "ADDR=192.0.2.1", "ADDR=192.0.2.1" },
		{ "  addr=192.0.2.1   name=mx.example.org ",
		    "ADDR=192.0.2.1 NAME=mx.example.org" },
		{ "ADDR=2001:DB8::1", "ADDR=IPV6:2001:db8::1" },
		{ "ADDR=IPV6:2001:db8::1", "ADDR=IPV6:2001:db8::1" },
		{ "NAME=[UNAVAILABLE] LOGIN=[TEMPUNAVAIL]",
		    "NAME=[UNAVAILABLE] LOGIN=[TEMPUNAVAIL]" },
		{ "HELO=a+b=c LOGIN=j\xc3\xb6rg", "HELO=a+2Bb+3Dc "
		    "LOGIN=j+C3+B6rg" },
		{ "PROTO=ESMTP PORT=25 DESTPORT=26 DESTADDR=::1 "
		  "REVERSE_NAME=x", "PROTO=ESMTP PORT=25 DESTPORT=26 "
		  "DESTADDR=IPV6:::1 REVERSE_NAME=x" },
		/* no attributes, or wrong ones */
		{ "", NULL }, { " ", NULL }, { "ADDR", NULL },
		{ "ADDR=", NULL }, { "ADDR=mx", NULL }, { "PORT=0", NULL },
		{ "PORT=65536", NULL }, { "PROTO=LMTP", NULL },
		{ "NAME=a b", NULL }, { "NAME=a\tb", NULL },
		{ "NAME=", NULL }, { "HELO=", NULL }, { "FOO=bar", NULL },
		{ "=x", NULL }, { "ADDR=192.0.2.1 addr=192.0.2.2", NULL },
		{ "NAME=a\r\nRSET", NULL },
	};
	struct buf out = { 0 };
	const char *wrong;
	unsigned bits;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_clear(&out);
		assert_int_equal(xclient_parse(slice_of(rows[i].words), &out,
		    &bits, &wrong), rows[i].want != NULL);
		if (rows[i].want)
			assert_string_equal(buf_str(&out), rows[i].want);
		else
			assert_non_null(wrong);
	}
	buf_clear(&out);
	xclient_put_names(&out, xclient_bit(SLICE("addr")) |
	    xclient_bit(SLICE("LOGIN")) | xclient_bit(SLICE("nothing")));
	assert_string_equal(buf_str(&out), "ADDR, LOGIN");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_no_addresses),
		cmocka_unit_test(test_no_proxyline),
		cmocka_unit_test(test_xclient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
