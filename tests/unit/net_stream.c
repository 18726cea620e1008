/* SPDX-License-Identifier: ISC */
/* net_stream.c - clear streams: every way a peer can behave. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/stream.h"

/* A stream and its peer's descriptor, neither blocking. */
static int
open_pair(struct stream *s)
{
	int fd[2], type = SOCK_STREAM | SOCK_CLOEXEC;

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fd), 0);
	stream_open(s, fd[0]);
	return fd[1];
}

static void
test_reads_byte_by_byte(void **state)
{
	const char text[] = "220 mx.example ESMTP\r\n";
	char got[sizeof text] = "", one[8];
	struct stream s;
	size_t n, have = 0;
	int peer = open_pair(&s);

	(void)state;
	for (size_t i = 0; i + 1 < sizeof text; i++) {
		assert_int_equal(write(peer, text + i, 1), 1);
		assert_int_equal(stream_read(&s, one, 8, &n), IO_OK);
		assert_int_equal(n, 1);
		got[have++] = one[0];
		assert_int_equal(stream_read(&s, one, 8, &n), IO_AGAIN);
		assert_int_equal(s.events, POLLIN);
		assert_int_equal(n, 0);
	}
	assert_string_equal(got, text);
	stream_close(&s);
	close(peer);
}

static void
test_reads_no_more_than_asked(void **state)
{
	struct stream s;
	char to[3];
	size_t n;
	int peer = open_pair(&s);

	(void)state;
	assert_int_equal(write(peer, "abcd", 4), 4);
	assert_int_equal(stream_read(&s, to, 3, &n), IO_OK);
	assert_int_equal(n, 3);
	assert_int_equal(stream_read(&s, to, 3, &n), IO_OK);
	assert_int_equal(n, 1);
	assert_int_equal(to[0], 'd');
	stream_close(&s);
	close(peer);
}

/* Read all there is now, in small pieces. */
static size_t
drain(int fd, char *to)
{
	size_t got = 0;

	for (ssize_t n; (n = recv(fd, to + got, 1000, 0)) > 0;)
		got += (size_t)n;
	return got;
}

/* A peer that does not read fills the buffers; then nothing is lost. */
static void
test_short_writes_keep_the_bytes(void **state)
{
	static char data[1 << 20], back[1 << 20];
	struct stream s;
	size_t n, sent = 0, got = 0;
	bool waited = false;
	int peer = open_pair(&s);

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 251);
	while (sent < sizeof data) {
		struct slice rest = { data + sent, sizeof data - sent };
		enum io io = stream_write(&s, rest, &n);

		sent += n;
		if (io == IO_OK)
			continue;
		assert_int_equal(io, IO_AGAIN);
		assert_int_equal(s.events, POLLOUT);
		waited = true;
		got += drain(peer, back + got);
	}
	assert_true(waited);
	stream_close(&s);
	got += drain(peer, back + got);
	assert_int_equal(got, sizeof data);
	assert_memory_equal(back, data, sizeof data);
	close(peer);
}

static void
test_end_after_the_last_bytes(void **state)
{
	struct stream s;
	char to[16];
	size_t n;
	int peer = open_pair(&s);

	(void)state;
	assert_int_equal(write(peer, "221", 3), 3);
	close(peer);
	assert_int_equal(stream_read(&s, to, sizeof to, &n), IO_OK);
	assert_int_equal(n, 3);
	assert_int_equal(stream_read(&s, to, sizeof to, &n), IO_END);
	assert_int_equal(stream_read(&s, to, sizeof to, &n), IO_END);
	stream_close(&s);
}

static void
test_writing_to_a_closed_peer_is_no_signal(void **state)
{
	struct stream s;
	size_t n;
	int peer = open_pair(&s);

	(void)state;
	close(peer);
	assert_int_equal(stream_write(&s, SLICE("NOOP\r\n"), &n), IO_ERROR);
	assert_int_equal(n, 0);
	assert_string_equal(stream_error(&s), "Broken pipe");
	stream_close(&s);
}

/* Both ends of a TCP connection over loopback. */
static void
tcp_pair(int fd[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	int type = SOCK_STREAM | SOCK_CLOEXEC;
	int listener = socket(AF_INET, type, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&at, &len);
	fd[0] = socket(AF_INET, type, 0);
	assert_int_equal(connect(fd[0], (struct sockaddr *)&at, len), 0);
	fd[1] = accept(listener, NULL, NULL);
	assert_true(fd[1] >= 0);
	close(listener);
}

static void
test_reset(void **state)
{
	struct linger now = { .l_onoff = 1 };
	struct stream s;
	char to[16];
	size_t n;
	int fd[2];

	(void)state;
	tcp_pair(fd);
	stream_open(&s, fd[0]);
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd[1]);
	assert_int_equal(stream_read(&s, to, sizeof to, &n), IO_ERROR);
	assert_string_equal(stream_error(&s), "Connection reset by peer");
	stream_close(&s);
}

static void
test_closing_twice(void **state)
{
	struct stream s;
	struct stream zero = { 0 };
	int peer = open_pair(&s);

	(void)state;
	assert_int_equal(stream_flush(&s), IO_OK);
	stream_close(&s);
	assert_int_equal(s.fd, -1);
	stream_close(&s);
	stream_close(&zero);
	close(peer);
}

static void
open_tcp_pair(struct stream *s, int *peer)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *any = (struct sockaddr *)&at;
	socklen_t n = sizeof at;
	int small = 4096, type = SOCK_STREAM | SOCK_CLOEXEC;
	int listener = socket(AF_INET, type, 0), fd = socket(AF_INET, type, 0);

	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small,
	    sizeof small), 0);
	assert_int_equal(bind(listener, any, n), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, any, &n), 0);
	assert_int_equal(connect(fd, any, n), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	*peer = accept(listener, NULL, NULL);
	assert_true(*peer >= 0);
	close(listener);
	stream_open(s, fd);
}

/* Wait for the acknowledgements of what a peer that reads nothing has room. */
static uint64_t
settled(const struct stream *s)
{
	uint64_t before, now = stream_arrived(s);

	do {
		before = now;
		poll(NULL, 0, 100);
		now = stream_arrived(s);
	} while (now != before);
	return now;
}

static void
test_arrived_is_what_the_peer_acknowledged(void **state)
{
	static char text[100000];
	uint64_t arrived, all;
	struct stream s;
	int peer;
	size_t n;

	(void)state;
	open_tcp_pair(&s, &peer);
	assert_int_equal(stream_arrived(&s), 0);
	assert_int_equal(stream_write(&s, (struct slice){ text, 100 }, &n),
	    IO_OK);
	assert_int_equal(settled(&s), 100);
	assert_int_equal(stream_write(&s, (struct slice){ text, sizeof text },
	    &n), IO_OK);
	all = 100 + n;
	arrived = settled(&s);
	assert_in_range(arrived, 100, all - 1);
	for (size_t got = 0; got < all; got += n) {
		n = (size_t)read(peer, text, sizeof text);
		assert_in_range(n, 1, sizeof text);
	}
	assert_int_equal(settled(&s), all);
	stream_close(&s);
	close(peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_byte_by_byte),
		cmocka_unit_test(test_reads_no_more_than_asked),
		cmocka_unit_test(test_short_writes_keep_the_bytes),
		cmocka_unit_test(test_end_after_the_last_bytes),
		cmocka_unit_test(test_writing_to_a_closed_peer_is_no_signal),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_closing_twice),
		cmocka_unit_test(test_arrived_is_what_the_peer_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
