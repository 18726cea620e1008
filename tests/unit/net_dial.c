/* SPDX-License-Identifier: ISC */
/* net_dial.c - the race of RFC 8305, with a clock that nobody waits for. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/clock.h"
#include "net/dial.h"
#include "net/sockaddr.h"

static const struct dial_options plain;

/* A listener on a free port of an address; *at says where. */
static int
listen_on(const char *address, int backlog, struct endpoint *at)
{
	struct sockaddr_storage ss;
	socklen_t n;
	int fd;

	*at = (struct endpoint){ 0 };
	assert_true(ip_parse(slice_of(address), &at->ip));
	n = sockaddr_put(&ss, at);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, n), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	assert_true(sockaddr_local(fd, at));
	return fd;
}

/* A listener that drops every SYN, its queue being full: a black hole. */
struct hole {
	int fd, filler[4];
};

static struct hole
hole_open(struct endpoint *at)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	struct hole h = { .fd = listen_on("127.0.0.1", 0, at) };
	struct sockaddr_storage ss;
	socklen_t n = sockaddr_put(&ss, at);

	for (int i = 0; i < 4; i++) {
		h.filler[i] = socket(AF_INET, type, 0);
		connect(h.filler[i], (struct sockaddr *)&ss, n);
	}
	return h;
}

static void
hole_close(const struct hole *h)
{
	for (int i = 0; i < 4; i++)
		close(h->filler[i]);
	close(h->fd);
}

/* Let the kernel say what happened, at most a while; step at time now. */
static enum dial_state
turn(struct dial *d, int64_t now)
{
	struct wait w = { 0 };
	enum dial_state state;

	wait_clear(&w);
	dial_wait(d, &w);
	poll(w.fd, w.n, 20);
	state = dial_step(d, &w, now);
	wait_free(&w);
	return state;
}

static enum dial_state
run(struct dial *d, int64_t now)
{
	enum dial_state state = d->state;

	for (int i = 0; i < 50 && state == DIAL_BUSY; i++)
		state = turn(d, now);
	return state;
}

static int64_t
next_wake(struct dial *d)
{
	struct wait w = { 0 };
	int64_t at;

	wait_clear(&w);
	dial_wait(d, &w);
	at = w.deadline;
	wait_free(&w);
	return at;
}

static void
assert_event(struct events *q, enum event_kind kind, uint16_t port,
    const char *key, const char *want)
{
	struct event e;

	assert_true(events_take(q, &e));
	assert_int_equal(e.kind, kind);
	assert_int_equal(e.lane, 7);
	assert_int_equal(event_get_number(&e, "port"), port);
	assert_true(slice_eq(event_get(&e, "host"), SLICE("mx.example")));
	assert_true(slice_eq(event_get(&e, "address"), SLICE("127.0.0.1")));
	if (key)
		assert_true(slice_eq(event_get(&e, key), slice_of(want)));
}

static void
test_refused_then_accepted(void **state)
{
	struct dial_target t[2] = { { .host = "mx.example" },
		{ .host = "mx.example" } };
	struct events q = { .wanted = true };
	int silent = listen_on("127.0.0.1", -1, &t[0].at);
	int listener = listen_on("127.0.0.1", 4, &t[1].at);
	struct buf want = { 0 }, local = { 0 };
	struct endpoint end;
	struct dial d;
	int on = 0;
	socklen_t n = sizeof on;

	(void)state;
	dial_start(&d, t, 2, &plain, &q, 7, 1000);
	assert_int_equal(run(&d, 1000), DIAL_CONNECTED);
	assert_int_equal(d.winner, 1);
	assert_int_equal(d.attempt[0].state, ATTEMPT_FAILED);
	buf_putf(&want, "connect mx.example [127.0.0.1]:%u: "
	    "Connection refused", t[0].at.port);
	assert_string_equal(d.attempt[0].why.text, buf_str(&want));
	assert_int_equal(d.attempt[0].why.stage, STAGE_CONNECT);
	assert_int_equal(d.attempt[0].why.verdict, DEFERRED);
	assert_string_equal(d.attempt[0].why.host, "mx.example");
	assert_int_equal(d.attempt[0].why.peer.port, t[0].at.port);
	assert_false(d.attempt[0].why.timed_out);
	assert_event(&q, EVENT_CONNECT, t[0].at.port, NULL, NULL);
	assert_event(&q, EVENT_FAILED, t[0].at.port, "why", buf_str(&want));
	assert_event(&q, EVENT_CONNECT, t[1].at.port, NULL, NULL);
	assert_true(sockaddr_local(d.fd, &end));
	endpoint_put(&local, &end);
	assert_event(&q, EVENT_CONNECTED, t[1].at.port, "local",
	    buf_str(&local));
	assert_int_equal(getsockopt(d.fd, IPPROTO_TCP, TCP_NODELAY, &on, &n),
	    0);
	assert_int_not_equal(on, 0);
	dial_stop(&d);
	assert_int_equal(d.fd, -1);
	events_free(&q);
	buf_free(&want);
	buf_free(&local);
	close(silent);
	close(listener);
}

