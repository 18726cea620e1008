/* SPDX-License-Identifier: ISC */
/* remedy.c - the table of what follows which failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "route/remedy.h"

static const struct {
	const char *name;
	struct outcome o;
	enum remedy want;
	bool of_host;
} cases[] = {
	{ "delivered", { .verdict = DELIVERED, .code = 250 }, REMEDY_NONE,
	    false },
	{ "verified", { .verdict = VERIFIED }, REMEDY_NONE, false },
	{ "refused at RCPT",
	    { .verdict = FAILED, .code = 550, .stage = STAGE_RCPT },
	    REMEDY_NONE, false },
	{ "deferred at RCPT",
	    { .verdict = DEFERRED, .code = 450, .stage = STAGE_RCPT },
	    REMEDY_NEXT_HOST, false },
	{ "connection refused",
	    { .verdict = DEFERRED, .stage = STAGE_CONNECT }, REMEDY_NEXT_HOST,
	    true },
	{ "no greeting",
	    { .verdict = DEFERRED, .code = 554, .stage = STAGE_GREETING },
	    REMEDY_NEXT_HOST, true },
	{ "the login is refused",
	    { .verdict = DEFERRED, .code = 535, .stage = STAGE_AUTH },
	    REMEDY_NEXT_HOST, true },
	{ "no such way",
	    { .verdict = FAILED, .stage = STAGE_CONNECT }, REMEDY_NONE, false },
	{ "no answer of DNS", { .verdict = DEFERRED, .stage = STAGE_DNS },
	    REMEDY_NEXT_HOST, false },
	{ "busy at MAIL",
	    { .verdict = DEFERRED, .code = 421, .stage = STAGE_MAIL },
	    REMEDY_NEXT_HOST, false },
	{ "lost behind the final dot",
	    { .verdict = DEFERRED, .stage = STAGE_END, .maybe_sent = true },
	    REMEDY_LATER, false },
	{ "our own file broke",
	    { .verdict = DEFERRED, .stage = STAGE_READ }, REMEDY_LATER,
	    false },
	{ "out of descriptors",
	    { .verdict = DEFERRED, .stage = STAGE_SYSTEM }, REMEDY_LATER,
	    false },
	{ "too large for this host",
	    { .verdict = FAILED, .stage = STAGE_MAIL }, REMEDY_NEXT_HOST,
	    false },
	{ "too large, the server says",
	    { .verdict = FAILED, .code = 552, .stage = STAGE_MAIL },
	    REMEDY_NONE, false },
	{ "no such domain",
	    { .verdict = FAILED, .stage = STAGE_DNS }, REMEDY_NONE, false },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (remedy_for(&cases[i].o) != cases[i].want)
			fail_msg("%s", cases[i].name);
		assert_int_equal(remedy_is_of_host(&cases[i].o),
		    cases[i].of_host);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
