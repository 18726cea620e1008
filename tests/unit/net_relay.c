/* SPDX-License-Identifier: ISC */
/* net_relay.c - the relay module against a scripted server in the same loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "net/clock.h"
#include "net/sockaddr.h"
#include "relay/relay.h"

#define SECRET "canary-0pen"

/* What the client must say, and what it then hears; NULL = hang up. */
struct turn {
	const char *hear, *say;
};

struct server {
	int listener, fd;
	uint16_t port;
	const struct turn *next;
	struct buf in;
	bool surprised;
};

static void
server_start(struct server *v, const struct turn *script)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct sockaddr_storage got;
	socklen_t n = sizeof got;
	struct endpoint e;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*v = (struct server){ .fd = -1, .next = script };
	v->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
	    bind(v->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(v->listener, 5), 0);
	getsockname(v->listener, (struct sockaddr *)&got, &n);
	assert_true(sockaddr_get(&got, &e));
	v->port = e.port;
}

static void
server_hang_up(struct server *v)
{
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

static void
server_stop(struct server *v)
{
	server_hang_up(v);
	close(v->listener);
	buf_free(&v->in);
}

static void
server_say(struct server *v)
{
	const char *text = v->next++->say;

	if (!text)
		server_hang_up(v);
	else
		assert_int_equal(send(v->fd, text, strlen(text), MSG_NOSIGNAL),
		    strlen(text));
}

static void
server_hear(struct server *v, struct slice line)
{
	if (!v->next->hear || !slice_eq(slice_of(v->next->hear), line)) {
		print_error("unexpected: %.*s\n", (int)line.n, line.p);
		v->surprised = true;
		server_hang_up(v);
		return;
	}
	server_say(v);
}

static void
server_step(struct server *v)
{
	char block[32768];
	ssize_t n;
	size_t end;

	if (v->fd < 0) {
		v->fd = accept4(v->listener, NULL, NULL, SOCK_NONBLOCK);
		if (v->fd >= 0)
			server_say(v);
		return;
	}
	n = recv(v->fd, block, sizeof block, 0);
	if (n > 0)
		buf_put(&v->in, (struct slice){ block, (size_t)n });
	while (v->fd >= 0 &&
	    (end = slice_find(buf_slice(&v->in), '\n')) < v->in.n) {
		server_hear(v,
		    slice_trim(slice_first(buf_slice(&v->in), end)));
		buf_consume(&v->in, end + 1);
	}
}

/* One call, its server and what was reported. */
struct run {
	struct server server;
	struct events events;
	struct relay *relay;
	struct outcome why;
	struct buf talk;
	enum relay_state state;
};

static struct relay_call
call_to(const struct run *t)
{
	return (struct relay_call){
		.host = "127.0.0.1",
		.port = t->server.port,
		.in_clear = true,
		.helo = "me.example",
		.auth = RELAY_PASSWORD,
		.user = "joe",
		.secret = SECRET,
		.timeout = SECONDS(5),
	};
}

static void
note_lines(struct run *t)
{
	struct event e;

	while (events_take(&t->events, &e)) {
		struct slice line = event_get(&e, "line");

		if (e.kind == EVENT_SENT)
			buf_puts(&t->talk, "C: ");
		else if (e.kind == EVENT_RECEIVED)
			buf_puts(&t->talk, "S: ");
		else
			buf_putf(&t->talk, "(%s)", event_name(e.kind));
		assert_false(e.secure);
		buf_put(&t->talk, line);
		buf_putc(&t->talk, '\n');
	}
}

/* Begin, and go on until it is ready or failed. */
static void
run_call(struct run *t, const struct relay_call *call)
{
	struct wait w = { 0 };
	int64_t begun = clock_now();

	t->events.wanted = true;
	t->relay = relay_module.open(call, &t->events, 1, &t->why);
	assert_non_null(t->relay);
	do {
		wait_clear(&w);
		relay_module.wait(t->relay, &w);
		wait_add(&w, t->server.fd < 0 ? t->server.listener
					      : t->server.fd, POLLIN);
		wait_poll(&w, clock_now());
		t->state = relay_module.step(t->relay, &w, clock_now(),
		    &t->why);
		server_step(&t->server);
		note_lines(t);
	} while (t->state == RELAY_BUSY);
	wait_free(&w);
	assert_true(clock_now() - begun < call->timeout + SECONDS(1));
	assert_false(t->server.surprised);
}

static void
run_end(struct run *t)
{
	if (t->relay)
		relay_module.close(t->relay);
	server_stop(&t->server);
	events_free(&t->events);
	buf_free(&t->talk);
}

#define HELLO { NULL, "220 relay.example ESMTP\r\n" }
#define EHLO(auth) \
	{ "EHLO me.example", \
	    "250-relay.example\r\n250-SIZE 1000\r\n250 " auth "\r\n" }
/* "\0joe\0canary-0pen", and the same by parts. */
#define PLAIN64	 "AGpvZQBjYW5hcnktMHBlbg=="
#define USER64	 "am9l"
#define SECRET64 "Y2FuYXJ5LTBwZW4="

static const struct turn plain_script[] = {
	HELLO,
	EHLO("AUTH PLAIN LOGIN NTLM DIGEST-MD5 GSSAPI"),
	{ "AUTH PLAIN " PLAIN64, "235 2.7.0 welcome\r\n" },
	{ "NOOP", "250 first\r\n" },
	{ "NOOP", NULL },
};

static void
test_logs_in(void **state)
{
	struct run t = { 0 };
	struct relay_call call;
	struct endpoint peer;

	(void)state;
	server_start(&t.server, plain_script);
	call = call_to(&t);
	run_call(&t, &call);
	assert_int_equal(t.state, RELAY_READY);
	assert_string_equal(buf_str(&t.talk),
	    "(connect)\n(connected)\n"
	    "S: 220 relay.example ESMTP\n"
	    "C: EHLO me.example\n"
	    "S: 250-relay.example\nS: 250-SIZE 1000\n"
	    "S: 250 AUTH PLAIN LOGIN NTLM DIGEST-MD5 GSSAPI\n"
	    "C: AUTH PLAIN ***\nS: 235 2.7.0 welcome\n");
	assert_true(slice_eq(relay_module.ehlo(t.relay),
	    SLICE("relay.example\nSIZE 1000\n"
		  "AUTH PLAIN LOGIN NTLM DIGEST-MD5 GSSAPI")));
	assert_string_equal(relay_module.tls(t.relay), "");
	relay_module.peer(t.relay, &peer);
	assert_int_equal(peer.port, t.server.port);
	assert_true(ip_is_loopback(&peer.ip));
	run_end(&t);
}

/* Read until there is an answer or the end. */
static enum io
hear(struct run *t, struct stream *s, char *to, size_t max, size_t *n)
{
	enum io io;

	for (int i = 0; i < 1000; i++) {
		io = stream_read(s, to, max, n);
		if (io != IO_AGAIN)
			return io;
		assert_int_equal(s->events, POLLIN);
		poll(NULL, 0, 1);
		server_step(&t->server);
	}
	return IO_AGAIN;
}

static void
test_hands_over(void **state)
{
	struct run t = { 0 };
	struct relay_call call;
	struct stream s;
	char got[64];
	size_t n;

	(void)state;
	server_start(&t.server, plain_script);
	call = call_to(&t);
	run_call(&t, &call);
	relay_module.take(t.relay, &s);
	t.relay = NULL;
	assert_true(s.fd >= 0);
	assert_int_equal(stream_read(&s, got, sizeof got, &n), IO_AGAIN);
	assert_int_equal(stream_write(&s, SLICE("NOOP\r\n"), &n), IO_OK);
	assert_int_equal(n, 6);
	assert_int_equal(stream_flush(&s), IO_OK);
	assert_int_equal(hear(&t, &s, got, 4, &n), IO_OK);
	assert_int_equal(n, 4);
	assert_true(s.readable);
	assert_int_equal(hear(&t, &s, got + 4, sizeof got - 4, &n), IO_OK);
	assert_memory_equal(got, "250 first\r\n", 11);
	assert_false(s.readable);
	assert_int_equal(stream_write(&s, SLICE("NOOP\r\n"), &n), IO_OK);
	assert_int_equal(hear(&t, &s, got, sizeof got, &n), IO_END);
	for (int i = 0; i < 100; i++) /* no SIGPIPE, whatever is written */
		if (stream_write(&s, SLICE("NOOP\r\n"), &n) == IO_ERROR)
			break;
	assert_true(strlen(stream_error(&s)) > 0);
	stream_close(&s);
	assert_int_equal(s.fd, -1);
	assert_false(t.server.surprised);
	run_end(&t);
}

#define LINES4	"220-x\r\n220-x\r\n220-x\r\n220-x\r\n"
#define LINES16 LINES4 LINES4 LINES4 LINES4
#define X16	"xxxxxxxxxxxxxxxx"
#define X64	X16 X16 X16 X16
#define X256	X64 X64 X64 X64

/* Ways to fail, and the whole of what was shown after EHLO. */
static const struct {
	const char *name;
	struct turn script[8];
	const char *mechanism;
	enum stage stage;
	unsigned short code;
	bool timed_out;
	const char *text;	/* part of the reason */
	const char *shown;	/* part of what was reported */
} failures[] = {
	{ "refused password",
	    { HELLO, EHLO("AUTH PLAIN"),
		{ "AUTH PLAIN " PLAIN64, "535 5.7.8 no\r\n" } },
	    NULL, STAGE_AUTH, 535, false,
	    "the relay refused the password of user joe|535 5.7.8|no",
	    "C: AUTH PLAIN ***\nS: 535 5.7.8 no\n" },
	{ "a server that repeats what it was told",
	    { HELLO, EHLO("AUTH PLAIN"),
		{ "AUTH PLAIN " PLAIN64,
		    "535 " PLAIN64 " is " SECRET ", no\r\n" } },
	    NULL, STAGE_AUTH, 535, false, "user joe|535 |*** is ***, no",
	    "S: 535 *** is ***, no\n" },
	{ "LOGIN, by parts",
	    { HELLO, EHLO("AUTH PLAIN LOGIN"),
		{ "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n" },
		{ USER64, "334 UGFzc3dvcmQ6\r\n" },
		{ SECRET64, "454 4.7.0 later\r\n" } },
	    "login", STAGE_AUTH, 454, false,
	    "the relay cannot check the password of user joe|454 4.7.0|later",
	    "C: AUTH LOGIN\nS: 334 ***\nC: ***\nS: 334 ***\nC: ***\n"
	    "S: 454 4.7.0 later\n" },
	{ "no AUTH", { HELLO, EHLO("PIPELINING") },
	    NULL, STAGE_AUTH, 0, false, "the relay offers no AUTH", "S: 250" },
	{ "only what is refused here",
	    { HELLO, EHLO("AUTH NTLM DIGEST-MD5 GSSAPI EXTERNAL") },
	    NULL, STAGE_AUTH, 0, false, "only NTLM DIGEST-MD5 GSSAPI EXTERNAL",
	    "S: 250" },
	{ "not the mechanism asked for", { HELLO, EHLO("AUTH LOGIN") },
	    "PLAIN", STAGE_AUTH, 0, false, "only LOGIN", "S: 250" },
	{ "refusal in the greeting", { { NULL, "554 5.3.2 closed\r\n" } },
	    NULL, STAGE_GREETING, 554, false, "|554 5.3.2|closed", "S: 554" },
	{ "good-bye in the greeting", { { NULL, "421 4.3.2 full\r\n" } },
	    NULL, STAGE_GREETING, 421, false, "|421 4.3.2|full", "S: 421" },
	{ "refusal of EHLO and HELO",
	    { HELLO, { "EHLO me.example", "550 5.7.1 listed\r\n" },
		{ "HELO me.example", "550 5.7.1 still\r\n" } },
	    NULL, STAGE_HELO, 550, false, "|550 5.7.1|still", "S: 550" },
	{ "refusal of EHLO, and off",
	    { HELLO, { "EHLO me.example", "550 5.7.1 listed\r\n" },
		{ "HELO me.example", NULL } },
	    NULL, STAGE_EHLO, 550, false, "|550 5.7.1|listed", "C: HELO" },
	{ "no end of lines",
	    { { NULL, LINES16 LINES16 LINES16 LINES16 LINES16 LINES16 LINES16
	      LINES16 LINES16 "220 x\r\n" } },
	    NULL, STAGE_GREETING, 0, false,
	    "broke the protocol: a reply of too many lines: 220-x", "S: 220" },
	{ "no end of a line",
	    { HELLO, { "EHLO me.example", "250-" X256 X256 X256 X256 X256 X256
	      X256 X256 "x\r\n250 x\r\n" } },
	    NULL, STAGE_EHLO, 0, false,
	    "broke the protocol: a reply line is too long: 250-xxx", "S: 250" },
	{ "two codes", { HELLO, { "EHLO me.example", "250-x\r\n550 y\r\n" } },
	    NULL, STAGE_EHLO, 0, false,
	    "a reply of several lines changes its code: 550 y", "S: 550 y" },
	{ "garbage in the greeting", { { NULL, "HTTP/1.1 400 no\r\n" } },
	    NULL, STAGE_GREETING, 0, false,
	    "not an SMTP reply: HTTP/1.1 400 no", "S: HTTP" },
	{ "a blank before the greeting", { { NULL, " 220 hi\r\n" } },
	    NULL, STAGE_GREETING, 0, false, "not an SMTP reply:  220 hi",
	    "S:  220" },
	{ "garbage after AUTH",
	    { HELLO, EHLO("AUTH PLAIN"),
		{ "AUTH PLAIN " PLAIN64, "999 what\r\n" } },
	    NULL, STAGE_AUTH, 0, false, "not an SMTP reply: 999 what",
	    "C: AUTH PLAIN ***\n" },
	{ "an endless challenge",
	    { HELLO, EHLO("AUTH PLAIN"),
		{ "AUTH PLAIN " PLAIN64, "334 bW9yZQ==\r\n" } },
	    NULL, STAGE_AUTH, 0, false, "it did not end the AUTH dialogue",
	    "C: AUTH PLAIN ***\nS: 334 ***\n" },
	{ "yes, but not to AUTH",
	    { HELLO, EHLO("AUTH PLAIN"),
		{ "AUTH PLAIN " PLAIN64, "250 ok\r\n" } },
	    NULL, STAGE_AUTH, 0, false, "it did not end the AUTH dialogue",
	    "S: 250 ok\n" },
	{ "lost after EHLO", { HELLO, { "EHLO me.example", NULL } },
	    NULL, STAGE_EHLO, 0, false, "EHLO", "C: EHLO" },
	{ "silence", { { NULL, "" } },
	    NULL, STAGE_GREETING, 0, true, "no answer (greeting)", "" },
	{ "silence after AUTH",
	    { HELLO, EHLO("AUTH PLAIN"), { "AUTH PLAIN " PLAIN64, "" } },
	    NULL, STAGE_AUTH, 0, true, "no answer (AUTH)", "" },
};

/* "OURS|535 5.7.8|THEIRS", or only ours. */
static void
check_words(const struct outcome *o, const char *want)
{
	struct buf said = { 0 };

	buf_puts(&said, o->ours);
	if (o->code != 0) {
		buf_putf(&said, "|%u ", o->code);
		esc_put(&said, o->esc);
		buf_putc(&said, '|');
	}
	buf_puts(&said, o->text);
	if (!strstr(buf_str(&said), want))
		fail_msg("%s", buf_str(&said));
	buf_free(&said);
}

static void
test_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		struct run t = { 0 };
		struct relay_call call;

		print_message("  %s\n", failures[i].name);
		server_start(&t.server, failures[i].script);
		call = call_to(&t);
		call.mechanism = failures[i].mechanism;
		call.timeout = MILLISECONDS(
		    failures[i].timed_out ? 300 : 5000); /* 200: curl's */
		run_call(&t, &call);
		print_message("    %s\n", t.why.text);
		assert_int_equal(t.state, RELAY_FAILED);
		assert_int_equal(t.why.verdict, DEFERRED);
		assert_int_equal(t.why.stage, failures[i].stage);
		assert_int_equal(t.why.code, failures[i].code);
		assert_true(t.why.code != 0 || t.why.esc.cls == 4);
		assert_int_equal(t.why.timed_out, failures[i].timed_out);
		check_words(&t.why, failures[i].text);
		assert_non_null(strstr(buf_str(&t.talk), failures[i].shown));
		assert_null(strstr(buf_str(&t.talk), SECRET));
		assert_null(strstr(buf_str(&t.talk), PLAIN64));
		assert_null(strstr(buf_str(&t.talk), SECRET64));
		run_end(&t);
	}
}

