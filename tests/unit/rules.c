/* SPDX-License-Identifier: ISC */
/* rules.c - tables of patterns, and of rules applied to sender and domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/pattern.h"
#include "route/rules.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct {
	const char *pattern, *subject;
	bool want;
} patterns[] = {
	{ "example.org", "example.org", true },
	{ "example.org", "EXAMPLE.org", true },
	{ "Example.ORG", "example.org", true },
	{ "example.org", "a.example.org", false },
	{ "example.org", "example.org.", false },
	{ "example.org", "", false },
	{ "*.example.org", "a.example.org", true },
	{ "*.example.org", "b.A.Example.org", true },
	{ "*.example.org", "example.org", false },
	{ "*.example.org", "aexample.org", false },
	{ "*@example.org", "bob@example.org", true },
	{ "*@example.org", "Bob@EXAMPLE.org", true },
	{ "*@example.org", "bob@a.example.org", false },
	{ "*@example.org", "example.org", false },
	{ "*@*.example.org", "bob@a.example.org", true },
	{ "bob@example.org", "BOB@example.org", true },
	{ "bob@example.org", "rob@example.org", false },
	{ "bob@example.org", "example.org", false },
	{ "bob+*@example.org", "bob+x@example.org", true },
	{ "bob+*@example.org", "bob@example.org", false },
	{ "bob@*", "bob@example.net", true },
	{ "example.org", "bob@example.org", true },
	{ "*.example.org", "bob@a.example.org", true },
	{ "*.example.org", "a.example.org@example.net", false },
	{ "example.org", "\"x@y\"@example.org", true },
	{ "*", "bob@example.org", true },
	{ "*", "example.org", true },
	{ "*", "[192.0.2.1]", true },
	{ "*", "", true },
	{ "**", "", true },
	{ "", "", true },
	{ "", "example.org", false },
	{ "*a*a*b", "aaaaaaab", true },
	{ "*a*a*b", "aaaaaaac", false },
	{ "ab*bc", "abc", false },
	{ "a*c*e", "abcde", true },
	{ "a*c*e", "abcd", false },
};

static void
test_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++)
		if (pattern_matches(patterns[i].pattern,
		        patterns[i].subject) != patterns[i].want)
			fail_msg("%s, %s", patterns[i].pattern,
			    patterns[i].subject);
}

static struct relay_spec relays[] = {
	{ .name = "work", .from = "*@example.org  boss@example.com" },
	{ .name = "home", .from = "\tme@example.net" },
	{ .name = "spare", .from = "*@example.org" },
	{ .name = "plain" },
};

static struct domain_rule domains[] = {
	{ .pattern = "intra.example", .direct = true },
	{ .pattern = "lan.example", .server = "mail.lan.example" },
	{ .pattern = "*.example", .relay = "plain home" },
	{ .pattern = "tls.test", .tls_given = true, .tls = TLS_VERIFY },
	{ .pattern = "a.example", .relay = "work" },
	{ .pattern = "lost.test", .relay = "nobody plain nobody plain" },
	{ .pattern = "void.test", .relay = "nobody" },
};

static const struct rules with_default = { relays, COUNT(relays), domains,
	COUNT(domains), "home plain" };
static const struct rules without_default = { relays, COUNT(relays), domains,
	COUNT(domains), NULL };
static const struct rules nothing;

static const struct {
	const struct rules *rules;
	const char *sender, *domain;
	const char *want; /* names of relays */
	int rule; /* -1 = none */
	const char *why;
} choices[] = {
	{ &nothing, "x@example.org", "b.example", "", -1, "no relay is set" },
	{ &without_default, "x@y.test", "z.test", "", -1, "no relay is set" },
	{ &without_default, "", "z.test", "", -1, "no relay is set" },
	/* the recipient's domain decides first; of rules, the first one */
	{ &with_default, "x@example.org", "intra.example", "", 0,
	    "[domain intra.example]" },
	{ &with_default, "x@example.org", "lan.example", "", 1,
	    "[domain lan.example]" },
	{ &with_default, "x@example.org", "a.example", "plain home", 2,
	    "[domain *.example]" },
	{ &with_default, "x@example.org", "A.EXAMPLE", "plain home", 2,
	    "[domain *.example]" },
	{ &with_default, "", "a.example", "plain home", 2,
	    "[domain *.example]" },
	/* a rule that does not say where */
	{ &with_default, "x@example.org", "tls.test", "work spare", 3,
	    "from = *@example.org  boss@example.com" },
	{ &with_default, "x@y.test", "tls.test", "home plain", 3,
	    "relay = home plain" },
	{ &without_default, "x@y.test", "tls.test", "", 3,
	    "no relay is set" },
	/* then the sender */
	{ &with_default, "x@EXAMPLE.org", "z.test", "work spare", -1,
	    "from = *@example.org  boss@example.com" },
	{ &with_default, "boss@example.com", "z.test", "work", -1,
	    "from = *@example.org  boss@example.com" },
	{ &without_default, "me@example.net", "z.test", "home", -1,
	    "from = \tme@example.net" },
	{ &without_default, "you@example.net", "z.test", "", -1,
	    "no relay is set" },
	/* then the defaults */
	{ &with_default, "you@example.net", "z.test", "home plain", -1,
	    "relay = home plain" },
	{ &with_default, "", "z.test", "home plain", -1,
	    "relay = home plain" },
	/* unknown names are passed over, and twice is once */
	{ &with_default, "x@example.org", "lost.test", "plain", 5,
	    "[domain lost.test]" },
	{ &with_default, "x@example.org", "void.test", "", 6,
	    "[domain void.test]" },
};

