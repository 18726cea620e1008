/* SPDX-License-Identifier: ISC */
/* cli_report.c - events and outcomes as they are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/advice.h"
#include "report/failure.h"
#include "report/explain.h"
#include "report/json.h"
#include "report/report.h"

#define START 5000000

static void
test_json_strings(void **state)
{
	static const struct {
		const char *name;
		struct slice in;
		const char *want;
	} cases[] = {
		{ "empty", { "", 0 }, "\"\"" },
		{ "plain", { "abc", 3 }, "\"abc\"" },
		{ "quotes", { "a\"b\\c", 5 }, "\"a\\\"b\\\\c\"" },
		{ "controls", { "\0\t\r\n\x1b\x7f", 6 },
		    "\"\\u0000\\u0009\\u000d\\u000a\\u001b\\u007f\"" },
		{ "utf-8", { "gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xa7", 11 },
		    "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xa7\"" },
		{ "broken", { "a\xff\xc3", 3 }, "\"a\\u00ff\\u00c3\"" },
		{ "overlong", { "\xc0\xaf", 2 }, "\"\\u00c0\\u00af\"" },
		{ "surrogate", { "\xed\xa0\x80", 3 },
		    "\"\\u00ed\\u00a0\\u0080\"" },
		{ "c1", { "\xc2\x9b", 2 }, "\"\\u009b\"" },
		{ "bidi", { "a\xe2\x80\xae" "b", 5 }, "\"a\\u202eb\"" },
		{ "unseen", { "a\xe2\x80\x8b\xef\xbb\xbf" "b", 8 },
		    "\"a\\u200b\\ufeffb\"" },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		json_put_string(&b, cases[i].in);
		if (strcmp(buf_str(&b), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, buf_str(&b));
	}
	buf_free(&b);
}

static struct endpoint
at(uint16_t port)
{
	return (struct endpoint){
		.ip = { .version = 4, .b = { 192, 0, 2, 1 } }, .port = port
	};
}

/* What a server said to RCPT. */
static struct outcome
said(enum verdict v, unsigned short code, struct esc esc, const char *text)
{
	struct outcome o = outcome_make(v, STAGE_RCPT, esc, "%s", text);
	struct endpoint peer = at(25);

	o.code = code;
	outcome_set_host(&o, SLICE("mx1.example.org"), &peer);
	return o;
}

static const char *
advice(const struct outcome *o, uint16_t port)
{
	return advice_for(o, (struct wish){ .port = port });
}

static void
check_failure(const char *name, const struct outcome *o, uint16_t port,
    const char *words, const char *wanted)
{
	struct buf b = { 0 };
	const char *got = advice(o, port);

	failure_put(&b, o);
	if (strcmp(buf_str(&b), words) != 0)
		fail_msg("%s: %s", name, buf_str(&b));
	if (wanted ? !got || !strstr(got, wanted) : got != NULL)
		fail_msg("%s: advice %s", name, got ? got : "none");
	buf_free(&b);
}

static void
test_server_refusals(void **state)
{
	struct outcome o;

	(void)state;
	o = said(FAILED, 550, ESC(5, 1, 1), "no such user");
	check_failure("no user", &o, 0, "failed at RCPT, mx1.example.org "
	    "[192.0.2.1]:25 said: 550 5.1.1 no such user",
	    "before the @");
	o = said(DEFERRED, 450, ESC(4, 2, 0), "greylisted\nsee x.org\x1b[2J");
	check_failure("later", &o, 0, "not delivered, deferred at RCPT, "
	    "mx1.example.org [192.0.2.1]:25 said: 450 4.2.0 greylisted "
	    "see x.org\\x1b[2J", "send it again in some minutes");
	o = said(FAILED, 550, ESC(0, 0, 0), "go away");
	check_failure("no code", &o, 0, "failed at RCPT, mx1.example.org "
	    "[192.0.2.1]:25 said: 550 go away", "-v shows");
	o = said(FAILED, 550, ESC(5, 7, 26), "no DMARC");
	memcpy(o.host, "192.0.2.1", 10);
	check_failure("policy", &o, 0, "failed at RCPT, "
	    "[192.0.2.1]:25 said: 550 5.7.26 no DMARC", "policy");
}

