/* SPDX-License-Identifier: ISC */
/* senders.c - whose address is replaced, by which rule, and by what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/senders.h"
#include "../support/idn.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct address_options here = {
	.default_domain = SLICE("mail.example"), .idn = &idn_table,
	.short_name = SLICE("box"), .full_name = SLICE("box.lan.example") };
static const struct address_options chosen = {
	.default_domain = SLICE("mail.example"), .idn = &idn_table,
	.short_name = SLICE("box"), .full_name = SLICE("box.lan.example"),
	.chosen = true };
static const struct address_options nameless = {
	.default_domain = SLICE("mail.example"), .idn = &idn_table };

#define MAP "# whose is whose\n\n" \
	    "zoe:zoe.z@example.org\n" \
	    "  bob : bob.jones@example.org \r\n" \
	    "HOUSE\\al: al@example.org\n" \
	    "Carol@Sub.example.NET: carol@example.net\n" \
	    "\"a:b\"@x.test: ab@x.example\n" \
	    "i@[IPv6:2001:db8::1]: i@x.example\n" \
	    "same: same@box.lan.example\n" \
	    "stays@out.example: stays@out.example"

static const struct {
	const char *path;
	const struct address_options *o;
	const char *patterns, *masquerade;
	enum sender_rule rule;
	const char *want;
} cases[] = {
	/* the map: a login is one of this host */
	{ "bob@box.lan.example", &here, "", NULL, SENDER_MAP,
	    "bob.jones@example.org" },
	{ "bob@localhost", &here, "", NULL, SENDER_MAP,
	    "bob.jones@example.org" },
	{ "bob@mail.example", &chosen, "", NULL, SENDER_MAP,
	    "bob.jones@example.org" },
	{ "bob@BOX", &here, "", NULL, SENDER_MAP, "bob.jones@example.org" },
	{ "bob@other.example", &here, "", NULL, SENDER_STAYS, "" },
	{ "Bob@localhost", &here, "", NULL, SENDER_STAYS, "" },
	{ "bo@localhost", &here, "", NULL, SENDER_STAYS, "" },
	{ "zoe@localhost", &here, "", NULL, SENDER_MAP,
	    "zoe.z@example.org" },
	{ "\"HOUSE\\\\al\"@localhost", &here, "", NULL, SENDER_MAP,
	    "al@example.org" },
	{ "\"bob\"@localhost", &here, "", NULL, SENDER_MAP,
	    "bob.jones@example.org" },
	{ "carol@sub.example.net", &here, "", NULL, SENDER_MAP,
	    "carol@example.net" },
	{ "\"a:b\"@x.test", &here, "", NULL, SENDER_MAP, "ab@x.example" },
	{ "i@[IPv6:2001:db8::1]", &here, "", NULL, SENDER_MAP,
	    "i@x.example" },
	{ "bob@localhost", &here, "* all@example.org", "lan.example",
	    SENDER_MAP, "bob.jones@example.org" },
	{ "stays@out.example", &here, "* all@example.org", NULL,
	    SENDER_STAYS, "" },
	/* patterns: the first counts */
	{ "root@box.lan.example", &here,
	    "root@* admin@example.org * all@example.org", NULL,
	    SENDER_PATTERN, "admin@example.org" },
	{ "You@Example.Net", &here,
	    "root@* admin@example.org *@example.net me@example.net", NULL,
	    SENDER_PATTERN, "me@example.net" },
	{ "x@y.test", &here, "y.test me@example.net", NULL, SENDER_PATTERN,
	    "me@example.net" },
	{ "x@y.test", &here, "z.test me@example.net", NULL, SENDER_STAYS,
	    "" },
	{ "root@box.lan.example", &here,
	    "root@* root@box.lan.example", "lan.example", SENDER_STAYS, "" },
	{ "", &here, "* all@example.org", "lan.example", SENDER_STAYS, "" },
	{ "all@example.org", &here, "* all@example.org", NULL, SENDER_STAYS,
	    "" },
	/* masquerade */
	{ "x@box.lan.example", &here, "", "lan.example", SENDER_MASQUERADE,
	    "x@lan.example" },
	{ "x@a.b.Lan.Example", &here, "", "lan.example", SENDER_MASQUERADE,
	    "x@lan.example" },
	{ "x@lan.example", &here, "", "lan.example", SENDER_STAYS, "" },
	{ "x@plan.example", &here, "", "lan.example", SENDER_STAYS, "" },
	{ "x@localhost", &here, "", "other.example lan.example",
	    SENDER_MASQUERADE, "x@other.example" },
	{ "x@localhost.localdomain", &here, "", "lan.example",
	    SENDER_MASQUERADE, "x@lan.example" },
	{ "x@box.lan.example", &here, "", "other.example lan.example",
	    SENDER_MASQUERADE, "x@lan.example" },
	{ "x@box.lan.example", &here, "", "other.example",
	    SENDER_MASQUERADE, "x@other.example" },
	{ "x@mail.example", &here, "", "other.example", SENDER_MASQUERADE,
	    "x@other.example" },
	{ "x@mail.example", &chosen, "", "other.example", SENDER_STAYS, "" },
	{ "x@elsewhere.test", &here, "", "other.example", SENDER_STAYS, "" },
	{ "x@box", &nameless, "", "other.example", SENDER_STAYS, "" },
	{ "x@a.lan.example", &here, "", "!a.lan.example lan.example",
	    SENDER_STAYS, "" },
	{ "x@b.a.lan.example", &here, "", "!a.lan.example lan.example",
	    SENDER_STAYS, "" },
	{ "x@ba.lan.example", &here, "", "!a.lan.example lan.example",
	    SENDER_MASQUERADE, "x@lan.example" },
	{ "x@box.lan.example", &here, "", "!box.lan.example other.example",
	    SENDER_STAYS, "" },
	{ "\"a@b\"@box.lan.example", &here, "", "lan.example",
	    SENDER_MASQUERADE, "\"a@b\"@lan.example" },
};