static void
test_refused_connection(void **state)
{
	struct run t = { 0 };
	struct relay_call call;

	(void)state;
	server_start(&t.server, plain_script);
	call = call_to(&t);
	close(t.server.listener);
	t.server.listener = -1;
	run_call(&t, &call);
	assert_int_equal(t.state, RELAY_FAILED);
	assert_int_equal(t.why.stage, STAGE_CONNECT);
	assert_non_null(strstr(t.why.text, "Connection refused"));
	run_end(&t);
}

/* The relay must have TLS: without STARTTLS nothing of ours gets out. */
static void
test_no_starttls(void **state)
{
	static const struct turn script[] = { HELLO, EHLO("AUTH PLAIN") };
	struct run t = { 0 };
	struct relay_call call;

	(void)state;
	server_start(&t.server, script);
	call = call_to(&t);
	call.in_clear = false;
	run_call(&t, &call);
	assert_int_equal(t.state, RELAY_FAILED);
	assert_int_equal(t.why.stage, STAGE_STARTTLS);
	assert_int_equal(t.why.esc.detail, 4);
	assert_null(strstr(buf_str(&t.talk), "AUTH PLAIN ***"));
	run_end(&t);
}

#define LOGIN                                            \
	{ "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n" },        \
	    { USER64, "334 UGFzc3dvcmQ6\r\n" },          \
	{                                                \
		SECRET64, "235 ok\r\n"                   \
	}

