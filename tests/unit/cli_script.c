/* SPDX-License-Identifier: ISC */
/* cli_script.c - scripts: their text, the order of steps, expectations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "desk/script.h"
#include "desk/script_report.h"

/* "SAY:text " for each step that is done, or "fault LINE" or "stop LINE". */
static void
play(const char *text, struct buf *out)
{
	static const char *const names[] = { "SAY", "WANT", "DONE",
		"NOTHING", "DROP",
		"RESET", "TLS", "SHAKE", "CONNECT", "AUTH", "SLEEP", "DATA",
		"BDAT", "RAW", "SET", "LOOP", "END" };
	struct script s = { 0 };
	struct script_run r = { .script = &s };
	struct script_fault fault;
	const struct script_step *step;
	struct buf words = { 0 };

	if (!script_parse(&s, slice_of(text), &fault)) {
		assert_int_not_equal(fault.text[0], '\0');
		buf_putf(out, "fault %u", fault.line);
	} else {
		script_set(&r, "to", SLICE("bob"));
		while ((step = script_next(&r, &words, &fault)))
			buf_putf(out, "%s:%s ", names[step->act],
			    buf_str(&words));
		if (fault.line > 0)
			buf_putf(out, "stop %u", fault.line);
	}
	script_run_free(&r);
	script_free(&s);
	buf_free(&words);
}

static const struct {
	const char *text, *want;
} scripts[] = {
	{ "", "" },
	{ "# only\n\n  # words\n", "" },
	{ "< 220\n> EHLO me\n< 250-*SIZE*\n! drop\n",
	    "WANT:220 SAY:EHLO me WANT:250-*SIZE* DROP: " },
	{ "> a \n>\n> \n> .x\r\n", "SAY:a  SAY: SAY: SAY:.x " },
	{ "  > indented\n", "SAY:indented " },
	{ "@ tls\n@ handshake\n@ connect\n@ auth PLAIN joe\n@ sleep 2s\n"
	    "@ data my file\n@ bdat f\n@ raw a\\tb\n! reset\n",
	    "TLS: SHAKE: CONNECT: AUTH:PLAIN joe SLEEP:2s DATA:my file BDAT:f "
	    "RAW:a\tb RESET: " },
	{ "< 421|5xx|closed no*\n< closed\n< nothing 3s\n",
	    "WANT:421|5xx|closed no* WANT:closed NOTHING:3s " },
	/* variables */
	{ "$ a = x y \n$ b=${a}${a}\n> ${b}-${to}$ {a} $a\n",
	    "SAY:x yx y-bob$ {a} $a " },
	{ "$ a = \\x41\n> ${a}\n", "SAY:A " },
	{ "$ a = ${b}\n$ b = 1\n", "stop 1" },
	{ "> 1\n> ${nobody}\n> 3\n", "SAY:1 stop 2" },
	{ "> ${not a name}\n", "SAY:${not a name} " },
	{ "$ a = xx\n* 10000\n$ a = ${a}${a}\nend\n", "stop 3" },
	{ "@ raw  a \n@ data  f \n", "RAW: a  DATA:f " },
	/* loops */
	{ "* 3\n> ${turn}\nend\n> x\n", "SAY:1 SAY:2 SAY:3 SAY:x " },
	{ "* 2\n* 2\n> ${turn}\nend\n> o${turn}\nend\n",
	    "SAY:1 SAY:2 SAY:o1 SAY:1 SAY:2 SAY:o2 " },
	{ "* 1\nend\n", "" },
	{ "* 10000\n* 10000\nend\nend\n", "stop 3" },
	/* faults */
	{ "? 4xx|closed\n", "DONE:4xx|closed " },
	{ "hello\n", "fault 1" },
	{ "? \n", "fault 1" },
	{ "\n>hello\n", "fault 2" },
	{ "< 25\n", "fault 1" },
	{ "< 650\n", "fault 1" },
	{ "< \n", "fault 1" },
	{ "< 250|\n", "fault 1" },
	{ "< 25y x\n", "fault 1" },
	{ "> a\\q\n", "fault 1" },
	{ "! stop\n", "fault 1" },
	{ "@ fly\n", "fault 1" },
	{ "@ data\n", "fault 1" },
	{ "@ tls now\n", "fault 1" },
	{ "$ a\n", "fault 1" },
	{ "$ a b = c\n", "fault 1" },
	{ "* 0\nend\n", "fault 1" },
	{ "* 10001\nend\n", "fault 1" },
	{ "* x\nend\n", "fault 1" },
	{ "> 1\n* 2\n> x\n", "fault 2" },
	{ "end\n", "fault 1" },
	{ "* 1\n* 1\n* 1\n* 1\n* 1\n* 1\n* 1\n* 1\n* 1\n", "fault 9" },
};