static void
test_own_verdicts(void **state)
{
	struct outcome o = outcome_make(FAILED, STAGE_DNS, ESC(5, 1, 2),
	    "nowhere.example does not exist");
	struct endpoint peer = at(25);

	(void)state;
	check_failure("nxdomain", &o, 0,
	    "failed at DNS: nowhere.example does not exist", "after the @");
	assert_string_equal(advice_for(&o, (struct wish){ .server = true }),
	    "check the name after --server");
	/* a domain that is there is not misspelt: a dangling MX, TXT only */
	o = outcome_make(FAILED, STAGE_DNS, ESC(5, 4, 4), "x: no address");
	check_failure("no address", &o, 0, "failed at DNS: x: no address",
	    "the domain exists");
	o = outcome_make(DEFERRED, STAGE_CONNECT, ESC(4, 4, 1),
	    "connect mx.example [192.0.2.1]:25: Connection refused");
	outcome_set_host(&o, SLICE("mx.example"), &peer);
	check_failure("refused", &o, 0, "not delivered, deferred: "
	    "connect mx.example [192.0.2.1]:25: Connection refused",
	    "nothing was queued: send it again later");
	o = outcome_make(DEFERRED, STAGE_END, ESC(4, 4, 2), "connection lost");
	outcome_set_host(&o, SLICE("mx.example"), &peer);
	o.maybe_sent = true;
	check_failure("maybe", &o, 0, "not delivered, deferred at end of data, "
	    "mx.example [192.0.2.1]:25: connection lost", "possible duplicate");
}

/* What we say of a server's words stands beside them. */
static void
test_ours_and_theirs(void **state)
{
	struct outcome o = said(DEFERRED, 535, ESC(5, 7, 8), "no");

	(void)state;
	o.stage = STAGE_AUTH;
	outcome_set_ours(&o, "the relay refused the password of user %s",
	    "jo\x1b");
	check_failure("login", &o, 0, "not delivered, deferred at AUTH, "
	    "mx1.example.org [192.0.2.1]:25: the relay refused the password "
	    "of user jo\\x1b, it said: 535 5.7.8 no", "check user");
}

/* "--tls may would" only where it would. */
static void
test_what_tls_advice_is_true(void **state)
{
	static const struct {
		enum stage stage;
		unsigned short detail;
		enum waiver waiver;
		const char *want, *never;
	} rows[] = {
		{ STAGE_STARTTLS, 4, WAIVER_TLS, "--tls may would", "encrypt" },
		{ STAGE_STARTTLS, 4, WAIVER_NONE, "again later", "--tls" },
		{ STAGE_TLS, 0, WAIVER_TLS, "--tls may would", "none" },
		{ STAGE_TLS, 0, WAIVER_NONE, "again later", "--tls" },
		{ STAGE_TLS, 5, WAIVER_TRUST, "--tls encrypt takes any",
		    "may" },
		{ STAGE_TLS, 5, WAIVER_NONE, "owner", "--tls" },
	};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		o = outcome_make(DEFERRED, rows[i].stage,
		    ESC(4, 7, rows[i].detail), "x");
		o.waiver = rows[i].waiver;
		assert_non_null(strstr(advice(&o, 0), rows[i].want));
		assert_null(strstr(advice(&o, 0), rows[i].never));
	}
}