/* Each mechanism, as it must look to the server. */
static const struct {
	const char *mechanism, *user;
	struct turn script[6];
} mechanisms[] = {
	{ "PLAIN", "joe",
	    { HELLO, EHLO("AUTH LOGIN CRAM-MD5 PLAIN"),
		{ "AUTH PLAIN " PLAIN64, "235 ok\r\n" } } },
	{ "LOGIN", "joe", /* no first response */
	    { HELLO, EHLO("AUTH LOGIN CRAM-MD5 PLAIN"), LOGIN } },
	{ NULL, "joe", /* the last resort */
	    { HELLO, EHLO("AUTH LOGIN NTLM"), LOGIN } },
	{ NULL, "joe", /* no case in keywords (RFC 5321 2.4) */
	    { HELLO, EHLO("auth login plain"),
		{ "AUTH PLAIN " PLAIN64, "235 ok\r\n" } } },
	{ NULL, "joe", /* as very old servers say it */
	    { HELLO, EHLO("AUTH=Login Plain"),
		{ "AUTH PLAIN " PLAIN64, "235 ok\r\n" } } },
	{ NULL, "joe", { HELLO, EHLO("Auth=login"), LOGIN } },
	{ NULL, "joe", /* both, and they differ */
	    { HELLO, { "EHLO me.example", "250-x\r\n250-AUTH=LOGIN\r\n"
		"250 AUTH LOGIN PLAIN\r\n" },
		{ "AUTH PLAIN " PLAIN64, "235 ok\r\n" } } },
	{ NULL, "joe", /* the first digit decides */
	    { { NULL, "200-hi\r\n200 there\r\n" },
		{ "EHLO me.example", "251-x\r\n251 Auth Plain\r\n" },
		{ "AUTH PLAIN " PLAIN64, "235 ok\r\n" } } },
	{ "CRAM-MD5", "joe", /* of <1@relay.example> */
	    { HELLO, EHLO("AUTH LOGIN CRAM-MD5 PLAIN"),
		{ "AUTH CRAM-MD5", "334 PDFAcmVsYXkuZXhhbXBsZT4=\r\n" },
		{ "am9lIDI4OTA1OGRlM2NiNDBj"
		  "YTRmOTU1ZThjZWNmYzMwNTYz",
		    "235 ok\r\n" } } },
	{ "EXTERNAL", "joe",
	    { HELLO, EHLO("AUTH PLAIN EXTERNAL"),
		{ "AUTH EXTERNAL " USER64, "235 ok\r\n" } } },
	{ "EXTERNAL", NULL,
	    { HELLO, EHLO("AUTH PLAIN EXTERNAL"),
		{ "AUTH EXTERNAL =", "235 ok\r\n" } } },
};

