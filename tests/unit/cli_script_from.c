/* SPDX-License-Identifier: ISC */
/* cli_script_from.c - transcripts, and the scripts that say them again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "desk/script.h"
#include "desk/script_from.h"

#define T "  0.012 +0.003 "
#define NOT_KEPT "> Subject: in place of a message that the transcript did " \
		 "not have\n> \n> It was not kept.\n"

/* want: the script without its comments; "": no dialogue. */
static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "another text", "hello\n-> EHLO\n  1.2 3.4\n", "" },
	{ "no dialogue", T "== plan for x: 0 y\n" T "** connect: refused\n",
	    "" },
	{ "as it came", T "<- 220-mx\n" T "<- 220 mx\n" T "-> EHLO me\n"
	    T "<- 250 mx: PIPELINING, SIZE 10\n" T "-> QUIT\n" T "<- 221\n",
	    "< 220\n> EHLO me\n< 250\n> QUIT\n< 221\n" },
	{ "CRLF, and other output between", T "<- 220 mx\r\n   from ms    "
	    "lasted\n       0.2       0.3|#  | connect\n" T "-> NOOP  \r\n",
	    "< 220\n> NOOP  \n" },
	{ "a flight", T "-> A\n" T "-> B\n" T "<- 250 2.0.0 ok  (A)\n"
	    T "<- 550 no  (B)\n", "> A\n> B\n< 250\n< 550\n" },
	{ "octets", T "-> a\\x00\\\\b ${to}\n", "> a\\x00\\\\b \\x24{to}\n" },
	{ "no octets at all", T "-> ${to} \\q\n", "> \\x24{to} \\\\q\n" },
	{ "STARTTLS", T "-> STARTTLS\n" T "<- 220 go\n" T "== TLSv1.3 X\n"
	    T "~> EHLO me\n" T "<~ 250 mx\n" T "~> QUIT\n",
	    "> STARTTLS\n< 220\n@ handshake\n> EHLO me\n< 250\n> QUIT\n" },
	{ "SMTPS needs no word for it", T "<~ 220 mx\n" T "~> QUIT\n",
	    "< 220\n> QUIT\n" },
	{ "DATA", T "-> DATA\n" T "<- 354 go\n" T "-> AUTH x\n" T "-> \n"
	    T "-> ..\n" T "-> .\n" T "<- 250 ok\n" T "-> QUIT\n",
	    "> DATA\n< 354\n> AUTH x\n> \n> ..\n> .\n< 250\n> QUIT\n" },
	{ "DATA refused", T "-> DATA\n" T "<- 554 no\n" T "-> QUIT\n",
	    "> DATA\n< 554\n> QUIT\n" },
	{ "a message that was not kept", T "-> DATA\n" T "<- 354 go\n"
	    T "-> [1,234 octets of message]\n" T "-> .\n" T "<- 250 ok\n",
	    "> DATA\n< 354\n" NOT_KEPT "> .\n< 250\n" },
	{ "BDAT", T "-> MAIL FROM:<>\n" T "-> BDAT 99 LAST\n" T "-> a\\xffb\n"
	    T "-> .\n" T "<- 250 ok\n" T "<- 250 ok\n" T "-> QUIT\n",
	    "> MAIL FROM:<>\n> BDAT 8 LAST\n> a\\xffb\n> .\n< 250\n< 250\n"
	    "> QUIT\n" },
	{ "BDAT in chunks", T "-> BDAT 5\n" T "-> abc\n" T "-> BDAT 3 LAST\n"
	    T "-> d\n" T "<- 250 ok\n", "> BDAT 5\n> abc\n> BDAT 3 LAST\n> d\n"
	    "< 250\n" },
	{ "BDAT that was not kept", T "-> BDAT 99 LAST\n"
	    T "-> [99 octets of message]\n" T "<- 250 ok\n",
	    "> BDAT 85 LAST\n" NOT_KEPT "< 250\n" },
	{ "a login", T "-> AUTH CRAM-MD5\n" T "<- 334 PDE\n" T "-> ***\n"
	    T "<- 235 ok\n" T "-> MAIL FROM:<>\n",
	    "@ auth CRAM-MD5 ${user}\n> MAIL FROM:<>\n" },
	{ "one that was refused", T "-> AUTH PLAIN ***\n" T "<- 535 no\n"
	    T "-> QUIT\n", "> QUIT\n" },
	{ "two connections", T "-> A\n" T "<- 250\n" T "2 -> B\n" T "1 -> C\n"
	    T "2 <- 220\n" T "  == note\n",
	    "> A\n< 250\n> C\n@ connect\n> B\n< 220\n" },
	{ "one without a dialogue", T "2 == connecting to x\n" T "1 -> A\n"
	    T "2 ** lost\n", "> A\n" },
	{ "connected again", T "== connected to x\n" T "-> A\n"
	    T "== connected to x\n" T "-> B\n", "> A\n@ connect\n> B\n" },
	{ "the last run with a dialogue", "-- smtpsend, Fri\n" T "-> A\n"
	    "-- smtpsend, Sat\n" T "-> B\n-- smtpsend, Sun\n"
	    T "** refused\n", "> B\n" },
	{ "no reply to expect", T "<- hello\n" T "<- 999 x\n" T "<- 100 x\n"
	    T "-> A\n", "> A\n" },
};

/* Without comments, which must be all that is left out. */
static void
keep_steps(struct buf *out, struct slice text)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line) && text.p)
		if (!slice_starts(line, SLICE("#")))
			buf_putf(out, "%.*s\n", (int)line.n, line.p);
}

static void
test_cases(void **state)
{
	struct script_fault fault;
	struct script s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = { 0 }, got = { 0 };
		bool any = script_from(&out, slice_of(cases[i].in), "x\n.log");

		keep_steps(&got, buf_slice(&out));
		if (any != (cases[i].want[0] != '\0') ||
		    strcmp(buf_str(&got), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, buf_str(&got));
		if (!script_parse(&s, buf_slice(&out), &fault))
			fail_msg("%s: %u: %s", cases[i].name, fault.line,
			    fault.text);
		script_free(&s);
		buf_free(&out);
		buf_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