/* "PATTERN ADDRESS PATTERN ADDRESS" */
static void
add_patterns(struct senders *s, const char *text)
{
	struct slice rest = slice_of(text), pattern, path;

	while (rest.n > 0) {
		slice_cut(&rest, ' ', &pattern);
		slice_cut(&rest, ' ', &path);
		senders_add_pattern(s, pattern, path);
	}
}

static void
read_map(struct senders *s)
{
	unsigned line;
	const char *wrong;

	if (!senders_read_map(s, SLICE(MAP), &idn_table, &line, &wrong))
		fail_msg("%u: %s", line, wrong);
}

static void
test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct senders s = { .masquerade = cases[i].masquerade };
		struct buf got = { 0 };
		enum sender_rule rule;

		read_map(&s);
		add_patterns(&s, cases[i].patterns);
		rule = senders_find(&s, cases[i].o, slice_of(cases[i].path),
		    &got);
		if (rule != cases[i].rule ||
		    strcmp(buf_str(&got), cases[i].want) != 0)
			fail_msg("%zu %s: %s %s", i, cases[i].path,
			    sender_rule_name(rule), buf_str(&got));
		buf_free(&got);
		senders_free(&s);
	}
}

static const struct {
	const char *text;
	unsigned line;
	const char *wrong;
} bad[] = {
	{ "bob", 1, "LOGIN: ADDRESS" },
	{ "bob:", 1, "LOGIN: ADDRESS" },
	{ ": a@x.org", 1, "LOGIN: ADDRESS" },
	{ "\n#\nbob: alice\n", 3, "LOGIN: ADDRESS" },
	{ "bob: <>\n", 1, "LOGIN: ADDRESS" },
	{ "bob: a@x.org, b@x.org\n", 1, "LOGIN: ADDRESS" },
	{ "bob: Bob <a@x.org>\n", 1, "LOGIN: ADDRESS" },
	{ "bob smith: a@x.org\n", 1, "LOGIN: ADDRESS" },
	{ "b\001b: a@x.org\n", 1, "LOGIN: ADDRESS" },
	{ "@x.org: a@x.org\n", 1, "LOGIN: ADDRESS" },
	{ "Bob <b@x.org>: a@x.org\n", 1, "LOGIN: ADDRESS" },
	{ "bob: a@x.org\nal: al@x.org\nbob: b@x.org\nbob: c@x.org\n", 3,
	    "a line before" },
	{ "b@X.org: a@x.org\nB@x.org: b@x.org\n", 2, "a line before" },
};

static void
test_bad_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct senders s = { 0 };
		unsigned line;
		const char *wrong;

		if (senders_read_map(&s, slice_of(bad[i].text), &idn_table,
		    &line, &wrong) || line != bad[i].line ||
		    strstr(wrong, bad[i].wrong) != wrong)
			fail_msg("%s: %u: %s", bad[i].text, line, wrong);
		senders_free(&s);
	}
}

/* Each of many is found, and none between them. */
static void
test_large_map(void **state)
{
	struct senders s = { 0 };
	struct buf text = { 0 }, path = { 0 }, got = { 0 }, want = { 0 };
	unsigned line;
	const char *wrong;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_putf(&text, "u%d: v%d@x.org\n", i * 7 % 1000 * 2, i);
	assert_true(senders_read_map(&s, buf_slice(&text), &idn_table, &line,
	    &wrong));
	for (int i = 0; i < 1000; i++) {
		int n = i * 7 % 1000 * 2;

		buf_clear(&path), buf_clear(&got), buf_clear(&want);
		buf_putf(&path, "u%d@localhost", n + 1);
		assert_int_equal(senders_find(&s, &here, buf_slice(&path),
		    &got), SENDER_STAYS);
		buf_clear(&path);
		buf_putf(&path, "u%d@localhost", n);
		buf_putf(&want, "v%d@x.org", i);
		assert_int_equal(senders_find(&s, &here, buf_slice(&path),
		    &got), SENDER_MAP);
		assert_string_equal(buf_str(&got), buf_str(&want));
	}
	buf_free(&text), buf_free(&path), buf_free(&got), buf_free(&want);
	senders_free(&s);
}

static void
test_replace(void **state)
{
	struct senders s = { .masquerade = "lan.example" };
	struct address a = { 0 };
	struct outcome why;
	struct buf told = { 0 };

	(void)state;
	assert_false(senders_replace(NULL, &here, &a, &told));
	assert_false(senders_replace(&s, &here, &a, &told));
	assert_true(address_parse(SLICE("<>"), &here, &a, &why));
	assert_false(senders_replace(&s, &here, &a, &told));
	assert_string_equal(a.path, "");
	address_free(&a);
	assert_true(address_parse(SLICE("x@box.lan.example"), &here, &a,
	    &why));
	assert_true(senders_replace(&s, &here, &a, &told));
	assert_string_equal(a.path, "x@lan.example");
	assert_string_equal(a.domain, "lan.example");
	assert_string_equal(buf_str(&told), "envelope sender: "
	    "x@box.lan.example is now x@lan.example (masquerade)\n");
	assert_false(senders_replace(&s, &here, &a, &told));
	address_free(&a);
	buf_free(&told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_bad_maps),
		cmocka_unit_test(test_large_map),
		cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