static void
test_mechanisms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
		struct run t = { 0 };
		struct relay_call call;

		print_message("  %zu %s\n", i, mechanisms[i].script[2].hear);
		server_start(&t.server, mechanisms[i].script);
		call = call_to(&t);
		call.mechanism = mechanisms[i].mechanism;
		call.user = mechanisms[i].user;
		if (call.mechanism &&
		    strcmp(call.mechanism, "EXTERNAL") == 0) {
			call.auth = RELAY_NO_AUTH;
			call.cert = "/dev/null"; /* unread without TLS */
		}
		run_call(&t, &call);
		assert_int_equal(t.state, RELAY_READY);
		run_end(&t);
	}
}

/* A token that does not fit a command line goes on a line of its own. */
static void
test_long_token(void **state)
{
	static char token[12289], line[20000];
	struct turn script[] = { HELLO, EHLO("AUTH XOAUTH2"),
		{ "AUTH XOAUTH2", "334 \r\n" }, { line, "235 2.7.0 ok\r\n" } };
	struct buf raw = { 0 }, coded = { 0 };
	struct run t = { 0 };
	struct relay_call call;

	(void)state;
	memset(token, 'x', sizeof token - 1);
	buf_putf(&raw, "user=joe\001auth=Bearer %s\001\001", token);
	base64_put(&coded, buf_slice(&raw));
	memcpy(line, buf_str(&coded), coded.n + 1);
	server_start(&t.server, script);
	call = call_to(&t);
	call.auth = RELAY_TOKEN;
	call.secret = token;
	run_call(&t, &call);
	assert_int_equal(t.state, RELAY_READY);
	assert_non_null(strstr(buf_str(&t.talk),
	    "C: AUTH XOAUTH2\nS: 334 ***\nC: ***\nS: 235"));
	buf_free(&raw);
	buf_free(&coded);
	run_end(&t);
}

