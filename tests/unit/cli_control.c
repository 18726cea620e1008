/* SPDX-License-Identifier: ISC */
/*
 * cli_control.c - the control socket as strangers use it: half a line, a long
 * one, nobody who reads, too many, other users; and its own client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/fake_runner.h"
#include "../support/remove_all.h"
#include "../support/spool.h"
#include "base/mem.h"
#include "net/local.h"
#include "queue/control.h"
#include "queue/control_client.h"

#define LONG_ENOUGH SECONDS(20)
#define PATIENCE    (SECONDS(1) / 2)

struct fixture {
	char run[64], path[80], spool[80];
	struct store *store;
	char id[2][STORE_ID + 1]; /* of uid 1000, and of root */
	pid_t server;
};

/* The daemon's loop, with nothing else in it. */
static void
serve(struct control *c)
{
	struct wait w = { 0 };
	int64_t now;

	for (;;) {
		now = clock_now();
		wait_clear(&w);
		control_wait(c, &w, now);
		wait_poll(&w, now);
		control_step(c, &w, clock_now(), WALL);
	}
}

static void
start(struct fixture *f, int64_t patience)
{
	static struct runner runner;
	struct outcome why;
	int fd = local_listen(f->path, 0666, &why);
	struct control_config config = { .store.path = f->spool,
		.runner = &runner, .fd = fd, .max_peers = 40,
		.max_uid_peers = 5, .patience = patience };
	struct control *c;

	assert_true(fd >= 0);
	f->server = fork();
	if (f->server != 0) {
		close(fd);
		return;
	}
	c = control_new(&config, &why);
	if (c)
		serve(c);
	_exit(1);
}

static int
open_with(void **state, int64_t patience)
{
	struct fixture *f = mem_alloc(sizeof *f);

	memcpy(f->run, "/tmp/cli_control.XXXXXX", 24);
	assert_non_null(mkdtemp(f->run));
	chmod(f->run, 0755);
	snprintf(f->path, sizeof f->path, "%s/control", f->run);
	snprintf(f->spool, sizeof f->spool, "%s/spool", f->run);
	mkdir(f->spool, 0700);
	f->store = spool_again(f->spool);
	for (size_t i = 0; i < 2; i++) {
		struct stored m = spool_mail(1);

		m.uid = i == 0 ? 1000 : 0;
		assert_true(spool_add(f->store, &m,
		    SLICE("Subject: x\r\n\r\nhello\r\n"), f->id[i]));
		stored_free(&m);
	}
	start(f, patience);
	*state = f;
	return 0;
}

/* Few wait for long, ... */
static int
open_all(void **state)
{
	return open_with(state, PATIENCE);
}

/* ... but where silent ones are to stay, however busy the machine is. */
static int
open_patient(void **state)
{
	return open_with(state, SECONDS(60));
}

static int
close_all(void **state)
{
	struct fixture *f = *state;
	int status;

	kill(f->server, SIGKILL);
	assert_int_equal(waitpid(f->server, &status, 0), f->server);
	assert_true(WIFSIGNALED(status)); /* it had not died before */
	store_close(f->store);
	remove_all(f->run);
	free(f);
	return 0;
}

/* A blocking connection. */
static int
dial(const struct fixture *f)
{
	int fd = local_connect(f->path), zero = 0;

	for (int i = 0; fd < 0 && errno == EAGAIN && i < 1000; i++) {
		poll(NULL, 0, 5);
		fd = local_connect(f->path);
	}
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &zero, sizeof zero);
	return fd;
}

/* All that comes until it ends, or "" after 20 s. */
static struct buf
hear(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct buf out = { 0 };
	ssize_t n;

	while (poll(&p, 1, 20000) > 0) {
		char *to = buf_reserve(&out, 65536);

		n = recv(fd, to, 65536, 0);
		if (n <= 0)
			break;
		buf_grow(&out, (size_t)n);
	}
	close(fd);
	return out;
}

