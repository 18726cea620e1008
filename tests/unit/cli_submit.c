/* SPDX-License-Identifier: ISC */
/*
 * cli_submit.c - the owner of the submission socket: what is taken, how it is
 * stored, what is refused and in which words, and nobody's more than his.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/remove_all.h"
#include "../support/spool.h"
#include "base/mem.h"
#include "net/clock.h"
#include "net/content.h"
#include "net/local.h"
#include "queue/submit.h"

#define SOMEBODY 12345 /* a uid that is not root's */

struct desk {
	char dir[64], spool[96], path[80];
	struct queue_settings queue;
	struct submit_config config;
	struct submit *submit;
	struct store *store;	/* to look what is there */
	struct wait wait;
	int fd;			/* the client's */
	struct submit_usage usage;
	char last[STORE_ID + 1];
	bool last_try;
	unsigned queued;
	struct buf heard;
};

static void
queued(void *self, const char *id, bool try_now)
{
	struct desk *d = self;

	snprintf(d->last, sizeof d->last, "%s", id);
	d->last_try = try_now;
	d->queued++;
}

static void
usage(void *self, unsigned uid, struct submit_usage *out)
{
	struct desk *d = self;

	assert_int_not_equal(uid, 0);
	*out = d->usage;
}

static int
set_up(void **state)
{
	struct desk *d = mem_alloc(sizeof *d);

	snprintf(d->dir, sizeof d->dir, "/tmp/cli_submit.XXXXXX");
	if (!mkdtemp(d->dir) || chmod(d->dir, 0755) != 0)
		return -1;
	snprintf(d->spool, sizeof d->spool, "%s/spoolXXXXXX", d->dir);
	snprintf(d->path, sizeof d->path, "%s/submit", d->dir);
	d->store = spool_new(d->spool);
	queue_settings_init(&d->queue);
	d->config = (struct submit_config){
		.store = { .path = d->spool, .reserve = 1 },
		.queue = &d->queue,
		.address = { .default_domain = SLICE("here.example") },
		.host = "box.example",
		.self = d, .queued = queued, .usage = usage };
	d->fd = -1;
	*state = d;
	return 0;
}

static int
tear_down(void **state)
{
	struct desk *d = *state;

	if (d->fd >= 0)
		close(d->fd);
	submit_free(d->submit);
	store_close(d->store);
	wait_free(&d->wait);
	buf_free(&d->heard);
	remove_all(d->dir);
	free(d);
	return 0;
}

static const struct wall_time wall = { 1795339200, 60 };

/* Turn the loop until nothing is left to do at once. */
static void
turn(struct desk *d)
{
	int64_t now = clock_now();
	int n;

	do {
		wait_clear(&d->wait);
		submit_wait(d->submit, &d->wait, now);
		n = poll(d->wait.fd, d->wait.n, 0);
		n += d->wait.deadline == 0;
		now = clock_now();
		submit_step(d->submit, &d->wait, now, wall);
	} while (n > 0);
}

static void
hear(struct desk *d)
{
	char got[65536];
	ssize_t n;

	while ((n = recv(d->fd, got, sizeof got, MSG_DONTWAIT)) > 0)
		buf_put(&d->heard, (struct slice){ got, (size_t)n });
}

/* Connect as this uid; what the greeting was. */
static void
enter(struct desk *d, unsigned uid)
{
	struct outcome why;

	if (!d->submit) {
		int fd = local_listen(d->path, 0666, &why);

		d->submit = submit_new(&d->config, fd, NULL, &why);
		assert_non_null(d->submit);
	}
	if (d->fd >= 0)
		close(d->fd);
	if (uid != 0)
		assert_int_equal(seteuid(uid), 0);
	d->fd = local_connect(d->path);
	assert_int_equal(seteuid(0), 0);
	assert_true(d->fd >= 0);
	turn(d);
	hear(d);
	buf_clear(&d->heard);
}

