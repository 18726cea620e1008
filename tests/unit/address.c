/* SPDX-License-Identifier: ISC */
/* address.c - RFC 5322 address lists in, SMTP paths out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "mail/address.h"
#include "../support/idn.h"

#define BY(d) (&(const struct address_options){ \
	.default_domain = SLICE(d), .idn = &idn_table })

#define L64 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"
#define L60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
#define D189 L60 "." L60 "." L60 ".example"

/* The paths with a comma behind each. */
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
	{ SLICE("< @a.example , ,@b.example (c) : bob@x >"), "bob@x," },
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

	/* what is no dot-string is quoted: old mailboxes have such names */
	{ SLICE("foo.@x, .foo@x, f..o@x"),
	    "\"foo.\"@x,\".foo\"@x,\"f..o\"@x," },
	{ SLICE("user name@x"), "\"user name\"@x," },
	{ SLICE("<a  b (c) \"d\"@x>, a . b@x, a (c) b@x"),
	    "\"a b d\"@x,a.b@x,\"a b\"@x," },
	{ SLICE("\"foo.\"@x"), "\"foo.\"@x," },

	/* an encoded word with a comma in it is one word all the same */
	{ SLICE("=?utf-8?Q?L,_F?= <bob@x>, =?a?b?,?= =?x?q?(?= <al@x>"),
	    "bob@x,al@x," },
	{ SLICE("<=?x@x (=?a?q?b?=)>"), "=?x@x," },
	{ SLICE("=?bob@x, =?a?q?b,al@x,=?a?q?c ?= <c@x>"),
	    "=?bob@x,=?a?q?b@here.example,al@x,c@x," },

	/* commas forgotten, and what other programs put for them */
	{ SLICE("bob@x al@y"), "bob@x,al@y," },
	{ SLICE("Bob <bob@x> Al <al@y>"), "bob@x,al@y," },
	{ SLICE("<bob@x><al@y>"), "bob@x,al@y," },
	{ SLICE("bob@x (Bob)al@y"), "bob@x,al@y," },
	{ SLICE("bob@x; al@y;"), "bob@x,al@y," },
	{ SLICE("friends: bob@x al@y; root"), "bob@x,al@y,root@here.example," },
	{ SLICE("friends: bob@x"), "bob@x," },
};

/* What cannot be used, a '|' behind each, beside what can. */
static const struct {
	struct slice in;
	const char *want, *bad;
} some_bad[] = {
	{ SLICE("b@x, c@@x, d@x"), "b@x,d@x,", "c@@x|" },
	{ SLICE("bob@x @"), "bob@x,", "@|" },
	{ SLICE("@, bob@x,@"), "bob@x,", "@|@|" },
	{ SLICE("a@, \"b, c\"@, <d@x"), "", "a@|\"b, c\"@|<d@x|" },
	{ SLICE("a@; b@x"), "b@x,", "a@|" },
	{ SLICE("g: a@, b@x; c@x"), "b@x,c@x,", "a@|" },
	{ SLICE("g: a@; c@x"), "c@x,", "a@|" },
	{ SLICE("\"a, b@x"), "b@x,", "\"a|" },
	{ SLICE("\"a\"b\"@x, \"c\"@x"), "c@x,", "\"a\"b\"@x|" },
	{ SLICE("(a, b@x, c@x"), "b@x,c@x,", "(a|" },
	{ SLICE("Bob <bob@x, al@y"), "al@y,", "Bob <bob@x|" },
	{ SLICE("<a@x, Bob <b@x>, <c@x>"), "b@x,c@x,", "<a@x|" },
	{ SLICE("=?utf-8?Q?L?=, F <b@x>, =?koi8-r?B?zA==?="), "b@x,",
	    "=?utf-8?Q?L?=|=?koi8-r?B?zA==?=|" },
	{ SLICE("bob (a, b@x"), "b@x,", "bob (a|" },
	{ SLICE("a@\\,b, c@x"), "c@x,", "a@\\,b|" },
	{ SLICE("bob@x root, al@y"), "bob@x,al@y,", "root|" },
	/* what is closed is one entry, with its commas */
	{ SLICE("c@@x (a, (b, c), d), d@x"), "d@x,", "c@@x (a, (b, c), d)|" },
	{ SLICE("<@a.example,@b.example:c@@x>, d@x"), "d@x,",
	    "<@a.example,@b.example:c@@x>|" },
	{ SLICE("d@x, c@@x (a, b)"), "d@x,", "c@@x (a, b)|" },
	{ SLICE("<bob@x> junk"), "bob@x,", "junk|" },
	{ SLICE("b@x, c\x01@x, d@x"), "b@x,d@x,", "c\x01@x|" },
	{ SLICE("b@x (\x01), d@x\n, e@x"), "e@x,", "b@x (\x01)|d@x|" },
	{ SLICE("al@x, bob@x\r\nRCPT TO:<al@y>, c@x"), "al@x,c@x,",
	    "bob@x\r\nRCPT TO:<al@y>|" },
};