/* {"status":"401"} */
static void
test_refused_token(void **state)
{
	const struct turn script[] = { HELLO, EHLO("AUTH XOAUTH2"),
		{ "AUTH XOAUTH2 "
		  "dXNlcj1qb2UBYXV0aD1CZWFyZXIgY2FuYXJ5LTBwZW4BAQ==",
		    "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n" } };
	struct run t = { 0 };
	struct relay_call call;

	(void)state;
	server_start(&t.server, script);
	call = call_to(&t);
	call.auth = RELAY_TOKEN;
	run_call(&t, &call);
	assert_int_equal(t.state, RELAY_FAILED);
	assert_string_equal(t.why.text,
	    "the relay refused the token of user joe: {\"status\":\"401\"}");
	assert_null(strstr(buf_str(&t.talk), "dXNlcj1q"));
	run_end(&t);
}

static const struct relay_call refused[] = {
	{ .host = "127.0.0.1", .helo = "me\r\nMAIL FROM:<a@b>" },
	{ .host = "127.0.0.1", .auth = RELAY_PASSWORD, .user = "j\no",
	    .secret = "s" },
	{ .host = "127.0.0.1", .auth = RELAY_PASSWORD, .user = "joe",
	    .secret = "s\r" },
	{ .host = "127.0.0.1", .auth = RELAY_PASSWORD, .user = "joe",
	    .secret = "s", .mechanism = "NTLM" },
	{ .host = "127.0.0.1", .auth = RELAY_PASSWORD, .user = "joe",
	    .secret = "s", .mechanism = "DIGEST-MD5" },
	{ .host = "127.0.0.1", .auth = RELAY_PASSWORD, .user = "joe",
	    .secret = "s", .mechanism = "XOAUTH2" },
	{ .host = "127.0.0.1", .mechanism = "EXTERNAL" },
	{ .host = "127.0.0.1", .proxy = "ftp://127.0.0.1:1" },
	{ .host = "127.0.0.1", .ca = "/nonexistent/ca" },
	{ .host = "192.0.2.1", .in_clear = true },
	{ .host = "a/b" },
	{ .host = "a b" },
	{ .host = "" },
};

static void
test_what_cannot_be_tried(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct relay_call call = refused[i];
		struct outcome why = { 0 };

		call.port = 9;
		assert_null(relay_module.open(&call, NULL, 1, &why));
		print_message("  %s\n", why.text);
		assert_int_equal(why.verdict, FAILED);
		assert_int_equal(why.stage, STAGE_CONFIG);
		assert_false(ascii_has_control(slice_of(why.text)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logs_in),
		cmocka_unit_test(test_hands_over),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_refused_connection),
		cmocka_unit_test(test_no_starttls),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_long_token),
		cmocka_unit_test(test_refused_token),
		cmocka_unit_test(test_what_cannot_be_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