static void
test_port_25_is_walled(void **state)
{
	struct outcome o = outcome_make(DEFERRED, STAGE_CONNECT, ESC(4, 4, 1),
	    "nobody answers");
	struct endpoint peer = at(2525);

	(void)state;
	o.timed_out = true;
	assert_non_null(strstr(advice(&o, 0), "outbound port 25"));
	assert_non_null(strstr(advice(&o, 25), "--relay"));
	assert_null(strstr(advice(&o, 587), "outbound port 25"));
	outcome_set_host(&o, SLICE("mx"), &peer);
	assert_null(strstr(advice(&o, 0), "outbound port 25"));
	o.timed_out = false;
	assert_null(strstr(advice(&o, 25), "outbound port 25"));
}

/* A report that writes into a file of its own, which read_all() gives back. */
struct desk {
	struct report r;
	FILE *out, *err;
	char *out_text, *err_text;
	size_t out_n, err_n;
};

static void
open_desk(struct desk *d, enum report_style style)
{
	*d = (struct desk){ 0 };
	d->out = open_memstream(&d->out_text, &d->out_n);
	d->err = open_memstream(&d->err_text, &d->err_n);
	assert_non_null(d->out);
	assert_non_null(d->err);
	d->r = (struct report){ .style = style, .program = "smtpsend",
		.out = d->out, .err = d->err, .start = START,
		.text = { .to = d->out, .start = START } };
}

static void
close_desk(struct desk *d)
{
	fclose(d->out);
	fclose(d->err);
	free(d->out_text);
	free(d->err_text);
}

static struct recipient rcpts[3];
static struct envelope envelope = { .rcpts = rcpts, .n = 3 };

static void
add_result(size_t i, const struct recipient *r, const struct outcome *o,
    const char *tls, const char *queue_id)
{
	struct outcome full = *o;
	struct result *result;

	outcome_set_tls(&full, tls);
	full.policy = TLS_MAY;
	result = result_new(&full, slice_of(queue_id));

	result_release(rcpts[i].result); /* of the case before */
	rcpts[i] = *r;
	recipient_say(&rcpts[i], o->verdict, result);
	result_release(result);
}

static void
fill_envelope(void)
{
	struct endpoint peer = at(25);
	struct outcome o = outcome_make(DELIVERED, STAGE_END, ESC(2, 0, 0),
	    "Ok: queued as 4Xyz");

	o.code = 250;
	outcome_set_host(&o, SLICE("mx1.example.org"), &peer);
	add_result(0, &(struct recipient){ .to = { .path = "bob@example.org" },
	    .decided = START + 1250000 }, &o, "TLSv1.3", "4Xyz");
	o = said(FAILED, 550, ESC(5, 1, 1), "no such user.");
	add_result(1, &(struct recipient){ .to = { .path = "no@example.org" },
	    .decided = START + 1000000 }, &o, "TLSv1.3", "");
	o = outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 3),
	    "late.example: SERVFAIL");
	add_result(2, &(struct recipient){ .to = { .path = "eve@late.example" },
	    .decided = START + 2000000 }, &o, "", "");
}

static const char failures[] =
    "smtpsend: no@example.org: failed at RCPT, mx1.example.org "
    "[192.0.2.1]:25 said: 550 5.1.1 no such user. -- check the part before "
    "the @\n"
    "smtpsend: eve@late.example: not delivered, deferred at DNS: "
    "late.example: SERVFAIL -- nothing was queued: send it again later, or ask "
    "another DNS server with --resolver ADDR\n";

