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
} cases[] = {
	{ "delivered", { .verdict = DELIVERED, .code = 250 }, REMEDY_NONE },
	{ "verified", { .verdict = VERIFIED }, REMEDY_NONE },
	{ "refused at RCPT",
	    { .verdict = FAILED, .code = 550, .stage = STAGE_RCPT },
	    REMEDY_NONE },
	{ "deferred at RCPT",
	    { .verdict = DEFERRED, .code = 450, .stage = STAGE_RCPT },
	    REMEDY_NEXT_HOST },
	{ "connection refused",
	    { .verdict = DEFERRED, .stage = STAGE_CONNECT }, REMEDY_NEXT_HOST },
	{ "lost behind the final dot",
	    { .verdict = DEFERRED, .stage = STAGE_END, .maybe_sent = true },
	    REMEDY_LATER },
	{ "our own file broke",
	    { .verdict = DEFERRED, .stage = STAGE_READ }, REMEDY_LATER },
	{ "out of descriptors",
	    { .verdict = DEFERRED, .stage = STAGE_SYSTEM }, REMEDY_LATER },
	{ "too large for this host",
	    { .verdict = FAILED, .stage = STAGE_MAIL }, REMEDY_NEXT_HOST },
	{ "too large, the server says",
	    { .verdict = FAILED, .code = 552, .stage = STAGE_MAIL },
	    REMEDY_NONE },
	{ "no such domain",
	    { .verdict = FAILED, .stage = STAGE_DNS }, REMEDY_NONE },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (remedy_for(&cases[i].o) != cases[i].want)
			fail_msg("%s", cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