static void
say(struct desk *d, struct slice text)
{
	turn(d);
	hear(d);
	while (text.n > 0) {
		ssize_t n = send(d->fd, text.p, text.n,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			text = slice_from(text, (size_t)n);
		turn(d);
		hear(d);
	}
}

/* Say it; the last line of what was answered, which begins so. */
static void
expect(struct desk *d, const char *text, const char *want)
{
	struct slice s, line, last = { 0 };

	buf_clear(&d->heard);
	say(d, slice_of(text));
	for (s = buf_slice(&d->heard); slice_cut(&s, '\n', &line);)
		if (line.n > 0)
			last = line;
	if (!slice_starts(last, slice_of(want)))
		fail_msg("%s\nanswered by %.*s\ninstead of %s", text,
		    (int)last.n, last.p, want);
}

/* The message that was queued last. */
static struct entry *
look(struct desk *d, struct buf *text)
{
	struct entry *e = NULL;
	struct outcome why;
	char block[CONTENT_BLOCK];
	struct slice s = { 0 };
	uint64_t at = 0;

	assert_int_equal(store_look(d->store, d->last, &e, &why), STORE_TAKEN);
	do {
		assert_true(content_read(&e->text, at, block, &s, &why));
		buf_put(text, s);
		at += s.n;
	} while (s.n > 0);
	return e;
}

#define EHLO "EHLO x\r\n"
#define OPEN "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
#define GO   "354 "
#define TEXT "Subject: x\r\n\r\nhello\r\n.\r\n"
#define OK   "250 2.0.0 Ok: queued as "

static void
test_is_stored(void **state)
{
	struct desk *d = *state;
	struct buf text = { 0 }, want = { 0 };
	struct entry *e;

	enter(d, 0);
	expect(d, EHLO "MAIL FROM:<a@x.example> RET=HDRS ENVID=e+2B1 "
	    "HOLDFOR=60 BY=90;R MT-PRIORITY=-1 REQUIRETLS KEY=k TAG=cron "
	    "HOPS=2 HOLD=look+20at+2Bit FORM=FINISHED\r\n"
	    "RCPT TO:<b@y.example> NOTIFY=DELAY ORCPT=rfc822;B+2B@y\r\n"
	    "RCPT TO:<root>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n", GO);
	expect(d, "Received: from a\r\n by b\r\nSubject: x\r\n\r\n"
	    "..hello\r\n.\r\n", OK);
	assert_int_equal(d->queued, 1);
	assert_false(d->last_try);
	e = look(d, &text);
	buf_putf(&want, "Received: by box.example (from userid 0) with ESMTP "
	    "id\r\n %s; Sun, 22 Nov 2026 10:20:00 +0100\r\n", d->last);
	assert_int_equal(e->mail.head, want.n + 39);
	buf_puts(&want, "Received: from a\r\n by b\r\nSubject: x\r\n\r\n"
	    ".hello\r\n");
	assert_string_equal(buf_str(&text), buf_str(&want));
	assert_int_equal(e->mail.size, want.n);
	assert_int_equal(e->mail.uid, 0);
	assert_string_equal(e->mail.host, "box.example");
	assert_int_equal(e->mail.created, wall.seconds);
	assert_int_equal(e->mail.not_before, wall.seconds + 60);
	assert_int_equal(e->mail.expires, 90);
	assert_int_equal(e->mail.class, 2);
	assert_true(e->mail.hold && e->mail.require_tls);
	assert_false(e->mail.queue_only || e->mail.is_bounce);
	assert_int_equal(e->mail.hops, 3);
	assert_string_equal(e->mail.tag, "cron");
	assert_string_equal(e->mail.key, "k");
	assert_string_equal(e->mail.envelope.from.path, "a@x.example");
	assert_string_equal(e->mail.envelope.envid, "e+1");
	assert_int_equal(e->mail.envelope.ret, RET_HDRS);
	assert_int_equal(e->mail.envelope.n, 2);
	assert_string_equal(e->mail.envelope.rcpts[1].to.path,
	    "root@here.example");
	assert_string_equal(e->mail.envelope.rcpts[0].orcpt, "rfc822;B+@y");
	assert_int_equal(e->mail.envelope.rcpts[0].notify, NOTIFY_DELAY);
	buf_clear(&text);
	store_told(d->store, d->last, &text);
	assert_non_null(strstr(buf_str(&text),
	    "\"verdict\":\"held\",\"text\":\"look at+it\""));
	store_release(d->store, e);
	buf_free(&text);
	buf_free(&want);
}

/* What a foreign client leaves out is supplied, and its Bcc goes. */
static void
test_is_completed(void **state)
{
	struct desk *d = *state;
	struct buf text = { 0 };
	struct entry *e;

	d->queue.received = false;
	enter(d, SOMEBODY);
	expect(d, EHLO OPEN, GO);
	expect(d, "Bcc: c@z\r\nSubject: x\r\n\r\n\xc3\xbc\r\n.\r\n", OK);
	assert_true(d->last_try);
	e = look(d, &text);
	assert_int_equal(e->mail.uid, SOMEBODY);
	assert_true(e->mail.eight_bit);
	assert_non_null(strstr(buf_str(&text), "Subject: x\r\n"));
	assert_non_null(strstr(buf_str(&text), "Message-ID: <"));
	assert_non_null(strstr(buf_str(&text),
	    "Date: Sun, 22 Nov 2026 10:20:00 +0100\r\n"));
	assert_non_null(strstr(buf_str(&text), "From: a@x.example\r\n"));
	assert_null(strstr(buf_str(&text), "Bcc"));
	assert_null(strstr(buf_str(&text), "Received"));
	store_release(d->store, e);
	buf_free(&text);
}

/* A text in any pieces, with and without a header, is the same text. */
static void
test_pieces(void **state)
{
	static const char *const texts[] = { TEXT, "no header\r\n.\r\n",
		".\r\n", "\r\n.\r\n", "a: b\r\n.\r\n", "a: b\r\n\r\n.\r\n" };
	struct desk *d = *state;

	d->queue.received = false;
	enter(d, 0);
	expect(d, EHLO, "250 ");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buf whole = { 0 }, split = { 0 };
		struct slice s = slice_of(texts[i]);
		struct entry *e;

		expect(d, "MAIL FROM:<a@x> FORM=FINISHED\r\nRCPT TO:<b@y>\r\n"
		    "DATA\r\n", GO);
		expect(d, texts[i], OK);
		e = look(d, &whole);
		assert_int_equal(e->mail.size, whole.n);
		store_release(d->store, e);
		expect(d, "MAIL FROM:<a@x> FORM=FINISHED\r\nRCPT TO:<b@y>\r\n"
		    "DATA\r\n", GO);
		for (; s.n > 0; s = slice_from(s, 1))
			say(d, slice_first(s, 1));
		store_release(d->store, look(d, &split));
		assert_string_equal(buf_str(&whole), buf_str(&split));
		buf_free(&whole);
		buf_free(&split);
	}
}