/* Refused whole, and why (the beginning of it). */
static const struct {
	struct slice in;
	const char *why;
} refused[] = {
	{ SLICE("bob@x\n"), "a control byte in it" },
	{ SLICE("bob@x\r\nRCPT TO:<al@x>"), "a control byte in it" },
	{ SLICE("\"bob\\\r\n\"@x"), "a control byte in it" },
	{ SLICE("\"a\tb\"@x"), "a control byte in it" },
	{ SLICE("\"\t\"@x"), "a control byte in it" },
	{ SLICE("<\"a\\\tb\"@x>"), "a control byte in it" },
	{ SLICE("bob@x\0"), "a control byte in it" },
	{ SLICE("(\x01) bob@x"), "a control byte in it" },
	{ SLICE("bob\x7f@x"), "a control byte in it" },
	{ SLICE("-bob@x"), "it begins with \"-\"" },
	{ SLICE("\"-bob\"@x"), "it begins with \"-\"" },
	{ SLICE("<-oQ/tmp@x>"), "it begins with \"-\"" },
	{ SLICE("bob@"), "nothing after the @" },
	{ SLICE("a\"b\"@x"), "malformed before the @" },
	{ SLICE("\"a\"b@x"), "malformed before the @" },
	{ SLICE("g\x03: bob@x;"), "a control byte in it" },
	{ SLICE("bob."), "no @ in it" },
	{ SLICE(".bob"), "no @ in it" },
	{ SLICE("b..b"), "no @ in it" },
	{ SLICE("@x"), "nothing before the @" },
	{ SLICE("bob@@x"), "nothing after the @" },
	{ SLICE("bob@x@y"), "something after the address" },
	{ SLICE("bob smith"), "no @ in it" },
	{ SLICE("<bob@x"), "no closing \">\"" },
	{ SLICE("bob@x>"), "something after the address" },
	{ SLICE("<>"), "nothing before the @" },
	{ SLICE("Bob <>"), "nothing before the @" },
	{ SLICE("<@a bob@x>"), "source route without \":\"" },
	{ SLICE("\"bob@x"), "quoted string without end" },
	{ SLICE("bob@x (never ends"), "comment without end" },
	{ SLICE("bob@x (\\"), "comment without end" },
	{ SLICE(": bob@x;"), "nothing before the @" },
	{ SLICE("a:b:bob@x;"), "something after the address" },
	{ SLICE("bob@[192.0.2.1"), "no closing bracket" },
	{ SLICE("bob@[192.0.2.300]"),
	    "\"[192.0.2.300]\" is not an IP address" },
	{ SLICE("bob@[IPv6:192.0.2.1]"),
	    "\"[IPv6:192.0.2.1]\" is not an IP address" },
	{ SLICE("bob@[x:y]"), "\"[x:y]\" is not an IP address" },
	{ SLICE("bob@a..b"), "\"a..b\" is not a domain name" },
	{ SLICE("bob@-a.b"), "\"-a.b\" is not a domain name" },
	{ SLICE("bob@a!b"), "\"a!b\" is not a domain name" },
	{ SLICE("bob@\xff.example"),
	    "\"\xff.example\" is not a domain name (" },
	{ SLICE("bob@\xe2\x80\xae.example"),
	    "\"\xe2\x80\xae.example\" is not a domain name (" },
	{ SLICE("b\xc3@x"), "not valid UTF-8" },
	{ SLICE("\xed\xa0\x80@x"), "not valid UTF-8" },
	{ SLICE(L64 "h@x"), "more than 64 octets before the @" },
	{ SLICE("b@" L64 ".example"),
	    "\"" L64 ".example\" is not a domain name" },
	{ SLICE(L64 "@" D189), "longer than 254 octets" },
	{ SLICE("b@" D189 "." D189), "\"" D189 "." },
};

