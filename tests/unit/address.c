/* SPDX-License-Identifier: ISC */
/* address.c - RFC 5322 address lists in, SMTP paths out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "mail/address.h"

#define L64 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"
#define L60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
#define D189 L60 "." L60 "." L60 ".example"

/* want: the paths with a comma behind each; NULL = refused */
static const struct {
	struct slice in;
	const char *want;
} lists[] = {
	{ SLICE(""), "" },
	{ SLICE(" , ,, "), "" },
	{ SLICE("bob@example.org"), "bob@example.org," },
	{ SLICE("bob@Example.ORG."), "bob@example.org," },
	{ SLICE("root"), "root@here.example," },
	{ SLICE("root,bob@x.y, <al>"),
	    "root@here.example,bob@x.y,al@here.example," },
	{ SLICE("Bob Q. Public <bob@x>"), "bob@x," },
	{ SLICE("\"a, b\" <c@x>, \"\\\"\" <d@x>"), "c@x,d@x," },
	{ SLICE("bob (a (nested\\)) comment, here)@ (b) x.y (c)"), "bob@x.y," },
	{ SLICE("bob . smith @ x . y"), "bob.smith@x.y," },
	{ SLICE("\tgroup : bob@x, Al <al@y>,;, carl@z"), "bob@x,al@y,carl@z," },
	{ SLICE("undisclosed recipients:;"), "" },
	{ SLICE("<@a.example,@b.example:bob@x>"), "bob@x," },
	{ SLICE("bob@here.example <bob@there.example>"), "bob@there.example," },
	{ SLICE("\"a b\"@x"), "\"a b\"@x," },
	{ SLICE("\"bob\"@x"), "bob@x," },
	{ SLICE("\"a\\\"\\\\\"@x"), "\"a\\\"\\\\\"@x," },
	{ SLICE("\"a\".b@x"), "a.b@x," },
	{ SLICE("\"a@b,c;\"@x"), "\"a@b,c;\"@x," },
	{ SLICE("\"\"@x"), "\"\"@x," },
	{ SLICE("b+tag=x!#$%&'*/?^_`{|}~@x"), "b+tag=x!#$%&'*/?^_`{|}~@x," },
	{ SLICE("bob@[192.0.2.1]"), "bob@[192.0.2.1]," },
	{ SLICE("bob@[IPv6:2001:DB8:0::1]"), "bob@[IPv6:2001:db8::1]," },
	{ SLICE("bob@[2001:db8::1]"), "bob@[IPv6:2001:db8::1]," },
	{ SLICE("bob@b\xc3\xbc" "cher.example"), "bob@xn--bcher-kva.example," },
	{ SLICE("bob@B\xc3\x9c" "CHER.example"), "bob@xn--bcher-kva.example," },
	{ SLICE("bob@stra\xc3\x9f" "e.example"), "bob@xn--strae-oqa.example," },
	{ SLICE("j\xc3\xb6rg@x"), "j\xc3\xb6rg@x," },
	{ SLICE("J\xf6rg <bob@x>"), "bob@x," },
	{ SLICE(L64 "@x"), L64 "@x," },
	{ SLICE("b@" D189), "b@" D189 "," },

	{ SLICE("bob@x\n"), NULL },
	{ SLICE("bob@x\r\nRCPT TO:<al@x>"), NULL },
	{ SLICE("\"bob\\\r\n\"@x"), NULL },
	{ SLICE("\"a\tb\"@x"), NULL },
	{ SLICE("bob@x\0"), NULL },
	{ SLICE("(\x01) bob@x"), NULL },
	{ SLICE("bob\x7f@x"), NULL },
	{ SLICE("-bob@x"), NULL },
	{ SLICE("\"-bob\"@x"), NULL },
	{ SLICE("<-oQ/tmp@x>"), NULL },
	{ SLICE("bob@"), NULL },
	{ SLICE("@x"), NULL },
	{ SLICE("bob@@x"), NULL },
	{ SLICE("bob@x@y"), NULL },
	{ SLICE("bob smith@x"), NULL },
	{ SLICE("bob smith"), NULL },
	{ SLICE("bob@x al@y"), NULL },
	{ SLICE("bob..smith@x"), NULL },
	{ SLICE(".bob@x"), NULL },
	{ SLICE("bob.@x"), NULL },
	{ SLICE("<bob@x"), NULL },
	{ SLICE("bob@x>"), NULL },
	{ SLICE("<>"), NULL },
	{ SLICE("Bob <>"), NULL },
	{ SLICE("<bob@x> junk"), NULL },
	{ SLICE("<@a bob@x>"), NULL },
	{ SLICE("\"bob@x"), NULL },
	{ SLICE("bob@x (never ends"), NULL },
	{ SLICE("bob@x (\\"), NULL },
	{ SLICE("a:b:bob@x;"), NULL },
	{ SLICE("friends: bob@x"), NULL },
	{ SLICE("bob@x;"), NULL },
	{ SLICE("bob@[192.0.2.1"), NULL },
	{ SLICE("bob@[192.0.2.300]"), NULL },
	{ SLICE("bob@[IPv6:192.0.2.1]"), NULL },
	{ SLICE("bob@[x:y]"), NULL },
	{ SLICE("bob@a..b"), NULL },
	{ SLICE("bob@-a.b"), NULL },
	{ SLICE("bob@a!b"), NULL },
	{ SLICE("bob@\xff.example"), NULL },
	{ SLICE("bob@\xe2\x80\xae.example"), NULL },
	{ SLICE("b\xc3@x"), NULL },
	{ SLICE("\xed\xa0\x80@x"), NULL },
	{ SLICE(L64 "h@x"), NULL },
	{ SLICE("b@" L64 ".example"), NULL },
	{ SLICE(L64 "@" D189), NULL },
	{ SLICE("b@" D189 "." D189), NULL },
};

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct address_list l = { 0 };
		struct outcome why = { 0 };
		struct buf got = { 0 };
		bool ok = address_list_parse(lists[i].in, SLICE("Here.example"),
		    &l, &why);

		for (size_t k = 0; k < l.n; k++)
			buf_putf(&got, "%s,", l.v[k].path);
		if (ok != (lists[i].want != NULL) ||
		    strcmp(buf_str(&got), ok ? lists[i].want : "") != 0)
			fail_msg("%s: %s %s", lists[i].in.p, buf_str(&got),
			    why.text);
		if (!ok) {
			assert_int_equal(why.stage, STAGE_ADDRESS);
			assert_int_equal(why.verdict, FAILED);
			assert_int_equal(outcome_exit(&why), 65);
		}
		buf_free(&got);
		address_list_free(&l);
	}
}