/* A header that has no end is not looked at again for each octet. */
static void
test_long_header(void **state)
{
	struct desk *d = *state;
	struct buf text = { 0 };

	enter(d, 0);
	expect(d, EHLO OPEN, GO);
	while (text.n < 900000)
		buf_puts(&text, "X-Y: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n");
	say(d, buf_slice(&text));
	expect(d, "\r\nbody\r\n.\r\n", OK);
	expect(d, OPEN, GO);
	say(d, buf_slice(&text));
	say(d, buf_slice(&text));
	expect(d, "\r\nbody\r\n.\r\n", "55");
	assert_int_equal(d->queued, 1);
	buf_free(&text);
}

static const struct refusal {
	const char *say, *want;
} refusals[] = {
	{ "MAIL FROM:<a@x> BY=9;N\r\n", "554 5.5.4 BY=...;N" },
	{ "MAIL FROM:<a@x> HOPS=51\r\n", "554 5.4.6 it has been through 51" },
	{ "MAIL FROM:<a@[1.2.3]>\r\n", "553 5.1." },
	{ "MAIL FROM:<a@x> SIZE=2000000\r\n", "552 5.3.4" },
	{ "MAIL FROM:<a@x> UID=0\r\n", "555 5.5.4" },
	{ "MAIL FROM:<a@x>\r\nRCPT TO:<-x@y>\r\n", "553 5.1.3" },
	{ "MAIL FROM:<a@x>\r\nRCPT TO:<b@no.example>\r\n",
	    "550 5.7.1 this machine sends no mail to b@no.example" },
	{ OPEN "\r\n\x01\r\r\n.\r\n", "550 5.5.2 Bare" },
	{ OPEN "\r\na\nb\r\n.\r\n", "550 5.5.2 Bare" },
};

