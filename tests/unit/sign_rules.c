/* SPDX-License-Identifier: ISC */
/* sign_rules.c - which rule signs a message, and as whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "sign/rules.h"

static struct sign_rule rules[] = {
	{ .pattern = "example.org" },
	{ .pattern = "*.example.org", .domain = "example.org" },
	{ .pattern = "by-sender.test", .by_sender = true },
	{ .pattern = "*.any.test" },
	{ .pattern = "sub.any.test" }, /* never reached */
};

static const struct {
	const char *from, *sender;
	int rule; /* -1 = nobody */
	const char *domain;
} cases[] = {
	{ "example.org", "", 0, "example.org" },
	{ "example.org", "by-sender.test", 0, "example.org" },
	{ "sub.example.org", "", 1, "example.org" },
	{ "other.test", "example.org", -1, NULL },
	{ "other.test", "by-sender.test", 2, "by-sender.test" },
	{ "by-sender.test", "other.test", 2, "by-sender.test" },
	{ "", "by-sender.test", 2, "by-sender.test" },
	{ "sub.any.test", "", 3, "sub.any.test" },
	{ "any.test", "", -1, NULL },
	{ "[192.0.2.1]", "[192.0.2.1]", -1, NULL },
	{ "", "", -1, NULL },
};

static void
test_choice(void **state)
{
	const struct sign_rules all = { rules, sizeof rules / sizeof *rules };
	const struct sign_rule *r;
	const char *domain;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		r = sign_rules_choose(&all, cases[i].from, cases[i].sender,
		    &domain);
		assert_int_equal(r ? r - rules : -1, cases[i].rule);
		if (r)
			assert_string_equal(domain, cases[i].domain);
	}
}

static void
test_any(void **state)
{
	struct sign_rule any = { .pattern = "*" };
	const struct sign_rules all = { &any, 1 };
	const char *domain;

	(void)state;
	assert_ptr_equal(sign_rules_choose(&all, "a.test", "", &domain), &any);
	assert_string_equal(domain, "a.test");
	assert_null(sign_rules_choose(&all, "[192.0.2.1]", "", &domain));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
