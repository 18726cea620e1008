/* SPDX-License-Identifier: ISC */
/* cli_fold.c - the transcript in fewer lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/fold.h"
#include "report/fold_dns.h"
#include "report/transcript.h"

/* What is printed, without the times, for lines "C: ...", "S: ...", "B: N". */
static void
play_line(struct transcript *t, const char *line, unsigned lane)
{
	struct slice text = slice_of(line + 3);
	struct event e = event_make(line[0] == 'C' ? EVENT_SENT :
		line[0] == 'S' ? EVENT_RECEIVED : EVENT_BODY, lane);

	if (e.kind == EVENT_BODY) {
		event_number(&e, "sent", atoi(line + 3));
		event_number(&e, "done", 1);
	} else {
		event_text(&e, "line", text);
	}
	transcript_event(t, &e);
}

static void
check(const char *name, const char *const *lines, const char *want)
{
	char *out = NULL, *p;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);
	struct transcript t = { .to = f, .folded = true };
	struct buf got = { 0 };

	for (size_t i = 0; lines[i]; i++)
		play_line(&t, lines[i], 1);
	transcript_flush(&t, INT64_MAX);
	fclose(f);
	for (p = strtok(out, "\n"); p; p = strtok(NULL, "\n"))
		buf_putf(&got, "%s\n", p + 15);
	if (strcmp(buf_str(&got), want) != 0)
		fail_msg("%s: %s", name, buf_str(&got));
	buf_free(&got);
	free(out);
	transcript_free(&t);
}

#define HELLO "C: EHLO me", "S: 250-mx", "S: 250-PIPELINING", "S: 250 SIZE 10"
#define HELLO_TEXT "-> EHLO me\n<- 250 mx: PIPELINING, SIZE 10\n"

static const struct {
	const char *name;
	const char *lines[24];
	const char *want;
} cases[] = {
	{ "one command a time has no tags",
	    { "S: 220 mx", HELLO, "C: NOOP", "S: 250 ok" },
	    "<- 220 mx\n" HELLO_TEXT "-> NOOP\n<- 250 ok\n" },
	{ "after STARTTLS only what differs",
	    { HELLO, "C: STARTTLS", "S: 220 go", "C: EHLO me",
		"S: 250-mx", "S: 250-size 10", "S: 250 AUTH PLAIN" },
	    HELLO_TEXT "-> STARTTLS\n<- 220 go\n-> EHLO me\n"
	    "<- 250 mx: as before, and AUTH PLAIN; without "
	    "PIPELINING\n" },
	{ "nothing differs", { HELLO, HELLO },
	    HELLO_TEXT "-> EHLO me\n<- 250 mx: as before\n" },
	{ "less", { HELLO, "C: EHLO me", "S: 250 mx" },
	    HELLO_TEXT "-> EHLO me\n<- 250 mx: as before, without "
	    "PIPELINING, SIZE 10\n" },
	{ "nothing offered", { "C: EHLO me", "S: 250 mx at your" },
	    "-> EHLO me\n<- 250 mx at your\n" },
	{ "a refusal as it is",
	    { "C: EHLO me", "S: 502-no", "S: 502 really" },
	    "-> EHLO me\n<- 502-no\n<- 502 really\n" },
	{ "a reply that does not end", { "C: EHLO me", "S: 250-mx",
		"S: 250-SIZE" },
	    "-> EHLO me\n<- 250-mx\n<- 250-SIZE\n" },
	{ "not asked for", { "S: 220 mx", "S: 421 going" },
	    "<- 220 mx\n<- 421 going\n" },
	{ "a flight",
	    { "C: MAIL FROM:<a@x> SIZE=1", "C: RCPT TO:<b@x> NOTIFY=NEVER",
		"C: RCPT TO:<\"c>d\"@x>", "C: DATA", "S: 250 ok",
		"S: 550-no", "S: 550 nobody", "S: 250 ok", "S: 354 go",
		"B: 1234", "C: .", "S: 250 queued" },
	    "-> MAIL FROM:<a@x> SIZE=1\n"
	    "-> RCPT TO:<b@x> NOTIFY=NEVER\n"
	    "-> RCPT TO:<\"c>d\"@x>\n-> DATA\n<- 250 ok  (MAIL)\n"
	    "<- 550-no\n<- 550 nobody  (RCPT b@x)\n"
	    "<- 250 ok  (RCPT \"c>d\"@x)\n<- 354 go  (DATA)\n"
	    "-> [1,234 octets of message]\n-> .\n<- 250 queued\n" },
	{ "a chunk", { "C: RCPT TO:<b@x>", "C: BDAT 5 LAST", "B: 5",
		"S: 250 ok", "S: 250 queued" },
	    "-> RCPT TO:<b@x>\n-> BDAT 5 LAST\n"
	    "<- 250 ok  (RCPT b@x)\n<- 250 queued  (BDAT)\n" },
	{ "LMTP: a reply for each who was taken",
	    { "C: LHLO me", "S: 250 mx", "C: MAIL FROM:<a@x>",
		"S: 250 ok", "C: RCPT TO:<b@x>", "S: 250 ok",
		"C: RCPT TO:<c@x>", "S: 550 no", "C: RCPT TO:<d@x>",
		"S: 250 ok", "C: DATA", "S: 354 go", "B: 9", "C: .",
		"S: 250 done", "S: 450 full" },
	    "-> LHLO me\n<- 250 mx\n-> MAIL FROM:<a@x>\n<- 250 ok\n"
	    "-> RCPT TO:<b@x>\n<- 250 ok\n-> RCPT TO:<c@x>\n"
	    "<- 550 no\n-> RCPT TO:<d@x>\n<- 250 ok\n-> DATA\n"
	    "<- 354 go\n-> [9 octets of message]\n-> .\n"
	    "<- 250 done  (b@x)\n<- 450 full  (d@x)\n" },
	{ "nothing gets to a terminal raw",
	    { "C: EHLO me", "S: 250-m\033x", "S: 250 \233A\tB" },
	    "-> EHLO me\n<- 250 m\\x1bx: \\x9bA\\x09B\n" },
	{ "short and odd lines",
	    { "C: EHLO me", "S: 25", "S: ", "S: 250-", "S: 250" },
	    "-> EHLO me\n<- 25\n<- \n<- 250-\n<- 250\n" },
};