static void
say(int fd, const char *text)
{
	ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);

	assert_int_equal(n, strlen(text));
}

static void
must_have(struct buf *got, const char *word)
{
	if (!strstr(buf_str(got), word))
		fail_msg("no %s in: %.300s", word, buf_str(got));
	buf_free(got);
}

/* How a request by the client's functions ends. */
static struct control_end
ask(const struct fixture *f, struct request *r, size_t *lines)
{
	struct outcome why;
	bool nobody;
	struct control_client *c = control_open(f->run, &nobody, &why);
	struct control_end end = { 0 };
	enum control_got got;
	char *line;
	size_t n;

	assert_non_null(c);
	assert_true(control_ask(c, r, &why));
	*lines = 0;
	while ((got = control_next(c, LONG_ENOUGH, &line, &n, &why)) ==
	    CONTROL_LINE)
		++*lines;
	assert_int_equal(got, CONTROL_DONE);
	assert_true(control_end_read(&end, line, n));
	end.error.p = NULL; /* it pointed into what is freed */
	control_shut(c);
	return end;
}

static void
test_client(void **state)
{
	struct fixture *f = *state;
	struct request r = { .verb = VERB_LIST };
	struct outcome why;
	bool nobody;
	size_t lines;

	assert_int_equal(ask(f, &r, &lines).n, 2);
	assert_int_equal(lines, 2);
	r.verb = VERB_HOLD;
	request_add(&r, slice_of(f->id[0]));
	assert_int_equal(ask(f, &r, &lines).n, 1);
	r.verb = VERB_NOW;
	assert_int_equal(ask(f, &r, &lines).status, 69);
	assert_int_equal(lines, 1);
	request_free(&r);
	assert_int_equal(control_wake(f->run, f->id[1]), CONTROL_WOKEN);
	assert_int_equal(control_wake("/nowhere", f->id[1]), CONTROL_NOBODY);
	assert_null(control_open("/nowhere", &nobody, &why));
	assert_true(nobody);
}

/* What is no request is said so, and the next one is served. */
static void
test_lines(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	struct buf got;

	say(fd, "{\"verb\":\"count\"}\nrubbish\n{\"verb\":\"cou");
	poll(NULL, 0, 30);
	say(fd, "nt\"}\n{\"verb\":\"count\"}");
	shutdown(fd, SHUT_WR);
	got = hear(fd);
	assert_string_equal(buf_str(&got), "{\"done\":true,\"n\":2}\n"
	    "{\"error\":\"this is no request\",\"status\":64}\n"
	    "{\"done\":true,\"n\":2}\n");
	buf_free(&got);
}

/* A line without end costs 64 KiB, and then it is over. */
static void
test_long_line(void **state)
{
	struct fixture *f = *state;
	size_t size = 1 << 20, sent = 0;
	char *text = mem_alloc(size);
	int fd = dial(f);
	struct buf got;
	ssize_t n;

	memset(text, 'x', size);
	for (int i = 0; i < 2000 && sent < size; i++) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		poll(&p, 1, 100);
		n = send(fd, text + sent, size - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
	}
	assert_true(sent < size);
	got = hear(fd);
	free(text);
	must_have(&got, "too long");
}

/* Half a line, silence, and an answer that is not read: dropped in time. */
static void
test_slow(void **state)
{
	struct fixture *f = *state;
	int half = dial(f), silent = dial(f), deaf = dial(f);
	struct buf got;
	char line[64];
	ssize_t n = 1;
	size_t asked = 0;

	say(half, "{\"verb\"");
	snprintf(line, sizeof line, "{\"verb\":\"list\"}\n");
	while (n > 0 && asked < 100000) {
		n = send(deaf, line, strlen(line), MSG_NOSIGNAL);
		asked++;
	}
	got = hear(half);
	assert_int_equal(got.n, 0);
	buf_free(&got);
	got = hear(silent);
	assert_int_equal(got.n, 0);
	buf_free(&got);
	poll(NULL, 0, 1500);
	got = hear(deaf); /* what the kernel has kept, and the end */
	assert_true(got.n > 0 && got.n < (1 << 20));
	buf_free(&got);
}