static void
test_refusals(void **state)
{
	struct desk *d = *state;

	d->queue.allow_recipients = "*@y *@y.example";
	d->queue.max_size = 1000000;
	enter(d, 0);
	expect(d, EHLO, "250 ");
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		expect(d, refusals[i].say, refusals[i].want);
		expect(d, "RSET\r\n", "250 2.0.0");
	}
	expect(d, OPEN, GO);
	say(d, (struct slice){ "\r\n\0\r\n.\r\n", 8 });
	expect(d, "RSET\r\n", "250 2.0.0");
	expect(d, OPEN, GO);
	for (int i = 0; i < 100; i++)
		say(d, SLICE("0123456789"));
	expect(d, "\r\n.\r\n", "554 5.6.0 SMTP cannot carry");
	expect(d, OPEN, GO);
	for (int i = 0; i < 49; i++)
		say(d, SLICE("Received: by x\r\n"));
	expect(d, TEXT, OK);
	expect(d, OPEN, GO);
	for (int i = 0; i < 51; i++)
		say(d, SLICE("Received: by x\r\n"));
	expect(d, TEXT, "554 5.4.6 it has been through 51 hosts");
	assert_int_equal(d->queued, 1);
}

static void
test_limits(void **state)
{
	struct desk *d = *state;

	d->queue.uid_messages = 3;
	d->queue.uid_size = 1000;
	enter(d, SOMEBODY);
	expect(d, EHLO OPEN, GO);
	expect(d, TEXT, OK);
	d->usage = (struct submit_usage){ 3, 300 };
	expect(d, "MAIL FROM:<a@x>\r\n", "452 4.3.1 3 messages of yours");
	d->usage = (struct submit_usage){ 2, 300 };
	expect(d, "MAIL FROM:<a@x> SIZE=701\r\n", "452 4.3.1 with this");
	expect(d, "MAIL FROM:<a@x> SIZE=700\r\n", "250 ");
	expect(d, "RCPT TO:<b@y>\r\nDATA\r\n", GO);
	for (int i = 0; i < 8; i++)
		say(d, SLICE("X: 67890123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789012345678\r\n"));
	expect(d, TEXT, "452 4.3.1 with this");
	expect(d, OPEN, GO);
	expect(d, TEXT, OK);	/* what was refused counts no more */
	enter(d, 0);
	d->usage = (struct submit_usage){ 2000, UINT64_MAX };
	expect(d, EHLO OPEN, GO);
	expect(d, TEXT, OK);
	assert_int_equal(d->queued, 3);
}

static void
test_connections(void **state)
{
	struct desk *d = *state;
	int fd[3];

	d->queue.uid_connections = 2;
	for (int i = 0; i < 3; i++) {
		enter(d, SOMEBODY);
		if (i < 2)
			expect(d, "NOOP\r\n", "250 ");
		else
			expect(d, "", "");
		fd[i] = d->fd;
		d->fd = -1;
	}
	assert_int_equal(submit_peers(d->submit), 2);
	close(fd[0]);
	turn(d);
	enter(d, SOMEBODY);
	expect(d, "NOOP\r\n", "250 ");
	for (int i = 0; i < 3; i++) { /* root's are not counted */
		close(d->fd);
		d->fd = -1;
		enter(d, 0);
		expect(d, "NOOP\r\n", "250 ");
	}
	close(fd[1]);
	close(fd[2]);
}

/* A pipelining client, and one that goes before it is answered. */
static void
test_many_at_once(void **state)
{
	struct desk *d = *state;
	struct buf all = { 0 };

	buf_puts(&all, EHLO);
	for (int i = 0; i < 50; i++)
		buf_puts(&all, "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"
		    "BDAT 4 LAST\r\nhi\r\n");
	enter(d, SOMEBODY);
	say(d, buf_slice(&all));
	assert_int_equal(d->queued, 50);
	assert_int_equal(submit_taken(d->submit), 50);
	say(d, SLICE("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nhi\r\n"));
	close(d->fd);
	d->fd = -1;
	turn(d);
	assert_int_equal(submit_peers(d->submit), 0);
	assert_int_equal(d->queued, 50);
	buf_free(&all);
}

