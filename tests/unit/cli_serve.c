/* SPDX-License-Identifier: ISC */
/*
 * cli_serve.c - a serve on a socket of AF_UNIX whose owner answers later, lets
 * in whom he likes, and outlives his peers or not.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/remove_all.h"
#include "base/mem.h"
#include "net/clock.h"
#include "net/local.h"
#include "serve/serve.h"

#define OWED_MAX 8

struct desk {
	char dir[64], path[80];
	struct serve_config config;
	struct events events;
	struct serve *serve;
	struct wait wait;
	struct serve_owed *owed[OWED_MAX];
	size_t nowed, begun, discarded, in, out;
	bool closed_door, at_once;
	struct local_peer last;
	struct buf text;	/* of the messages committed */
};

static const char *
admit(void *self, const struct local_peer *who)
{
	struct desk *d = self;

	d->last = *who;
	if (d->closed_door)
		return "421 4.7.0 not you";
	d->in++;
	return NULL;
}

static void
leave(void *self, const struct local_peer *who)
{
	struct desk *d = self;

	assert_int_equal(who->pid, getpid());
	d->out++;
}

static const char *
mail_check(void *self, const struct serve_mail *mail)
{
	(void)self;
	assert_non_null(mail->who);
	assert_int_equal(mail->who->uid, getuid());
	return mail->message->mail.hold ? "550 5.7.1 no" : NULL;
}

static void *
begin(void *self, const struct serve_mail *mail)
{
	struct desk *d = self;

	(void)mail;
	d->begun++;
	return mem_alloc(sizeof(struct buf));
}

static void
write_text(void *self, void *draft, struct slice text)
{
	(void)self;
	buf_put(draft, text);
}

static void
drop(struct buf *draft)
{
	buf_free(draft);
	free(draft);
}

static enum serve_commit
commit(void *self, void *draft, const struct serve_mail *mail,
    struct buf *answer)
{
	struct desk *d = self;

	buf_put(&d->text, buf_slice(draft));
	drop(draft);
	if (d->at_once) {
		buf_puts(answer, "now");
		return SERVE_KEPT;
	}
	assert_in_range(d->nowed, 0, OWED_MAX - 1);
	d->owed[d->nowed++] = serve_owe(mail);
	return SERVE_LATER;
}

static void
discard(void *self, void *draft)
{
	struct desk *d = self;

	d->discarded++;
	drop(draft);
}

static const struct serve_owner owner = { .admit = admit, .leave = leave,
	.mail_check = mail_check, .begin = begin, .write = write_text,
	.commit = commit, .discard = discard };

static int
set_up(void **state)
{
	struct desk *d = mem_alloc(sizeof *d);
	struct outcome why;
	int fd;

	snprintf(d->dir, sizeof d->dir, "/tmp/cli_serve.XXXXXX");
	if (!mkdtemp(d->dir))
		return -1;
	snprintf(d->path, sizeof d->path, "%s/submit", d->dir);
	fd = local_listen(d->path, 0600, &why);
	d->config = (struct serve_config){
		.server = { .name = "me", .handin = true },
		.owner = &owner, .self = d };
	d->serve = serve_new(&d->config, &d->events);
	*state = d;
	return fd >= 0 && serve_listen_on(d->serve, fd) ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct desk *d = *state;

	serve_free(d->serve);
	assert_int_equal(d->in, d->out);
	wait_free(&d->wait);
	events_free(&d->events);
	buf_free(&d->text);
	remove_all(d->dir);
	free(d);
	return 0;
}

/* Turn the loop until nothing is left to do at once. */
static void
turn(struct desk *d)
{
	int64_t now = clock_now();
	int n;

	do {
		wait_clear(&d->wait);
		serve_wait(d->serve, &d->wait, now);
		n = poll(d->wait.fd, d->wait.n, 0);
		n += d->wait.deadline == 0;
		now = clock_now();
		serve_step(d->serve, &d->wait, now);
	} while (n > 0);
}

static int
enter(struct desk *d)
{
	int fd = local_connect(d->path);

	assert_true(fd >= 0);
	turn(d);
	return fd;
}

static void
say(struct desk *d, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
	    strlen(text));
	turn(d);
}

/* What has been said to us, all of it. */
static void
hear(int fd, const char *want)
{
	char got[4096];
	ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, want);
}

#define GREETING "220 me ESMTP smtpsend\r\n"
#define HELO	 "HELO x\r\n"
#define MAIL	 "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
#define TAKEN	 "250 Ok\r\n250 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"

static void
answer(struct desk *d, size_t i, bool kept, const char *text)
{
	serve_answer(d->owed[i], kept, text);
	turn(d);
}

