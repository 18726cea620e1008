/* SPDX-License-Identifier: ISC */
/* domain.c - the domain part of an address alone, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/address.h"
#include "../support/idn.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define L61 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

static const struct {
	const char *in, *want;	/* the domain, or ... */
	const char *why;	/* ... the beginning of the reason */
} cases[] = {
	{ "example.org", "example.org", NULL },
	{ "Example.ORG.", "example.org", NULL },
	{ "a_b-c.d", "a_b-c.d", NULL },
	{ "1.2.3", "1.2.3", NULL },
	{ "b\xc3\xbc" "cher.Example", "xn--bcher-kva.example", NULL },
	{ "[192.0.2.1]", "[192.0.2.1]", NULL },
	{ "[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]", NULL },
	{ "[2001:DB8::1]", "[IPv6:2001:db8::1]", NULL },
	{ L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61, NULL },
	{ L63 "." L63 "." L63 "." L61 ".", L63 "." L63 "." L63 "." L61, NULL },
	{ L63 "." L63 "." L63 "." L61 "x", NULL, "\"" L63 },
	{ L63 "x.org", NULL, "\"" L63 "x.org\" is not a domain name" },
	{ "", NULL, "\"\" is not a domain name" },
	{ ".", NULL, "\".\" is not a domain name" },
	{ "..", NULL, "\"..\" is not a domain name" },
	{ "a..", NULL, "\"a..\" is not a domain name" },
	{ ".a", NULL, "\".a\" is not a domain name" },
	{ "-a", NULL, "\"-a\" is not a domain name" },
	{ "a-", NULL, "\"a-\" is not a domain name" },
	{ "a b", NULL, "\"a b\" is not a domain name" },
	{ "a\nb", NULL, "\"?\" has a control byte in it" },
	{ "[192.0.2.1", NULL, "\"[192.0.2.1\" has no closing bracket" },
	{ "[", NULL, "\"[\" has no closing bracket" },
	{ "[]", NULL, "\"[]\" is not an IP address" },
	{ "[x]", NULL, "\"[x]\" is not an IP address" },
	{ "2001:db8::1", NULL, "\"2001:db8::1\" is not a domain name; an "
	    "address is written [IPv6:2001:db8::1]" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct outcome why = { 0 };
		char *got = domain_to_ascii(slice_of(cases[i].in), &idn_table,
		    &why);

		if ((got != NULL) != (cases[i].want != NULL))
			fail_msg("%s: %s", cases[i].in, got ? got : why.text);
		if (got) {
			assert_string_equal(got, cases[i].want);
			free(got);
			continue;
		}
		assert_int_equal(why.verdict, FAILED);
		assert_int_equal(why.stage, STAGE_ADDRESS);
		assert_int_equal(why.esc.cls * 100 + why.esc.subject * 10 +
		    why.esc.detail, 513);
		if (!slice_starts(slice_of(why.text),
		    slice_of(cases[i].why)))
			fail_msg("%s: %s", cases[i].in, why.text);
	}
}

/* A name of any length is refused with a text of some length. */
static void
test_long(void **state)
{
	(void)state;
	for (size_t n = 1000; n < 1100; n++) {
		struct buf name = { 0 };
		struct outcome why;

		for (size_t i = 0; i < n; i++)
			buf_putc(&name, i % 2 ? '.' : 'a');
		assert_null(domain_to_ascii(buf_slice(&name), &idn_table,
		    &why));
		assert_true(strlen(why.text) < 300);
		assert_non_null(strstr(why.text, n - (n % 2 == 0) > 1024 ?
		    "is too long" : "is not a domain name"));
		buf_free(&name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
