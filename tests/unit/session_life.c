/* SPDX-License-Identifier: ISC */
/*
 * session_life.c - how a client session begins: with a greeting, or on a
 * connection that somebody else has made and logged in at; and who it says it
 * is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "smtp/session.h"

#define OFFER "relay.test\nPIPELINING\nSIZE 99999\nDSN\nLIMITS MAILMAX=7"

static struct slice
said(struct session *s, struct buf *out)
{
	buf_clear(out);
	while (session_output(s).n > 0) {
		buf_put(out, session_output(s));
		session_sent(s, session_output(s).n);
	}
	return buf_slice(out);
}

/* RFC 5321 4.1.4: a name, or else the address of this end. */
static void
test_names(void **state)
{
	static const struct {
		const char *helo, *local, *want;
		enum link_kind link;
	} rows[] = {
		{ "box.test", "192.0.2.1", "EHLO box.test\r\n", LINK_SMTP },
		{ "box.test", NULL, "LHLO box.test\r\n", LINK_LMTP },
		{ NULL, "192.0.2.1", "EHLO [192.0.2.1]\r\n", LINK_SMTP },
		{ NULL, "::ffff:192.0.2.1", "EHLO [192.0.2.1]\r\n", LINK_SMTP },
		{ NULL, "2001:db8::1", "EHLO [IPv6:2001:db8::1]\r\n",
		    LINK_SMTP },
		{ NULL, NULL, "EHLO [127.0.0.1]\r\n", LINK_SMTP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct session_config c = { .helo = rows[i].helo,
			.link = rows[i].link };
		struct buf out = { 0 };
		struct session *s;

		if (rows[i].local)
			assert_true(ip_parse(slice_of(rows[i].local),
			    &c.local));
		s = session_new(&c, NULL, 1);
		assert_int_equal(said(s, &out).n, 0);
		session_input(s, SLICE("220 hi\r\n"));
		said(s, &out);
		assert_string_equal(buf_str(&out), rows[i].want);
		session_free(s);
		buf_free(&out);
	}
}

static void
take_event(struct events *q, const char *line, bool secure)
{
	struct event e;

	assert_true(events_take(q, &e));
	assert_int_equal(e.kind, EVENT_SENT);
	assert_int_equal(e.lane, 3);
	assert_int_equal(e.secure, secure);
	assert_true(slice_eq(event_get(&e, "line"), slice_of(line)));
}

/* No greeting and no EHLO: what was offered counts, and the mail begins. */
static void
resume(const char *tls)
{
	struct session_config c = { .helo = "box.test", .relay = true };
	struct events q = { .wanted = true };
	struct session *s = session_resume(&c, &q, 3, SLICE(OFFER), tls);
	struct address from = { .path = "a@x" };
	struct recipient bob = { .to = { .path = "b@y" } }, *rcpt = &bob;
	struct message m = { .size = 2 };
	struct mail mail = { .from = &from, .rcpt = &rcpt, .n = 1,
		.message = &m };
	struct buf out = { 0 };

	assert_int_equal(session_need(s), SESSION_MAIL);
	assert_true(session_caps(s)->pipelining && session_caps(s)->dsn);
	assert_false(session_caps(s)->chunking);
	assert_int_equal(session_caps(s)->max_size, 99999);
	assert_int_equal(session_caps(s)->max_mails, 7);
	assert_string_equal(session_awaits(s), "more mail");
	assert_int_equal(said(s, &out).n, 0);
	session_mail(s, &mail);
	said(s, &out);
	assert_string_equal(buf_str(&out), "MAIL FROM:<a@x> SIZE=2\r\n"
	    "RCPT TO:<b@y>\r\nDATA\r\n");
	take_event(&q, "MAIL FROM:<a@x> SIZE=2", tls[0] != '\0');
	session_input(s, SLICE("550 5.7.1 not you\r\n250 ok\r\n503 no\r\n"));
	assert_int_equal(recipient_outcome(&bob).verdict, FAILED);
	assert_string_equal(recipient_outcome(&bob).tls, tls);
	assert_int_equal(recipient_outcome(&bob).code, 550);
	assert_true(recipient_outcome(&bob).relay);
	result_release(bob.result);
	session_free(s);
	events_free(&q);
	buf_free(&out);
}

static void
test_resumed(void **state)
{
	(void)state;
	resume("TLSv1.3");
	resume("");
}

/* --quit-after a step that the one before us has done already. */
static void
test_stops_at_once(void **state)
{
	static const struct {
		enum stage after;
		const char *tls;
		enum verdict want;
		unsigned detail;
	} rows[] = {
		{ STAGE_CONNECT, "", VERIFIED, 0 },
		{ STAGE_GREETING, "TLSv1.3", VERIFIED, 0 },
		{ STAGE_EHLO, "TLSv1.3", VERIFIED, 0 },
		{ STAGE_TLS, "TLSv1.3", VERIFIED, 0 },
		{ STAGE_TLS, "", DEFERRED, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct session_config c = { .helo = "box.test",
			.quit_after = rows[i].after };
		struct session *s = session_resume(&c, NULL, 1, SLICE(OFFER),
		    rows[i].tls);
		const struct outcome *end = session_end(s);
		struct buf out = { 0 };

		said(s, &out);
		assert_string_equal(buf_str(&out), "QUIT\r\n");
		assert_int_equal(end->verdict, rows[i].want);
		assert_int_equal(end->stage, rows[i].after);
		assert_int_equal(end->esc.detail, rows[i].detail);
		if (rows[i].want == DEFERRED) {
			assert_int_equal(end->esc.cls, 4);
			assert_int_equal(end->esc.subject, 7);
		}
		session_free(s);
		buf_free(&out);
	}
}

static void
test_does_not_stop_before_the_mail(void **state)
{
	static const enum stage after[] = { STAGE_NONE, STAGE_MAIL,
		STAGE_RCPT };

	(void)state;
	for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
		struct session_config c = { .helo = "box.test",
			.quit_after = after[i] };
		struct session *s = session_resume(&c, NULL, 1, SLICE(OFFER),
		    "TLSv1.3");
		struct buf out = { 0 };

		assert_int_equal(session_need(s), SESSION_MAIL);
		assert_int_equal(said(s, &out).n, 0);
		session_free(s);
		buf_free(&out);
	}
}

/* Lost: what it was waiting for is where; lost behind QUIT is no loss. */
static void
test_lost(void **state)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "gone");
	struct session_config c = { .helo = "box.test" };
	struct session *s = session_new(&c, NULL, 1);
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(session_stage(s), STAGE_GREETING);
	session_lost(s, &why);
	assert_int_equal(session_need(s), SESSION_CLOSE);
	assert_int_equal(session_end(s)->verdict, DEFERRED);
	assert_int_equal(session_end(s)->stage, STAGE_GREETING);
	why.stage = STAGE_BODY;
	session_lost(s, &why); /* it is over: nothing changes */
	assert_int_equal(session_end(s)->stage, STAGE_GREETING);
	session_free(s);

	s = session_resume(&c, NULL, 1, SLICE(OFFER), "");
	session_quit(s);
	said(s, &out);
	assert_true(session_is_leaving(s));
	session_lost(s, &why);
	assert_int_equal(session_need(s), SESSION_CLOSE);
	assert_int_equal(session_end(s)->verdict, PENDING);
	session_free(s);
	buf_free(&out);
}

