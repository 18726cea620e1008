/* SPDX-License-Identifier: ISC */
/*
 * net_deliver_slow.c - a server that takes the text slowly: as long as enough
 * gets through it is waited for, however long that takes; one that stands still
 * is given up.  Time is a parameter, so nobody waits here.
 */
#include "../support/sender.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT 24000000 /* octets: more than kernels keep for a socket */
#define TURN SECONDS(100)

struct slow {
	struct sender s;
	struct letter l;
	char *body;
	int listener, fd;
	struct buf in;
	bool text, done, over;
};

static void
start(struct slow *w)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int small = 262144;

	*w = (struct slow){ .fd = -1 };
	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(w->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(w->listener, 5), 0);
	getsockname(w->listener, (struct sockaddr *)&at, &n);
	w->s.config = (struct deliver_config){
		.route = { .port = ntohs(at.sin_port), .server = "127.0.0.1",
			.tls_why = "the test" },
		.helo = "client.test",
	};
	w->s.deliver = deliver_new(&w->s.config, NULL);
	letter_init(&w->l, "u@a.test", "1");
	w->body = mem_alloc(TEXT);
	for (size_t i = 0; i < TEXT; i++)
		w->body[i] = i % 80 == 79 ? '\n' : 'x';
	w->l.message.body.memory = (struct slice){ w->body, TEXT };
	w->l.message.body.length = TEXT;
	w->l.message.size = w->l.message.head.n + TEXT + TEXT / 80 + 2;
	deliver_add(w->s.deliver, &w->l.c);
	deliver_close(w->s.deliver);
}

/* The client does what it can now. */
static void
turn(struct slow *w)
{
	for (int i = 0; i < 20 && !deliver_is_idle(w->s.deliver); i++) {
		sender_step(&w->s);
		wait_clear(&w->s.wait);
		deliver_wait(w->s.deliver, &w->s.wait);
		wait_until(&w->s.wait, 0);
		wait_poll(&w->s.wait, sender_now(&w->s));
	}
}

static void
say(struct slow *w, const char *text)
{
	assert_int_equal(send(w->fd, text, strlen(text), MSG_NOSIGNAL),
	    strlen(text));
}

/* Answer what has come of commands. */
static void
obey(struct slow *w)
{
	struct slice line;
	size_t n;

	while (!w->text && (n = slice_find(buf_slice(&w->in), '\n')) <
	    w->in.n) {
		line = slice_first(buf_slice(&w->in), n);
		w->text = slice_starts(line, SLICE("DATA"));
		say(w, w->text ? "354 go\r\n" : "250 ok\r\n");
		buf_consume(&w->in, n + 1);
	}
}

/* Take so many octets at most; how many there were. */
static size_t
take(struct slow *w, size_t most)
{
	char block[4096];
	ssize_t n = recv(w->fd, block, most < sizeof block ? most :
	    sizeof block, MSG_DONTWAIT);
	int on = 1;

	/* what has come is said at once, not after 40 ms */
	setsockopt(w->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
	if (n <= 0) {
		w->over = w->over || n == 0 || errno != EAGAIN;
		return 0;
	}
	if (w->text)
		buf_clear(&w->in); /* only the end of it counts */
	buf_put(&w->in, (struct slice){ block, (size_t)n });
	obey(w);
	if (w->text && !w->done && slice_ends_nocase(buf_slice(&w->in),
	    SLICE("\n.\r\n"))) {
		w->done = true;
		say(w, "250 2.0.0 taken\r\n");
	}
	return (size_t)n;
}

/* Up to the text, in no time. */
static void
hear_commands(struct slow *w)
{
	turn(w);
	w->fd = accept(w->listener, NULL, NULL);
	assert_true(w->fd >= 0);
	say(w, "220 slow\r\n");
	while (!w->text) {
		turn(w);
		take(w, 4096);
	}
}

/* So many octets of text in each 100 s; how many turns until all is over. */
static unsigned
hear_text(struct slow *w, size_t rate)
{
	struct pollfd in = { .fd = w->fd, .events = POLLIN };
	unsigned turns = 0;

	for (; !deliver_is_idle(w->s.deliver) && turns < 1000; turns++) {
		for (size_t left = rate; left > 0 && !w->done;) {
			left -= take(w, left);
			if (left > 0 && !w->done && poll(&in, 1, 100) <= 0)
				break; /* the client has given up */
		}
		w->s.ahead += TURN;
		turn(w);
	}
	return turns;
}

static unsigned
run(struct slow *w, size_t rate)
{
	start(w);
	hear_commands(w);
	return hear_text(w, rate);
}

static void
end(struct slow *w)
{
	deliver_free(w->s.deliver);
	wait_free(&w->s.wait);
	letter_free(&w->l);
	buf_free(&w->in);
	free(w->body);
	close(w->fd);
	close(w->listener);
}

/* A quarter of an hour, where 180 s are the limit for standing still. */
static void
test_moving(void **state)
{
	struct slow w;
	unsigned turns = run(&w, 2000000);

	(void)state;
	assert_true(turns > 8);
	assert_int_equal(w.l.envelope.rcpts[0].verdict, DELIVERED);
	end(&w);
}

/* 100 octets a second are no way to take it. */
static void
test_too_slow(void **state)
{
	struct slow w;
	unsigned turns = run(&w, 10000);

	(void)state;
	assert_true(turns < 10);
	assert_int_equal(w.l.envelope.rcpts[0].verdict, DEFERRED);
	assert_non_null(strstr(w.l.envelope.rcpts[0].result->text,
	    "timed out after waiting 180 s for the server to take the "
	    "message text"));
	assert_false(w.l.envelope.rcpts[0].result->maybe_sent);
	end(&w);
}

static void
test_standing_still(void **state)
{
	struct slow w;
	unsigned turns = run(&w, 0);

	(void)state;
	assert_true(turns <= 4);
	assert_int_equal(w.l.envelope.rcpts[0].verdict, DEFERRED);
	end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_standing_still),
	};

	return cmocka_run_group_tests_name("net_deliver_slow", tests, NULL,
	    NULL);
}