/* All of two messages at once, and QUIT behind them. */
static void
test_later(void **state)
{
	struct desk *d = *state;
	int fd = enter(d);

	hear(fd, GREETING);
	say(d, fd, HELO MAIL "one\r\n.\r\n" MAIL "two\r\n.\r\nQUIT\r\n");
	hear(fd, "");
	assert_int_equal(d->nowed, 1);
	answer(d, 0, true, "id1");
	hear(fd, "250 me\r\n" TAKEN "250 Ok: queued as id1\r\n" TAKEN);
	assert_int_equal(d->nowed, 2);
	answer(d, 1, false, "451 4.3.0 no");
	hear(fd, "451 no\r\n221 Bye\r\n");
	assert_string_equal(buf_str(&d->text), "one\r\ntwo\r\n");
	assert_int_equal(d->begun, 2);
	assert_int_equal(d->discarded, 0);
	close(fd);
	turn(d);
	assert_int_equal(serve_peers(d->serve), 0);
}

/* While it waits nothing is read, and no time runs out. */
static void
test_is_not_read(void **state)
{
	struct desk *d = *state;
	int fd = enter(d);

	say(d, fd, HELO MAIL "one\r\n.\r\n");
	say(d, fd, "NOOP\r\n");
	assert_int_equal(d->nowed, 1);
	serve_step(d->serve, &d->wait, clock_now() + SECONDS(4000));
	assert_int_equal(serve_peers(d->serve), 1);
	answer(d, 0, true, "id1");
	hear(fd, GREETING "250 me\r\n" TAKEN "250 Ok: queued as id1\r\n"
	    "250 Ok\r\n");
	close(fd);
}

/* Who has gone before the answer is not missed; half a good-bye is none. */
static void
test_gone(void **state)
{
	struct desk *d = *state;
	int fd = enter(d), other;

	say(d, fd, HELO MAIL "one\r\n.\r\n");
	shutdown(fd, SHUT_WR);
	turn(d);
	assert_int_equal(serve_peers(d->serve), 1);
	close(fd);
	turn(d);
	assert_int_equal(serve_peers(d->serve), 0);
	other = enter(d);
	answer(d, 0, true, "id1");
	hear(other, GREETING);
	assert_int_equal(d->discarded, 0);
	close(other);
}

static void
test_half_a_goodbye(void **state)
{
	struct desk *d = *state;
	int fd = enter(d);

	say(d, fd, HELO MAIL "one\r\n.\r\n");
	shutdown(fd, SHUT_WR);
	answer(d, 0, true, "id1");
	hear(fd, GREETING "250 me\r\n" TAKEN "250 Ok: queued as id1\r\n");
	assert_int_equal(serve_peers(d->serve), 0);
	close(fd);
}

/* In the middle of a text it is thrown away. */
static void
test_cut_off(void **state)
{
	struct desk *d = *state;
	int fd = enter(d);

	say(d, fd, HELO MAIL "one\r\n");
	close(fd);
	turn(d);
	assert_int_equal(d->nowed, 0);
	assert_int_equal(d->begun, 1);
	assert_int_equal(d->discarded, 1);
}

/* The serve ends first. */
static void
test_no_serve(void **state)
{
	struct desk *d = *state;
	int fd = enter(d);

	say(d, fd, HELO MAIL "one\r\n.\r\n");
	serve_free(d->serve);
	d->serve = NULL;
	serve_answer(d->owed[0], true, "id1");
	hear(fd, GREETING);
	close(fd);
}

static void
test_farewell(void **state)
{
	struct desk *d = *state;
	int fd = enter(d), idle = enter(d);

	say(d, fd, HELO MAIL "one\r\n.\r\n" MAIL "two\r\n.\r\n");
	hear(idle, GREETING);
	serve_close(d->serve, "421 4.3.2 Bye", clock_now());
	turn(d);
	hear(idle, "421 Bye\r\n");
	answer(d, 0, true, "id1");	/* the second was there before */
	answer(d, 1, true, "id2");
	hear(fd, GREETING "250 me\r\n" TAKEN "250 Ok: queued as id1\r\n" TAKEN
	    "250 Ok: queued as id2\r\n421 Bye\r\n");
	close(fd);
	close(idle);
	turn(d);
	assert_int_equal(serve_peers(d->serve), 0);
	assert_int_equal(local_connect(d->path), -1);
	assert_int_equal(errno, ECONNREFUSED);
}

static void
test_who(void **state)
{
	struct desk *d = *state;
	int fd;

	d->at_once = true;
	fd = enter(d);
	assert_int_equal(d->last.uid, getuid());
	say(d, fd, "EHLO x\r\nMAIL FROM:<a@x> HOLD\r\n");
	d->closed_door = true;
	close(fd);
	fd = enter(d);
	hear(fd, "421 4.7.0 not you\r\n");
	assert_int_equal(d->in, 1);
	close(fd);
	d->closed_door = false;
	fd = enter(d);
	say(d, fd, HELO MAIL "one\r\n.\r\n");
	hear(fd, GREETING "250 me\r\n" TAKEN "250 Ok: queued as now\r\n");
	close(fd);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_later),
		T(test_is_not_read),
		T(test_gone),
		T(test_half_a_goodbye),
		T(test_cut_off),
		T(test_no_serve),
		T(test_farewell),
		T(test_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