static void
test_scripts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		struct buf out = { 0 };

		play(scripts[i].text, &out);
		assert_string_equal(buf_str(&out), scripts[i].want);
		buf_free(&out);
	}
}

static void
test_no_nul(void **state)
{
	struct script s = { 0 };
	struct script_fault fault;

	(void)state;
	assert_false(script_parse(&s, SLICE("> a\0b\n"), &fault));
	assert_int_equal(fault.line, 1);
	script_free(&s);
}

static const struct {
	const char *want, *lines;	/* NULL: closed */
	bool met;
} expected[] = {
	{ "250", "250 ok", true },
	{ "250", "250-a\n250 b", true },
	{ "250", "251 ok", false },
	{ "2xx", "251 ok", true },
	{ "25x", "261 ok", false },
	{ "421|5xx", "550 no", true },
	{ "421|5xx", "450 no", false },
	{ "421|5xx", NULL, false },
	{ "421|closed", NULL, true },
	{ "closed", "221 bye", false },
	{ "250 ok", "250 ok", true },
	{ "250 OK*", "250 ok: queued", true },
	{ "250 ok", "250 ok: queued", false },
	{ "250 *as*", "250 queued as 1", true },
	{ "250 a*b*c", "250 aXbbXc", true },
	{ "250 a*b*c", "250 aXbbX", false },
	{ "250 ???", "250 abc", true },
	{ "250 ???", "250 ab", false },
	{ "250 first", "250-first\n250 last", false },
	{ "250 last", "250-first\n250 last", true },
	{ "250-first", "250-first\n250 last", true },
	{ "250-SIZE*", "250-mx\n250-SIZE 10\n250 HELP", true },
	{ "250-DSN", "250-mx\n250-SIZE 10\n250 HELP", false },
	{ "250 *", "250", true },
	{ "250 x", "250", false },
	{ "closed any", NULL, true },
};

static void
test_expectations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_int_equal(script_wants(slice_of(expected[i].want),
		    slice_of(expected[i].lines), !expected[i].lines),
		    expected[i].met);
}

static void
test_reports(void **state)
{
	struct script_checks c = { 0 };
	struct buf b = { 0 };

	(void)state;
	script_check(&c, 3, SLICE("< 220"), NULL);
	script_check(&c, 7, SLICE("< 250 a&b #x"), "550 \"no\" <\x1b>\\");
	script_put_tap(&b, &c, "f.smtp");
	assert_string_equal(buf_str(&b), "TAP version 13\n"
	    "ok 1 - f.smtp:3 < 220\n"
	    "not ok 2 - f.smtp:7 < 250 a&b \\#x\n"
	    "  ---\n"
	    "  wanted: \"< 250 a&b #x\"\n"
	    "  got: \"550 \\\"no\\\" <\\\\x1b>\\\\\\\\\"\n"
	    "  ...\n1..2\n");
	buf_clear(&b);
	script_put_junit(&b, &c, "f&g.smtp");
	assert_string_equal(buf_str(&b),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuite name=\"f&amp;g.smtp\" tests=\"2\" failures=\"1\">\n"
	    "  <testcase classname=\"f&amp;g.smtp\" name=\"3: &lt; 220\"/>\n"
	    "  <testcase classname=\"f&amp;g.smtp\" name=\"7: &lt; 250 "
	    "a&amp;b #x\">\n"
	    "    <failure message=\"got 550 &quot;no&quot; "
	    "&lt;\\x1b&gt;\\\\\"/>\n"
	    "  </testcase>\n</testsuite>\n");
	buf_free(&b);
	script_checks_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_no_nul),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