static void
test_results(void **state)
{
	static const struct {
		enum report_style style;
		const char *out;
	} cases[] = {
		{ REPORT_SILENT, "" },
		{ REPORT_TEXT,
		    "  1.250 +1.250 == bob@example.org: delivered to "
		    "mx1.example.org [192.0.2.1]:25, TLSv1.3, queue id 4Xyz\n"
		    "  1.250 +0.000 ** no@example.org: failed at RCPT, "
		    "mx1.example.org [192.0.2.1]:25 said: 550 5.1.1 no such "
		    "user. -- check the part before the @\n"
		    "  2.000 +0.750 ** eve@late.example: not delivered, "
		    "deferred at DNS: late.example: SERVFAIL -- nothing was "
		    "queued: send it again later, or ask another DNS server "
		    "with --resolver ADDR\n" },
		{ REPORT_JSON,
		    "{\"event\":\"result\",\"recipient\":\"bob@example.org\","
		    "\"status\":\"delivered\",\"code\":250,\"enhanced\":"
		    "\"2.0.0\",\"stage\":\"end of data\",\"host\":"
		    "\"mx1.example.org\",\"address\":\"192.0.2.1\",\"port\":25,"
		    "\"tls\":\"TLSv1.3\",\"policy\":\"may\",\"text\":"
		    "\"Ok: queued as 4Xyz\","
		    "\"why\":null,\"queue_id\":\"4Xyz\",\"seconds\":1.250000}\n"
		    "{\"event\":\"result\",\"recipient\":\"no@example.org\","
		    "\"status\":\"failed\",\"code\":550,\"enhanced\":"
		    "\"5.1.1\",\"stage\":\"RCPT\",\"host\":"
		    "\"mx1.example.org\",\"address\":\"192.0.2.1\",\"port\":25,"
		    "\"tls\":\"TLSv1.3\",\"policy\":\"may\",\"text\":"
		    "\"no such user.\","
		    "\"why\":null,\"queue_id\":null,\"seconds\":1.000000}\n"
		    "{\"event\":\"result\",\"recipient\":\"eve@late.example\","
		    "\"status\":\"deferred\",\"code\":null,\"enhanced\":"
		    "\"4.4.3\",\"stage\":\"DNS\",\"host\":null,"
		    "\"address\":null,"
		    "\"port\":null,\"tls\":null,\"policy\":null,\"text\":"
		    "\"late.example: "
		    "SERVFAIL\",\"why\":null,"
		    "\"queue_id\":null,\"seconds\":2.000000}\n" },
	};
	struct desk d;

	(void)state;
	fill_envelope();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		open_desk(&d, cases[i].style);
		assert_int_equal(report_results(&d.r, &envelope), 67);
		assert_true(report_close(&d.r));
		assert_string_equal(d.out_text, cases[i].out);
		assert_string_equal(d.err_text, failures);
		close_desk(&d);
	}
}

/* What the transcript told on the same terminal is not told again. */
static void
test_failures_are_told_once(void **state)
{
	struct desk d;

	(void)state;
	fill_envelope();
	open_desk(&d, REPORT_TEXT);
	d.r.told = true;
	assert_int_equal(report_results(&d.r, &envelope), 67);
	assert_true(report_close(&d.r));
	fflush(d.err);
	assert_non_null(strstr(d.out_text, "check the part before the @"));
	assert_string_equal(d.err_text, "");
	close_desk(&d);
}

static void
test_worst_recipient_decides(void **state)
{
	static const struct {
		size_t first, n;
		int status;
	} cases[] = { { 0, 1, 0 }, { 1, 1, 67 }, { 2, 1, 75 }, { 1, 2, 67 },
		{ 0, 3, 67 }, { 0, 0, 0 } };
	struct envelope part;
	struct desk d;

	(void)state;
	fill_envelope();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		part = (struct envelope){ .rcpts = rcpts + cases[i].first,
			.n = cases[i].n };
		open_desk(&d, REPORT_SILENT);
		assert_int_equal(report_results(&d.r, &part), cases[i].status);
		close_desk(&d);
	}
}

static struct event
event(enum event_kind kind, unsigned lane, bool secure, int64_t milliseconds)
{
	struct event e = event_make(kind, lane);

	e.secure = secure;
	e.at = START + milliseconds * 1000;
	return e;
}

static void
play_lookup(struct report *r, struct slice name, struct slice type)
{
	struct event e = event(EVENT_LOOKUP, 0, false, 1);

	event_text(&e, "name", name);
	event_text(&e, "type", type);
	event_text(&e, "resolver", SLICE("127.0.0.1:53"));
	report_event(r, &e);
}

