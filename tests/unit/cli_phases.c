/* SPDX-License-Identifier: ISC */
/* cli_phases.c - what the time went into, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/brief.h"
#include "report/phases.h"
#include "report/timing.h"

/* "C EHLO me", "S 250 x", "+ 192.0.2.1" (connect), "= 192.0.2.1", "! ...",
 * "T" (TLS), "t" (failed), "B", "?" and "." (DNS asked, answered). */
static struct event
event_of(const char *step)
{
	static const char kinds[] = "CS+=!TtB?.";
	static const enum event_kind which[] = { EVENT_SENT, EVENT_RECEIVED,
		EVENT_CONNECT, EVENT_CONNECTED, EVENT_FAILED, EVENT_TLS,
		EVENT_TLS, EVENT_BODY, EVENT_LOOKUP, EVENT_ANSWER };
	enum event_kind kind = which[strchr(kinds, step[0]) - kinds];
	struct slice text = slice_of(step[1] ? step + 2 : "");
	struct event e = event_make(kind, 1);

	if (kind == EVENT_LOOKUP || kind == EVENT_ANSWER)
		e.lane = 0;
	event_text(&e, "line", text);
	event_text(&e, "name", text);
	event_text(&e, "host", SLICE("mx"));
	event_text(&e, "address", text);
	event_number(&e, "port", 25);
	event_text(&e, "version", SLICE("TLSv1.3"));
	event_text(&e, "verdict", SLICE("trusted"));
	e.secure = step[0] == 'T';
	return e;
}

/* Each step takes a millisecond. */
static void
play(struct phases *p, const char *const *steps)
{
	for (int64_t at = 1000; *steps; steps++, at += 1000) {
		struct event e = event_of(*steps);

		e.at = at;
		phases_event(p, &e);
	}
	phases_end(p, 100000);
}

static void
put(struct buf *out, const struct phases *p)
{
	for (size_t i = 0; i < p->n; i++)
		buf_putf(out, "%s%s %d-%d\n", phase_name(p->phase[i].kind),
		    p->phase[i].failed ? "!" : "",
		    (int)p->phase[i].from / 1000, (int)p->phase[i].to / 1000);
}

static const struct {
	const char *name;
	const char *steps[32];
	const char *want;
} cases[] = {
	{ "questions at one time are one", { "? x", "? y", ". x", ". y" },
	    "DNS 1-4\n" },
	{ "an answer nobody asked for", { ". x" }, "" },
	{ "STARTTLS and DATA",
	    { "+ 192.0.2.1", "= 192.0.2.1", "S 220 hi", "C EHLO me", "S 250-x",
		"S 250 y", "C STARTTLS", "S 220 go", "T", "C EHLO me",
		"S 250 x", "C MAIL FROM:<>", "C RCPT TO:<a@b>", "S 250 ok",
		"S 250 ok", "C DATA", "S 354 go", "B", "S 250 ok", "C QUIT",
		"S 221 bye" },
	    "connect 1-2\ngreeting 2-3\nEHLO 4-6\nSTARTTLS 7-8\nTLS 8-9\n"
	    "greeting 9-10\nEHLO 10-11\nenvelope 12-17\nmessage 17-20\n"
	    "QUIT 20-21\n" },
	{ "SMTPS", { "+ 192.0.2.1", "= 192.0.2.1", "T", "S 220 hi" },
	    "connect 1-2\nTLS 2-3\ngreeting 3-4\n" },
	{ "a handshake that fails", { "+ 192.0.2.1", "= 192.0.2.1", "t" },
	    "connect 1-2\nTLS! 2-3\n" },
	{ "two attempts side by side", { "+ 192.0.2.1", "+ 192.0.2.2",
		"! 192.0.2.1", "= 192.0.2.2", "S 220 hi" },
	    "connect! 1-3\nconnect 2-4\ngreeting 4-5\n" },
	{ "STARTTLS refused", { "= 192.0.2.1", "S 220 x", "C STARTTLS",
		"S 454 no", "C QUIT" },
	    "greeting 1-2\nSTARTTLS 3-4\nQUIT 5-100\n" },
	{ "AUTH in steps", { "C AUTH LOGIN", "S 334 a", "C b", "S 334 c", "C d",
		"S 235 ok" }, "AUTH 1-6\n" },
	{ "nothing ends it", { "+ 192.0.2.1" }, "connect 1-100\n" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct phases p = { 0 };
		struct buf got = { 0 };

		play(&p, cases[i].steps);
		put(&got, &p);
		if (strcmp(buf_str(&got), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, buf_str(&got));
		phases_free(&p);
		buf_free(&got);
	}
}

static void
test_too_many(void **state)
{
	struct phases p = { 0 };

	(void)state;
	for (unsigned i = 0; i < PHASES_MAX + 10; i++) {
		struct event e = event_of("+ 192.0.2.1");

		e.lane = i + 1;
		phases_event(&p, &e);
		e = event_of("= 192.0.2.1");
		e.lane = i + 1;
		phases_event(&p, &e);
	}
	assert_int_equal(p.n, PHASES_MAX);
	phases_free(&p);
}

static void
test_sums(void **state)
{
	struct phases p = { 0 };

	(void)state;
	play(&p, (const char *const[]){ "+ 192.0.2.1", "= 192.0.2.1", "C EHLO",
	    "S 250 x", "C EHLO", "S 250 x", NULL });
	assert_int_equal(phases_lane_to(&p, SLICE("192.0.2.1")), 1);
	assert_int_equal(phases_lane_to(&p, SLICE("192.0.2.11")), 0);
	assert_int_equal(phases_lane_to(&p, SLICE("92.0.2.1")), 0);
	assert_int_equal(phases_sum(&p, 1, PHASE_EHLO), 2000);
	assert_int_equal(phases_sum(&p, 1, PHASE_AUTH), -1);
	assert_int_equal(phases_sum(&p, 2, PHASE_EHLO), -1);
	phases_free(&p);
}

/* Nothing of a server's gets raw to a terminal or into the document. */
static void
test_hostile(void **state)
{
	struct phases p = { 0 };
	struct buf text = { 0 }, svg = { 0 };

	(void)state;
	play(&p, (const char *const[]){ "? <script>&\"\033[2J", NULL });
	timing_put_text(&text, &p, 0, 80);
	assert_null(strchr(buf_str(&text), '\033'));
	timing_put_svg(&svg, &p, 0);
	assert_null(strchr(buf_str(&svg), '\033'));
	assert_null(strstr(buf_str(&svg), "<script>"));
	assert_non_null(strstr(buf_str(&svg), "&lt;script&gt;&amp;&quot;"));
	buf_free(&text);
	buf_free(&svg);
	phases_free(&p);
}

/* Bars lie within their columns, whatever the times are. */
static void
test_text(void **state)
{
	static const char want[] =
	    "   from ms    lasted\n"
	    "       1.0       1.0|  ##                | connect mx [192.0\n"
	    "       2.0       1.0|    ##              | greeting\n"
	    "       4.0       6.0|        ############| QUIT\n";
	struct phases p = { 0 };
	struct buf out = { 0 };

	(void)state;
	timing_put_text(&out, &p, 0, 10);
	assert_int_equal(out.n, 0);
	play(&p, (const char *const[]){ "+ 192.0.2.1", "= 192.0.2.1", "S 220 x",
	    "C QUIT", NULL });
	p.phase[2].to = 10000;
	timing_put_text(&out, &p, 0, 10);
	assert_string_equal(buf_str(&out), want);
	buf_clear(&out);
	timing_put_text(&out, &p, 50000, 200);
	buf_free(&out);
	phases_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