static void
test_second_address_starts_after_250_ms_and_wins(void **state)
{
	struct dial_target t[2] = { { .host = "a" }, { .host = "b" } };
	struct hole hole = hole_open(&t[0].at);
	int listener = listen_on("127.0.0.1", 4, &t[1].at);
	int64_t now = SECONDS(100);
	struct dial d;

	(void)state;
	dial_start(&d, t, 2, &plain, NULL, 1, now);
	assert_int_equal(d.started, 1);
	assert_int_equal(next_wake(&d), now + MILLISECONDS(250));
	assert_int_equal(turn(&d, now + MILLISECONDS(249)), DIAL_BUSY);
	assert_int_equal(d.started, 1);
	int loser = d.attempt[0].fd;

	assert_int_equal(run(&d, now + MILLISECONDS(250)), DIAL_CONNECTED);
	assert_int_equal(d.winner, 1);
	assert_int_equal(close(loser), -1); /* it is closed already */
	int taken = d.fd;

	d.fd = -1;
	dial_stop(&d);
	assert_int_equal(close(taken), 0); /* it was still ours */
	close(listener);
	hole_close(&hole);
}

static void
test_nobody_answers(void **state)
{
	struct dial_options impatient = { .timeout = SECONDS(2) };
	struct dial_target t[2] = { { .host = "a" },
		{ .host = "[127.0.0.1]" } };
	struct hole hole = hole_open(&t[0].at);
	struct dial d;

	(void)state;
	t[1].at = t[0].at;
	dial_start(&d, t, 2, &impatient, NULL, 1, 0);
	assert_int_equal(turn(&d, SECONDS(1)), DIAL_BUSY);
	assert_int_equal(d.started, 2);
	assert_int_equal(next_wake(&d), SECONDS(2));
	assert_int_equal(turn(&d, SECONDS(2)), DIAL_BUSY);
	assert_int_equal(d.attempt[0].state, ATTEMPT_FAILED);
	assert_int_equal(next_wake(&d), SECONDS(3));
	assert_int_equal(turn(&d, SECONDS(3)), DIAL_FAILED);
	for (size_t i = 0; i < 2; i++) {
		assert_true(d.attempt[i].why.timed_out);
		assert_true(slice_ends_nocase(slice_of(d.attempt[i].why.text),
		    SLICE(": Connection timed out")));
	}
	assert_true(slice_starts(slice_of(d.attempt[1].why.text),
	    SLICE("connect [127.0.0.1]:")));
	dial_stop(&d);
	hole_close(&hole);
}

static void
test_default_patience_is_30_s(void **state)
{
	struct dial_target t = { .host = "a" };
	struct hole hole = hole_open(&t.at);
	struct dial d;

	(void)state;
	dial_start(&d, &t, 1, &plain, NULL, 1, 5);
	assert_int_equal(next_wake(&d), SECONDS(30) + 5);
	dial_stop(&d);
	assert_int_equal(d.state, DIAL_FAILED);
	hole_close(&hole);
}

/* A failed dial must wake its owner, who has not heard of it yet. */
static void
test_an_early_end_is_heard_of(void **state)
{
	struct dial_target t = { .host = "a" };
	struct dial d;

	(void)state; /* an endpoint without address: refused at once */
	dial_start(&d, &t, 1, &plain, NULL, 1, 5);
	assert_int_equal(next_wake(&d), 0);
	assert_int_equal(turn(&d, 5), DIAL_FAILED);
	assert_int_equal(d.attempt[0].why.verdict, DEFERRED);
	dial_stop(&d);
}

static void
test_source_addresses(void **state)
{
	static const struct {
		const char *name, *source, *why;
	} cases[] = {
		{ "used", "127.0.0.9", NULL },
		{ "other version", "::1", "not the same IP version" },
		{ "not ours", "192.0.2.77", "Cannot assign requested address" },
	};
	struct dial_target t = { .host = "a" };
	int listener = listen_on("127.0.0.1", 4, &t.at);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dial_options o = { 0 };
		struct endpoint local;
		struct dial d;

		assert_true(ip_parse(slice_of(cases[i].source), &o.source));
		dial_start(&d, &t, 1, &o, NULL, 1, 5);
		enum dial_state end = run(&d, 5);

		if (!cases[i].why) {
			assert_int_equal(end, DIAL_CONNECTED);
			assert_true(sockaddr_local(d.fd, &local));
			assert_true(ip_eq(&local.ip, &o.source));
		} else {
			assert_int_equal(end, DIAL_FAILED);
			assert_non_null(strstr(d.attempt[0].why.text,
			    cases[i].why));
			assert_non_null(strstr(d.attempt[0].why.text,
			    cases[i].source));
		}
		dial_stop(&d);
	}
	close(listener);
}