/* By the drill: the way out, and only from a step that was agreed to. */
static void
test_leaves(void **state)
{
	static const struct {
		enum stage after;
		enum leave leave, want;
		const char *said;
	} rows[] = {
		{ STAGE_EHLO, LEAVE_QUIT, LEAVE_QUIT, "QUIT\r\n" },
		{ STAGE_EHLO, LEAVE_DROP, LEAVE_DROP, "" },
		{ STAGE_EHLO, LEAVE_RESET, LEAVE_RESET, "" },
		{ STAGE_TLS, LEAVE_DROP, LEAVE_QUIT, "QUIT\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct drill drill = { .leave = rows[i].leave };
		struct session_config c = { .helo = "box.test",
			.quit_after = rows[i].after, .drill = &drill };
		struct session *s = session_resume(&c, NULL, 1, SLICE(OFFER),
		    "");
		struct buf out = { 0 };

		said(s, &out);
		assert_string_equal(buf_str(&out), rows[i].said);
		assert_int_equal(session_leaves(s), rows[i].want);
		assert_int_equal(session_need(s), rows[i].said[0] ?
		    SESSION_IO : SESSION_CLOSE);
		session_free(s);
		buf_free(&out);
	}
}

/* Nothing is said while it waits; once it has, it waits no more. */
static void
test_waits(void **state)
{
	struct drill drill = { .stall[STAGE_EHLO] = 5 };
	struct session_config c = { .helo = "box.test", .drill = &drill };
	struct session *s = session_new(&c, NULL, 1);
	struct buf out = { 0 };
	unsigned phase;

	(void)state;
	assert_int_equal(session_pause(s), 0);
	session_input(s, SLICE("220 hi\r\n"));
	assert_int_equal(session_pause(s), 5);
	assert_int_equal(said(s, &out).n, 0);
	phase = session_phase(s);
	session_go_on(s);
	assert_int_not_equal(session_phase(s), phase);
	assert_int_equal(session_pause(s), 0);
	said(s, &out);
	assert_string_equal(buf_str(&out), "EHLO box.test\r\n");
	session_free(s);

	s = session_new(&c, NULL, 1); /* left while it waits */
	session_input(s, SLICE("220 hi\r\n"));
	session_input(s, SLICE("421 4.3.2 closing\r\n"));
	assert_int_equal(session_need(s), SESSION_CLOSE);
	assert_int_equal(session_pause(s), 0);
	session_free(s);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_stops_at_once),
		cmocka_unit_test(test_does_not_stop_before_the_mail),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