/* With recorders the answer comes later; a client that goes is not missed. */
static void
test_recorders(void **state)
{
	struct desk *d = *state;
	struct pollfd p;

	d->config.store.recorders = 2;
	enter(d, SOMEBODY);
	say(d, SLICE(EHLO OPEN TEXT));
	for (int i = 0; i < 1000 && d->queued == 0; i++) {
		poll(NULL, 0, 10);
		turn(d);
	}
	assert_int_equal(d->queued, 1);
	expect(d, "NOOP\r\n", "250 ");
	say(d, SLICE(OPEN TEXT));
	close(d->fd);
	d->fd = -1;
	for (int i = 0; i < 1000 && (d->queued < 2 ||
	    submit_peers(d->submit) > 0); i++) {
		p = (struct pollfd){ .fd = -1 };
		poll(&p, 1, 10);
		turn(d);
	}
	assert_int_equal(d->queued, 2);
	assert_int_equal(submit_peers(d->submit), 0);
}

/* The same key is one message, and both hear its id. */
static void
test_key(void **state)
{
	struct desk *d = *state;
	char first[STORE_ID + 1];

	enter(d, SOMEBODY);
	expect(d, EHLO "MAIL FROM:<a@x> KEY=k\r\nRCPT TO:<b@y>\r\nDATA\r\n",
	    GO);
	expect(d, TEXT, OK);
	memcpy(first, d->last, sizeof first);
	expect(d, "MAIL FROM:<a@x> KEY=k\r\nRCPT TO:<b@y>\r\nDATA\r\n", GO);
	expect(d, TEXT, OK);
	assert_int_equal(d->queued, 1);
	assert_non_null(strstr(buf_str(&d->heard), first));
}

static void
test_restricted(void **state)
{
	struct desk *d = *state;

	d->queue.restrict_from = true;
	enter(d, 65534);
	expect(d, EHLO "MAIL FROM:<a@x>\r\n", "550 5.7.1 a@x is not the");
	expect(d, "MAIL FROM:<nobody@box.example>\r\n", "250 ");
	expect(d, "RSET\r\nMAIL FROM:<nobody@here.example>\r\n", "250 ");
	expect(d, "RSET\r\nMAIL FROM:<nobody>\r\n", "250 ");
	expect(d, "RSET\r\nMAIL FROM:<>\r\n", "250 ");
	expect(d, "RSET\r\nMAIL FROM:<nobody@x>\r\n", "550 ");
	enter(d, SOMEBODY);
	expect(d, EHLO "MAIL FROM:<a@x>\r\n", "550 5.7.1");
	enter(d, 0);
	expect(d, EHLO "MAIL FROM:<a@x>\r\n", "250 ");
}

static void
test_closing(void **state)
{
	struct desk *d = *state;

	enter(d, SOMEBODY);
	expect(d, EHLO OPEN, GO);
	expect(d, TEXT, OK);
	submit_close(d->submit, clock_now());
	assert_false(submit_is_idle(d->submit));
	expect(d, "", "421 4.3.2 The queue is shutting down");
	close(d->fd);
	d->fd = -1;
	turn(d);
	assert_true(submit_is_idle(d->submit));
}

/* Another configuration holds for who is connected, too. */
static void
test_configure(void **state)
{
	struct desk *d = *state;
	struct queue_settings other;

	enter(d, SOMEBODY);
	expect(d, EHLO "MAIL FROM:<a@x> SIZE=100\r\n", "250 ");
	queue_settings_init(&other);
	other.allow_recipients = "*@z";
	other.max_size = 99;
	d->config.queue = &other;
	d->config.host = "new.example";
	submit_configure(d->submit, &d->config);
	expect(d, "RCPT TO:<b@y>\r\n", "550 5.7.1");
	expect(d, "RSET\r\nMAIL FROM:<a@x> SIZE=100\r\n", "552 ");
	expect(d, "HELO x\r\n", "250 new.example");
}

/* Neither a spool that is not there nor a socket that is none. */
static void
test_cannot(void **state)
{
	struct desk *d = *state;
	struct outcome why;
	int fd = local_listen(d->path, 0666, &why);

	d->config.store.path = "/nonexistent/spool";
	assert_null(submit_new(&d->config, fd, NULL, &why));
	assert_int_equal(why.stage, STAGE_CONFIG);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_is_stored),
		T(test_is_completed),
		T(test_pieces),
		T(test_long_header),
		T(test_refusals),
		T(test_limits),
		T(test_connections),
		T(test_many_at_once),
		T(test_recorders),
		T(test_key),
		T(test_restricted),
		T(test_closing),
		T(test_configure),
		T(test_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