static void
play(struct report *r)
{
	struct event e = event(EVENT_ANSWER, 0, false, 3);
	struct endpoint peer = at(25);
	struct buf scratch = { 0 };

	play_lookup(r, SLICE("example.org"), SLICE("MX"));
	play_lookup(r, SLICE("example.org"), SLICE("A"));
	play_lookup(r, SLICE("example"), SLICE("AAAA"));
	event_text(&e, "name", SLICE("example.org"));
	event_text(&e, "type", SLICE("MX"));
	event_text(&e, "status", SLICE("soft"));
	event_text(&e, "answer", SLICE("SERVFAIL"));
	event_text(&e, "why", SLICE("SERVFAIL"));
	event_number(&e, "validated", 0);
	report_event(r, &e);
	e = event(EVENT_PLAN, 0, false, 4);
	event_text(&e, "domain", SLICE("example.org"));
	event_text(&e, "hosts", SLICE("10 mx1.example.org"));
	event_text(&e, "tls", SLICE("encrypt"));
	event_text(&e, "reason", SLICE("--tls encrypt"));
	report_event(r, &e);
	e = event(EVENT_CONNECT, 1, false, 12);
	event_text(&e, "host", SLICE("mx1.example.org"));
	event_endpoint(&e, &peer, &scratch);
	report_event(r, &e);
	e = event(EVENT_RECEIVED, 1, false, 15);
	event_text(&e, "line", SLICE("220 hi\x1b[2J \xff"));
	report_event(r, &e);
	e = event(EVENT_TLS, 1, true, 20);
	event_text(&e, "version", SLICE("TLSv1.3"));
	event_text(&e, "cipher", SLICE("TLS_AES_256_GCM_SHA384"));
	event_text(&e, "subject", SLICE("CN=mx1.example.org"));
	event_text(&e, "issuer", SLICE("CN=CA"));
	event_text(&e, "names", SLICE("mx1.example.org"));
	event_text(&e, "expires", SLICE("2030-01-01"));
	event_text(&e, "verdict", SLICE("untrusted"));
	event_text(&e, "why", SLICE("unknown CA"));
	report_event(r, &e);
	e = event(EVENT_SENT, 2, true, 21);
	event_text(&e, "line", SLICE("EHLO me"));
	report_event(r, &e);
	e = event(EVENT_BODY, 1, true, 22);
	event_number(&e, "sent", 1234567);
	event_number(&e, "done", 1);
	report_event(r, &e);
	e = event(EVENT_FAILED, 2, false, 30);
	event_text(&e, "host", SLICE("mx2"));
	event_text(&e, "why", SLICE("connection lost"));
	report_event(r, &e);
	buf_free(&scratch);
}

static void
test_transcript(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, REPORT_TEXT);
	play(&d.r);
	fflush(d.out);
	assert_string_equal(d.out_text,
	    "  0.001 +0.001 == asking 127.0.0.1:53 for example.org: MX, A\n"
	    "  0.001 +0.000 == asking 127.0.0.1:53 for example: AAAA\n"
	    "  0.003 +0.002 ** MX example.org: SERVFAIL\n"
	    "  0.004 +0.001 == plan for example.org: 10 mx1.example.org; "
	    "TLS encrypt (--tls encrypt)\n"
	    "  0.012 +0.008 == connecting to mx1.example.org "
	    "[192.0.2.1]:25\n"
	    "  0.015 +0.003 <- 220 hi\\x1b[2J \\xff\n"
	    "  0.020 +0.005 == TLSv1.3 TLS_AES_256_GCM_SHA384\n"
	    "  0.020 +0.000 == certificate CN=mx1.example.org, issued by "
	    "CN=CA\n"
	    "  0.020 +0.000 == certificate names mx1.example.org, expires "
	    "2030-01-01\n"
	    "  0.020 +0.000 == certificate is untrusted: unknown CA "
	    "(no matter at TLS level encrypt)\n"
	    "  0.021 +0.001 2 ~> EHLO me\n"
	    "  0.022 +0.001 1 ~> [1,234,567 octets of message]\n"
	    "  0.030 +0.008 2 ** mx2: connection lost\n");
	close_desk(&d);
}