static void
list_relays(const struct choice *c, char out[128])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < c->nrelays; i++)
		n += (size_t)snprintf(out + n, 128 - n, "%s%s", i ? " " : "",
		    c->relay[i]->name);
}

static void
test_choices(void **state)
{
	struct choice c;
	char got[128];

	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		rules_choose(choices[i].rules, choices[i].sender,
		    choices[i].domain, &c);
		list_relays(&c, got);
		if (strcmp(got, choices[i].want) != 0 ||
		    strcmp(c.why, choices[i].why) != 0 ||
		    c.rule != (choices[i].rule < 0 ? NULL :
		        &domains[choices[i].rule]))
			fail_msg("%s, %s: \"%s\", %s", choices[i].sender,
			    choices[i].domain, got, c.why);
	}
}

/* More relays than are tried, and a text longer than `why`. */
static void
test_limits(void **state)
{
	struct relay_spec many[RELAYS_MAX + 2] = { { .name = NULL } };
	struct rules rules = { .relay = many, .nrelays = COUNT(many) };
	char names[COUNT(many)][4], from[600];
	struct choice c;

	(void)state;
	memset(from, ' ', sizeof from);
	memcpy(from + sizeof from - 2, "*", 2);
	for (size_t i = 0; i < COUNT(many); i++) {
		snprintf(names[i], sizeof names[i], "r%zu", i);
		many[i].name = names[i];
		many[i].from = from;
	}
	rules_choose(&rules, "", "z.test", &c);
	assert_int_equal(c.nrelays, RELAYS_MAX);
	assert_ptr_equal(c.relay[RELAYS_MAX - 1], &many[RELAYS_MAX - 1]);
	assert_int_equal(strlen(c.why), sizeof c.why - 1);
}

static void
test_relay_by_name(void **state)
{
	struct rules rules = { .relay = relays, .nrelays = COUNT(relays) };
	struct choice c;

	(void)state;
	rules.use = "Home hom hom* home";
	rules_choose(&rules, "", "z.test", &c);
	assert_int_equal(c.nrelays, 1);
	assert_ptr_equal(c.relay[0], &relays[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_relay_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