/*
 * The paths and the texts of what is bad, with their marks; false for bad,
 * which is so for that reason.
 */
static bool
read_list(struct slice in, struct buf *paths, struct buf *bad,
    const char *reason)
{
	struct address_list l = { 0 };
	struct buf more = { 0 };
	bool ok;

	buf_put(&more, in);
	buf_puts(&more, "\"<(, z@x"); /* behind the end nobody looks */
	ok = address_list_parse(slice_first(buf_slice(&more), in.n),
	    BY("Here.example"), &l);
	buf_free(&more);
	for (size_t k = 0; k < l.n; k++)
		buf_putf(paths, "%s,", l.v[k].path);
	for (size_t k = 0; k < l.nbad; k++) {
		struct outcome why = result_outcome(l.bad[k].why);

		buf_putf(bad, "%s|", l.bad[k].text);
		assert_int_equal(why.stage, STAGE_ADDRESS);
		assert_int_equal(why.verdict, FAILED);
		assert_int_equal(outcome_exit(&why), 65);
		assert_true(why.text[0] != '\0');
		assert_int_equal(why.esc.cls, 5);
		assert_int_equal(why.esc.subject, 1);
		assert_int_equal(why.esc.detail, 3);
		if (reason && !slice_starts(slice_of(why.text),
		    slice_of(reason)))
			fail_msg("%s: %s", l.bad[k].text, why.text);
	}
	assert_int_equal(ok, l.nbad == 0);
	address_list_free(&l);
	return ok;
}

static void
check_list(struct slice in, const char *want, const char *want_bad)
{
	struct buf paths = { 0 }, bad = { 0 };

	read_list(in, &paths, &bad, NULL);
	if (strcmp(buf_str(&paths), want) != 0 ||
	    strcmp(buf_str(&bad), want_bad) != 0)
		fail_msg("%s: %s bad: %s", in.p, buf_str(&paths),
		    buf_str(&bad));
	buf_free(&paths);
	buf_free(&bad);
}

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		check_list(lists[i].in, lists[i].want, "");
	for (size_t i = 0; i < sizeof some_bad / sizeof *some_bad; i++)
		check_list(some_bad[i].in, some_bad[i].want, some_bad[i].bad);
}

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct buf paths = { 0 }, bad = { 0 };

		if (read_list(refused[i].in, &paths, &bad, refused[i].why) ||
		    paths.n > 0)
			fail_msg("%s: %s", refused[i].in.p, buf_str(&paths));
		buf_free(&paths);
		buf_free(&bad);
	}
}