/* FAULTS row 23: our own shortage is temporary and no fault of the host. */
static void
test_no_descriptors_left(void **state)
{
	struct dial_target t = { .host = "a" };
	int listener = listen_on("127.0.0.1", 4, &t.at);
	struct rlimit old, none;
	struct dial d;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	dial_start(&d, &t, 1, &plain, NULL, 1, 5);
	dial_step(&d, &(struct wait){ 0 }, 5);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(d.state, DIAL_FAILED);
	assert_int_equal(d.attempt[0].why.stage, STAGE_SYSTEM);
	assert_int_equal(d.attempt[0].why.verdict, DEFERRED);
	assert_non_null(strstr(d.attempt[0].why.text, "Too many open files"));
	dial_stop(&d);
	close(listener);
}

static void
test_ipv6(void **state)
{
	struct dial_target t = { .host = "six.example" };
	struct buf want = { 0 };
	int fd = listen_on("::1", -1, &t.at);
	struct dial d;

	(void)state;
	dial_start(&d, &t, 1, &plain, NULL, 1, 5);
	assert_int_equal(run(&d, 5), DIAL_FAILED);
	buf_putf(&want, "connect six.example [::1]:%u: Connection refused",
	    t.at.port);
	assert_string_equal(d.attempt[0].why.text, buf_str(&want));
	dial_stop(&d);
	buf_free(&want);
	close(fd);
}

/* What a dial of this path ends with, in words; "" when it connects. */
static const char *
dial_path(const char *path, struct outcome *why)
{
	const struct dial_target t = { .host = path };
	struct dial_options from = { 0 };
	struct dial d;

	assert_true(ip_parse(SLICE("127.0.0.1"), &from.source));
	*why = (struct outcome){ 0 };
	dial_start(&d, &t, 1, &from, NULL, 7, 5);
	if (run(&d, 5) == DIAL_FAILED)
		*why = d.attempt[0].why;
	else
		assert_true(fcntl(d.fd, F_GETFL) & O_NONBLOCK);
	dial_stop(&d);
	return why->text;
}

/* A path of n octets in this folder, which is one of them. */
static const char *
long_path(const char *folder, size_t n)
{
	static char path[200];
	size_t at = (size_t)snprintf(path, sizeof path, "%s/", folder);

	memset(path + at, 'x', n - at);
	path[n] = '\0';
	return path;
}

static int
listen_at(const char *path, int type)
{
	struct sockaddr_storage to;
	socklen_t n = sockaddr_put_path(&to, path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&to, n), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 0), 0);
	return fd;
}

static void
test_a_socket_of_this_machine(void **state)
{
	char folder[] = "/tmp/net_dial.XXXXXX";
	const char *path = long_path(mkdtemp(folder), SOCKADDR_PATH_MAX);
	struct outcome why;
	int fd;

	(void)state;
	assert_non_null(strstr(dial_path(path, &why), ": there is no such "));
	assert_memory_equal(why.text, "connect /tmp/net_dial.", 22);
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(why.stage, STAGE_CONNECT);
	assert_string_equal(why.host, path);
	assert_int_equal(why.peer.ip.version, 0);
	fd = listen_at(path, SOCK_STREAM);
	assert_string_equal(dial_path(path, &why), "");
	/* one waits in a queue of one already */
	assert_non_null(strstr(dial_path(path, &why), "more connections"));
	assert_int_equal(why.stage, STAGE_CONNECT);
	close(fd);
	assert_non_null(strstr(dial_path(path, &why), "nobody listens there"));
	unlink(path);
	fd = listen_at(path, SOCK_DGRAM);
	assert_non_null(strstr(dial_path(path, &why), "no stream socket"));
	close(fd);
	unlink(path);
	assert_non_null(strstr(dial_path(long_path(folder,
	    SOCKADDR_PATH_MAX + 1), &why), "File name too long"));
	rmdir(folder);
}

static void
test_a_zeroed_dial_may_be_stopped(void **state)
{
	struct dial d = { 0 };

	(void)state;
	int at_zero = fcntl(0, F_GETFD) < 0 ? open("/dev/null", O_RDONLY) : 0;

	assert_int_equal(at_zero, 0);
	dial_stop(&d);
	assert_true(fcntl(0, F_GETFD) >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_then_accepted),
		cmocka_unit_test(
		    test_second_address_starts_after_250_ms_and_wins),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_default_patience_is_30_s),
		cmocka_unit_test(test_an_early_end_is_heard_of),
		cmocka_unit_test(test_source_addresses),
		cmocka_unit_test(test_no_descriptors_left),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_a_socket_of_this_machine),
		cmocka_unit_test(test_a_zeroed_dial_may_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
