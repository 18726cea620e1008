/* SPDX-License-Identifier: ISC */
/* cli_talk.c - what a line could become, and where the guide leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "desk/complete.h"
#include "desk/guide.h"

static void
check(const struct complete *c, const char *typed, const char *want)
{
	struct buf b = { 0 };
	const char *line;

	for (size_t i = 0; (line = complete_at(c, slice_of(typed), i)); i++)
		buf_putf(&b, "%s|", line);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void
test_completion(void **state)
{
	struct complete c = { 0 };
	char line[32];

	(void)state;
	check(&c, "ma", "MAIL FROM:<|");
	check(&c, "R", "RCPT TO:<|RSET|");
	check(&c, "/s", "/save |/sleep |");
	check(&c, "xyz", "");
	complete_said(&c, SLICE("RCPT TO:<bob@example.org>"));
	complete_said(&c, SLICE("DATA"));
	complete_said(&c, SLICE("RCPT TO:<bob@example.org>"));
	complete_said(&c, SLICE(""));
	check(&c, "rcpt", "RCPT TO:<|RCPT TO:<bob@example.org>|");
	check(&c, "DATA", "DATA|");
	for (int i = 0; i < COMPLETE_LINES; i++) {
		snprintf(line, sizeof line, "X%d", i);
		complete_said(&c, slice_of(line));
	}
	check(&c, "RCPT", "RCPT TO:<|");
	check(&c, "X199", "X199|");
	complete_free(&c);
}

static const struct {
	enum guide at;
	const char *said;
	unsigned code;
	enum guide want;
} steps[] = {
	{ GUIDE_HELLO, "EHLO me", 250, GUIDE_MAIL },
	{ GUIDE_HELLO, "helo me", 250, GUIDE_MAIL },
	{ GUIDE_HELLO, "EHLO", 501, GUIDE_HELLO },
	{ GUIDE_HELLO, "NOOP", 250, GUIDE_HELLO },
	{ GUIDE_HELLO, "EHLO me", 0, GUIDE_HELLO },
	{ GUIDE_MAIL, "mail from:<a@b>", 250, GUIDE_RCPT },
	{ GUIDE_MAIL, "MAIL FROM:<a@b>", 550, GUIDE_MAIL },
	{ GUIDE_MAIL, "RSET", 250, GUIDE_MAIL },
	{ GUIDE_RCPT, "RCPT TO:<a@b>", 550, GUIDE_RCPT },
	{ GUIDE_RCPT, "RCPT TO:<a@b>", 251, GUIDE_DATA },
	{ GUIDE_DATA, "RCPT TO:<c@b>", 250, GUIDE_DATA },
	{ GUIDE_DATA, "RSET", 250, GUIDE_MAIL },
	{ GUIDE_DATA, "DATA", 354, GUIDE_TEXT },
	{ GUIDE_DATA, "DATA", 503, GUIDE_DATA },
	{ GUIDE_TEXT, ".", 250, GUIDE_QUIT },
	{ GUIDE_TEXT, ".", 554, GUIDE_MAIL },
	{ GUIDE_QUIT, "MAIL FROM:<a@b>", 250, GUIDE_RCPT },
	{ GUIDE_QUIT, "QUIT", 221, GUIDE_OFF },
	{ GUIDE_RCPT, "EHLO me", 250, GUIDE_MAIL },
	{ GUIDE_OFF, "MAIL FROM:<a@b>", 250, GUIDE_OFF },
};

static void
test_guide(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		assert_int_equal(guide_next(steps[i].at,
		    slice_of(steps[i].said), steps[i].code), steps[i].want);
	assert_null(guide_sentence(GUIDE_OFF));
	for (enum guide g = GUIDE_HELLO; g <= GUIDE_QUIT; g++)
		assert_non_null(guide_sentence(g));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_guide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