/* One of many that cannot be read costs no look at all the others. */
static void
test_much_that_is_bad(void **state)
{
	static const char *const units[] = { "<a,", "\"a,", "(a,", "@,",
		"a b,", "g:a@,", "a@x b@,", "\\,", "\"a\"b," };

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct buf text = { 0 }, paths = { 0 }, bad = { 0 };

		while (text.n < 300000)
			buf_puts(&text, units[i]);
		assert_false(read_list(buf_slice(&text), &paths, &bad,
		    NULL));
		buf_free(&text);
		buf_free(&paths);
		buf_free(&bad);
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
		{ "\"=?utf-8?Q?a?=\" <bob@x>", "=?utf-8?Q?a?=" },
		{ "=?utf-8?Q?a?= \"=?utf-8?Q?b?=\" <bob@x>",
		    "a =?utf-8?Q?b?=" },
		{ "J\xf6rg <bob@x>", "J\xc3\xb6rg" },
		{ "J\xc3\xb6rg <bob@x>", "J\xc3\xb6rg" },
		{ "a@b <bob@x>", "a@b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address a = { 0 };
		struct outcome why;

		assert_true(address_parse(slice_of(cases[i].in), BY(""), &a,
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
	static const char *const null[] = { "", "<>", " <>\t", "\t<> ",
		" \t ", " " };
	struct address a = { 0 };
	struct outcome why;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(address_parse(slice_of(bad[i]), BY(""), &a,
		    &why));
	for (size_t i = 0; i < sizeof null / sizeof *null; i++) {
		assert_true(address_parse(slice_of(null[i]), BY("d"), &a,
		    &why));
		assert_string_equal(a.path, "");
		assert_string_equal(a.domain, "");
		assert_string_equal(a.name, "");
		address_free(&a);
	}
	assert_true(address_parse(SLICE("j\xc3\xb6rg@X"), BY(""), &a, &why));
	assert_true(a.utf8);
	address_free(&a);
}

static void
test_a_refusal_shows_the_text(void **state)
{
	struct address a = { 0 };
	struct outcome why;

	(void)state;
	assert_false(address_parse(SLICE(" c@@x "), BY(""), &a, &why));
	assert_string_equal(why.text,
	    "bad address \"c@@x\": nothing after the @");
	assert_false(address_parse(SLICE("c\x01@x"), BY(""), &a, &why));
	assert_non_null(strstr(why.text, "\"c\x01@x\": a control byte"));
	assert_false(address_parse(SLICE("a@x, b@x"), BY(""), &a, &why));
	assert_string_equal(why.text,
	    "bad address \"a@x, b@x\": not one address");
	assert_int_equal(why.stage, STAGE_ADDRESS);
	assert_int_equal(why.esc.cls * 100 + why.esc.subject * 10 +
	    why.esc.detail, 513);
	assert_true(address_parse(SLICE("user name@d"), BY(""), &a, &why));
	assert_string_equal(a.path, "\"user name\"@d");
	address_free(&a);
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

		assert_true(address_parse(slice_of(cases[i].a), BY(""), &a,
		    &why));
		assert_true(address_parse(slice_of(cases[i].b), BY(""), &b,
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
	assert_null(domain_to_ascii(buf_slice(&b), &idn_table, &why));
	assert_null(domain_to_ascii(SLICE("a\nb"), &idn_table, &why));
	buf_free(&b);
}

static char *
no_module(struct slice domain, struct outcome *why)
{
	(void)domain;
	outcome_fail(why, DEFERRED, STAGE_CONFIG, ESC(5, 3, 5), "no module");
	return NULL;
}

/* Without the means to read it, it is not the address that is wrong. */
static void
test_no_idn(void **state)
{
	static const struct idn broken = { no_module };
	const struct address_options lost = { .idn = &broken };
	const struct address_options none = { 0 };
	struct slice text = SLICE("a@b\xc3\xbc.example, c@d.example");
	struct address_list l = { 0 };
	struct outcome why;
	struct address a;

	(void)state;
	assert_false(address_parse(slice_first(text, 12), &lost, &a, &why));
	assert_int_equal(why.stage, STAGE_CONFIG);
	assert_int_equal(why.verdict, DEFERRED);
	assert_string_equal(why.text, "no module");
	assert_false(address_list_parse(text, &lost, &l));
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].path, "c@d.example");
	assert_int_equal(l.nbad, 1);
	assert_int_equal(l.bad[0].why->stage, STAGE_CONFIG);
	address_list_free(&l);
	assert_false(address_parse(slice_first(text, 12), &none, &a, &why));
	assert_int_equal(why.stage, STAGE_ADDRESS);
	assert_int_equal(why.verdict, FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_much_that_is_bad),
		cmocka_unit_test(test_a_refusal_shows_the_text),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_names_of_hosts),
		cmocka_unit_test(test_domain_of_any_length_is_refused_politely),
		cmocka_unit_test(test_no_idn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