/* 500 at once: those with a place are served, the others hear why. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	int fd[500];
	size_t served = 0, turned = 0;

	for (size_t i = 0; i < 500; i++)
		fd[i] = dial(f);
	for (size_t i = 0; i < 500; i++) {
		static const char line[] = "{\"verb\":\"count\"}\n";

		if (send(fd[i], line, sizeof line - 1, MSG_NOSIGNAL) > 0)
			shutdown(fd[i], SHUT_WR);
	}
	for (size_t i = 0; i < 500; i++) {
		struct buf got = hear(fd[i]);

		served += strstr(buf_str(&got), "\"done\"") != NULL;
		turned += strstr(buf_str(&got), "too many") != NULL;
		buf_free(&got);
	}
	assert_true(served >= 40);
	assert_int_equal(served + turned, 500);
}

/* Become somebody, ask, and give back what the last line says. */
static void
as_user(const struct fixture *f, unsigned uid, const char *line,
    const char *want)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct buf got;
		int fd;

		if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
		    setresuid(uid, uid, uid) != 0)
			_exit(2);
		fd = dial(f);
		if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 &&
		    errno != EPIPE)
			_exit(3); /* who is turned away may be so by now */
		shutdown(fd, SHUT_WR);
		got = hear(fd);
		_exit(strstr(buf_str(&got), want) ? 0 : 1);
	}
	waitpid(child, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("uid %u: no %s", uid, want);
}

static void
test_users(void **state)
{
	struct fixture *f = *state;
	char line[100];

	if (geteuid() != 0)
		skip();
	as_user(f, 1000, "{\"verb\":\"count\"}\n", "\"n\":1,\"others\":1}");
	as_user(f, 1001, "{\"verb\":\"count\"}\n", "\"n\":0,\"others\":2}");
	as_user(f, 65534, "{\"verb\":\"count\"}\n", "\"status\":77");
	as_user(f, 61200, "{\"verb\":\"list\"}\n", "\"status\":77");
	snprintf(line, sizeof line, "{\"verb\":\"rm\",\"ids\":[\"%s\"]}\n",
	    f->id[1]);
	as_user(f, 1000, line, "\"status\":66");
	snprintf(line, sizeof line, "{\"verb\":\"rm\",\"ids\":[\"%s\"]}\n",
	    f->id[0]);
	as_user(f, 1001, line, "\"status\":66");
	as_user(f, 1000, line, "{\"done\":true,\"n\":1}");
}

/* One user's connections leave room for others. */
static void
test_one_user(void **state)
{
	struct fixture *f = *state;
	pid_t child;
	int ready[2], status;
	char c;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		if (setresuid(1000, 1000, 1000) != 0)
			_exit(2);
		for (int i = 0; i < 60; i++)
			dial(f);
		if (write(ready[1], "x", 1) != 1)
			_exit(3);
		pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	as_user(f, 1000, "{\"verb\":\"count\"}\n", "too many");
	as_user(f, 1001, "{\"verb\":\"count\"}\n", "\"n\":0,\"others\":2}");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	close(ready[0]);
}

#define ROW(t) cmocka_unit_test_setup_teardown(t, open_all, close_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_client), ROW(test_long_line), ROW(test_slow),
		cmocka_unit_test_setup_teardown(test_users, open_patient,
		    close_all),
		cmocka_unit_test_setup_teardown(test_one_user, open_patient,
		    close_all),
		cmocka_unit_test_setup_teardown(test_many, open_patient,
		    close_all),
		cmocka_unit_test_setup_teardown(test_lines, open_patient,
		    close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