static void
test_names(void **state)
{
	static const struct {
		const char *in, *name;
	} cases[] = {
		{ "bob@x", "" },
		{ "Bob <bob@x>", "Bob" },
		{ "Bob Q. Public <bob@x>", "Bob Q. Public" },
		{ "Bob(not this)Smith <bob@x>", "Bob Smith" },
		{ "\"Smith, \\\"Bob\\\"\" <bob@x>", "Smith, \"Bob\"" },
		{ "=?utf-8?Q?J=C3=B6rg?= <bob@x>", "J\xc3\xb6rg" },
		{ "=?UTF-8*de?b?SsO2?= =?iso-8859-1?q?rg_X?= Y <bob@x>",
		    "J\xc3\xb6rg X Y" },
		{ "=?utf-8?Q?a=0D=0Ab?= <bob@x>", "a  b" },
		{ "=?utf-8?Q?=01a=0D?= <bob@x>", "a" },
		{ "=?koi8-r?Q?a?= <bob@x>", "=?koi8-r?Q?a?=" },
		{ "J\xf6rg <bob@x>", "J\xc3\xb6rg" },
		{ "J\xc3\xb6rg <bob@x>", "J\xc3\xb6rg" },
		{ "a@b <bob@x>", "a@b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address a = { 0 };
		struct outcome why;

		assert_true(address_parse(slice_of(cases[i].in), SLICE(""), &a,
		    &why));
		assert_string_equal(a.name, cases[i].name);
		assert_string_equal(a.path, "bob@x");
		assert_string_equal(a.domain, "x");
		address_free(&a);
	}
}

static void
test_one_address(void **state)
{
	static const char *const bad[] = { "a@x, b@x", ",", "root", "g:a@x;",
		"()", "\n", "<\n>" };
	struct address a = { 0 };
	struct outcome why;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(address_parse(slice_of(bad[i]), SLICE(""), &a,
		    &why));
	for (const char *s = " <>\t"; s; s = *s ? "" : NULL) {
		assert_true(address_parse(slice_of(s), SLICE("d"), &a, &why));
		assert_string_equal(a.path, "");
		assert_string_equal(a.domain, "");
		assert_string_equal(a.name, "");
		address_free(&a);
	}
	assert_true(address_parse(SLICE("j\xc3\xb6rg@X"), SLICE(""), &a, &why));
	assert_true(a.utf8);
	address_free(&a);
}

static void
test_failure_appends_nothing_and_shows_the_entry(void **state)
{
	struct address_list l = { 0 };
	struct outcome why;

	(void)state;
	assert_true(address_list_parse(SLICE("a@x"), SLICE(""), &l, &why));
	assert_false(address_list_parse(SLICE("b@x, c@@x, d@x"), SLICE(""), &l,
	    &why));
	assert_int_equal(l.n, 1);
	assert_non_null(strstr(why.text, "\"c@@x\""));
	assert_false(address_list_parse(SLICE("b@x, c\x01@x, d@x"), SLICE(""),
	    &l, &why));
	assert_non_null(strstr(why.text, "\"c\x01@x\": a control byte"));
	address_list_free(&l);
}

static void
test_equality(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "bob@x.y", "bob@X.Y", true },
		{ "bob@x", "Bob@x", false },
		{ "\"bob\"@x", "bob@x", true },
		{ "bob@x", "bob@xx", false },
		{ "b@ob", "bo@b", false },
		{ "", "<>", true },
		{ "", "bob@x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address a, b;
		struct outcome why;

		assert_true(address_parse(slice_of(cases[i].a), SLICE(""), &a,
		    &why));
		assert_true(address_parse(slice_of(cases[i].b), SLICE(""), &b,
		    &why));
		assert_int_equal(address_eq(&a, &b), cases[i].same);
		address_free(&a);
		address_free(&b);
	}
}

static void
test_names_of_hosts(void **state)
{
	static const char *const good[] = { "x", "a.b", "_dmarc.x", "1.2.3.4",
		"a-b.c", "xn--bcher-kva.example" };
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "a b",
		"a\n", "-a", "a-", "a/b", "[1.2.3.4]", "\xc3\xbc" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(domain_is_name(slice_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(domain_is_name(slice_of(bad[i])));
}

static void
test_domain_of_any_length_is_refused_politely(void **state)
{
	struct buf b = { 0 };
	struct outcome why;

	(void)state;
	while (b.n < 5000)
		buf_puts(&b, "\xc3\xbc.");
	assert_null(domain_to_ascii(buf_slice(&b), &why));
	assert_null(domain_to_ascii(SLICE("a\nb"), &why));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(
		    test_failure_appends_nothing_and_shows_the_entry),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_names_of_hosts),
		cmocka_unit_test(test_domain_of_any_length_is_refused_politely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