static void
test_colour_is_only_paint(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, REPORT_TEXT);
	d.r.text.colour = true;
	play(&d.r);
	fflush(d.out);
	assert_non_null(strstr(d.out_text,
	    "\033[32m220 hi\\x1b[2J \\xff\033[0m\n"));
	close_desk(&d);
}

static void
test_json_events(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, REPORT_JSON);
	play(&d.r);
	fflush(d.out);
	assert_non_null(strstr(d.out_text, "{\"event\":\"lookup\",\"time\":"
	    "0.001000,\"secure\":false,\"name\":\"example.org\",\"type\":"
	    "\"MX\",\"resolver\":\"127.0.0.1:53\"}\n"));
	assert_non_null(strstr(d.out_text, "{\"event\":\"received\",\"time\":"
	    "0.015000,\"lane\":1,\"secure\":false,\"line\":"
	    "\"220 hi\\u001b[2J \\u00ff\"}\n"));
	assert_non_null(strstr(d.out_text, "\"lane\":1,\"secure\":true,"
	    "\"sent\":1234567,\"done\":1}\n"));
	close_desk(&d);
}

static struct plan_host hosts[] = {
	{ .name = "mx1.example.org", .preference = 10, .naddresses = 1 },
	{ .name = "mx2.example.org", .preference = 20 },
};
static struct plan_address addresses[1];

static void
make_plan(struct plan *p)
{
	static struct outcome problem;

	problem = outcome_make(FAILED, STAGE_DNS, ESC(5, 4, 4), "no address");
	hosts[1].problem = &problem;
	hosts[1].canonical = "c\x1b";
	addresses[0] = (struct plan_address){ .at = at(25), .host = 0 };
	*p = (struct plan){ .domain = "example.org", .tls = TLS_MAY,
		.tls_why = "the default", .how = "MX", .host = hosts,
		.nhosts = 2, .address = addresses, .naddresses = 1 };
}

#define MX_LINES \
	"  found by  MX\n" \
	"  protocol  smtp\n" \
	"  TLS       may (the default)\n" \
	"  hosts        10 mx1.example.org\n" \
	"               20 mx2.example.org, by CNAME c\\x1b -- not used: no " \
	"address\n" \
	"  tried         1 192.0.2.1:25  mx1.example.org\n"
#define TWO "b@example.org\n\"\x1b\"@example.org\n"

static void
test_plans(void **state)
{
	struct outcome why;
	struct plan p;
	struct desk d;

	(void)state;
	make_plan(&p);
	open_desk(&d, REPORT_SILENT);
	assert_int_equal(report_plan(&d.r, &p, SLICE(TWO)), 0);
	assert_int_equal(report_plan(&d.r, &p, SLICE("")), 0);
	fflush(d.out);
	assert_string_equal(d.out_text,
	    "example.org\n"
	    "  for       b@example.org, \"\\x1b\"@example.org\n"
	    MX_LINES
	    "\n"
	    "example.org\n"
	    MX_LINES);
	close_desk(&d);
	open_desk(&d, REPORT_JSON);
	why = outcome_make(FAILED, STAGE_DNS, ESC(5, 1, 2), "gone");
	p.why = &why;
	assert_int_equal(report_plan(&d.r, &p, SLICE(TWO)), 68);
	fflush(d.out);
	assert_string_equal(d.out_text, "{\"event\":\"explain\",\"domain\":"
	    "\"example.org\",\"recipients\":[\"b@example.org\","
	    "\"\\\"\\u001b\\\"@example.org\"],\"how\":\"MX\",\"link\":"
	    "\"smtp\",\"tls\":\"may\",\"tls_why\":\"the default\","
	    "\"hosts\":[{\"name\":\"mx1.example.org\",\"preference\":10,"
	    "\"canonical\":null,"
	    "\"problem\":null},{\"name\":"
	    "\"mx2.example.org\",\"preference\":20,\"canonical\":"
	    "\"c\\u001b\",\"problem\":\"no address\"}]"
	    ",\"addresses\":[{\"host\":\"mx1.example.org\",\"address\":"
	    "\"192.0.2.1\",\"port\":25}],\"why\":\"gone\"}\n");
	close_desk(&d);
}