static void
test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i].name, cases[i].lines, cases[i].want);
}

/* Two at once do not get into each other's way; QUIT forgets one. */
static void
test_connections(void **state)
{
	struct fold f = { 0 };
	struct buf text = { 0 };
	static const struct {
		unsigned lane;
		enum event_kind kind;
		const char *line;
		enum folded how;
		const char *text;
	} steps[] = {
		{ 1, EVENT_SENT, "EHLO a", FOLD_SHOW, "" },
		{ 2, EVENT_SENT, "EHLO b", FOLD_SHOW, "" },
		{ 2, EVENT_RECEIVED, "250 y", FOLD_INSTEAD, "250 y" },
		{ 1, EVENT_RECEIVED, "250-x", FOLD_HIDE, "" },
		{ 1, EVENT_RECEIVED, "250 A", FOLD_INSTEAD, "250 x: A" },
		{ 2, EVENT_SENT, "MAIL FROM:<>", FOLD_SHOW, "" },
		{ 2, EVENT_SENT, "RCPT TO:<a@b>", FOLD_SHOW, "" },
		{ 1, EVENT_SENT, "QUIT", FOLD_SHOW, "" },
		{ 2, EVENT_RECEIVED, "250 ok", FOLD_TAG, "MAIL" },
		{ 1, EVENT_RECEIVED, "221 bye", FOLD_SHOW, "" },
		{ 2, EVENT_RECEIVED, "450 ok", FOLD_TAG, "RCPT a@b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct event e = event_make(steps[i].kind, steps[i].lane);

		event_text(&e, "line", slice_of(steps[i].line));
		buf_clear(&text);
		assert_int_equal(fold_event(&f, &e, &text), steps[i].how);
		assert_string_equal(buf_str(&text), steps[i].text);
	}
	assert_int_equal(f.talks.n, 1);
	buf_free(&text);
	fold_free(&f);
}

static struct event
answer(const char *type, const char *name, const char *status,
    const char *text)
{
	struct event e = event_make(EVENT_ANSWER, 0);

	event_text(&e, "name", slice_of(name));
	event_text(&e, "type", slice_of(type));
	event_text(&e, "status", slice_of(status));
	event_text(&e, "answer", slice_of(text));
	event_text(&e, "canonical", slice_of(
	    strcmp(name, "alias.x") == 0 ? "real.x" : ""));
	return e;
}

static void
test_answers(void **state)
{
	static const struct {
		const char *type, *name, *status, *text;
		bool kept;
	} answers[] = {
		{ "A", "a.x", "found", "192.0.2.1", true },
		{ "AAAA", "a.x", "nodata", "", true },
		{ "MX", "a.x", "found", "10 mx.x", false },
		{ "A", "b.x", "found", "192.0.2.2", true },
		{ "MX", "b.x", "nodata", "", true },
		{ "A", "alias.x", "found", "192.0.2.3", true },
		{ "AAAA", "mx.x", "nodata", "", true },
		{ "A", "c.x", "nxdomain", "", false },
		{ "A", "d.x", "soft", "", false },
	};
	struct fold_dns f = { 0 };
	struct buf line = { 0 }, all = { 0 };
	int64_t at;

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct event e = answer(answers[i].type, answers[i].name,
		    answers[i].status, answers[i].text);

		e.at = (int64_t)i + 7;
		assert_int_equal(fold_dns_keep(&f, &e), answers[i].kept);
	}
	assert_int_equal(fold_dns_since(&f), 7);
	while (fold_dns_take(&f, &line, &at)) {
		buf_put(&all, buf_slice(&line));
		buf_putc(&all, '\n');
		buf_clear(&line);
	}
	assert_string_equal(buf_str(&all), "A b.x: 192.0.2.2; "
	    "A alias.x: 192.0.2.3, by CNAME real.x; "
	    "no MX b.x, AAAA mx.x\n");
	assert_true(fold_dns_since(&f) == INT64_MAX);
	fold_dns_free(&f);
	buf_free(&line);
	buf_free(&all);
}

/* What is kept back is shown when it is due, not before. */
static void
test_patience(void **state)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);
	struct transcript t = { .to = f, .folded = true };
	struct event e = event_make(EVENT_LOOKUP, 0);

	(void)state;
	e.at = 1000;
	event_text(&e, "resolver", SLICE("192.0.2.53"));
	event_text(&e, "name", SLICE("x.y"));
	event_text(&e, "type", SLICE("MX"));
	transcript_event(&t, &e);
	transcript_flush(&t, 2000);
	fflush(f);
	assert_int_equal(n, 0);
	assert_true(transcript_due(&t) > 2000);
	transcript_flush(&t, transcript_due(&t));
	fflush(f);
	assert_non_null(strstr(out, "asking 192.0.2.53 for x.y: MX"));
	assert_true(transcript_due(&t) == INT64_MAX);
	transcript_free(&t);
	fclose(f);
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