/* Of many recipients some are named; a --server has no preference. */
static void
test_a_plan_for_many(void **state)
{
	struct buf many = { 0 };
	struct plan p;
	struct desk d;

	(void)state;
	make_plan(&p);
	p.how = "server";
	for (unsigned i = 0; i < 12; i++)
		buf_putf(&many, "%u@example.org\n", i);
	open_desk(&d, REPORT_SILENT);
	report_plan(&d.r, &p, buf_slice(&many));
	fflush(d.out);
	assert_non_null(strstr(d.out_text, ", 7@example.org and 4 more\n"));
	assert_non_null(strstr(d.out_text, "  hosts     mx1.example.org\n"
	    "            mx2.example.org, by"));
	close_desk(&d);
	open_desk(&d, REPORT_JSON);
	report_plan(&d.r, &p, buf_slice(&many));
	fflush(d.out);
	assert_non_null(strstr(d.out_text, "\"11@example.org\"]"));
	assert_non_null(strstr(d.out_text, "\"preference\":null"));
	close_desk(&d);
	buf_free(&many);
}

static void
test_plans_by_a_relay(void **state)
{
	const struct relay_spec relay = { .name = "work\x1b",
		.user = "joe\x1b" };
	struct plan_host by[] = {
		{ .name = "s.example.org", .preference = 5, .port = 465,
		    .implicit_tls = true },
		{ .name = "2001:db8::1", .preference = 10, .port = 587 },
	};
	struct plan p = { .domain = "example.net", .link = LINK_SMTPS,
		.tls = TLS_VERIFY, .tls_why = "a relay needs it",
		.how = "relay by SRV", .relay = &relay, .host = by,
		.nhosts = 2 };
	struct desk d;

	(void)state;
	open_desk(&d, REPORT_SILENT);
	assert_int_equal(report_plan(&d.r, &p, SLICE("")), 0);
	fflush(d.out);
	assert_string_equal(d.out_text,
	    "example.net\n"
	    "  found by  relay by SRV\n"
	    "  protocol  smtps\n"
	    "  TLS       verify (a relay needs it)\n"
	    "  relay     work\\x1b as user joe\\x1b\n"
	    "  hosts         5 s.example.org:465 smtps\n"
	    "               10 [2001:db8::1]:587 smtp\n");
	close_desk(&d);
	open_desk(&d, REPORT_JSON);
	assert_int_equal(report_plan(&d.r, &p, SLICE("")), 0);
	fflush(d.out);
	assert_non_null(strstr(d.out_text, "\"link\":\"smtps\",\"relay\":"
	    "\"work\\u001b\",\"user\":\"joe\\u001b\",\"tls\":"));
	assert_non_null(strstr(d.out_text, "{\"name\":\"s.example.org\","
	    "\"preference\":5,\"canonical\":null,\"port\":465,"
	    "\"link\":\"smtps\",\"problem\":null}"));
	close_desk(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_server_refusals),
		cmocka_unit_test(test_own_verdicts),
		cmocka_unit_test(test_ours_and_theirs),
		cmocka_unit_test(test_what_tls_advice_is_true),
		cmocka_unit_test(test_port_25_is_walled),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_failures_are_told_once),
		cmocka_unit_test(test_worst_recipient_decides),
		cmocka_unit_test(test_transcript),
		cmocka_unit_test(test_colour_is_only_paint),
		cmocka_unit_test(test_json_events),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_a_plan_for_many),
		cmocka_unit_test(test_plans_by_a_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
