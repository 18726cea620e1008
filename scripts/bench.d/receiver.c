/* SPDX-License-Identifier: ISC */
/*
 * receiver.c - the servers that scripts/bench talks to: SMTP and DNS, faster than
 * any client, so that the clients are what is measured.
 *
 * usage: receiver CERT KEY [DELAY_MS [NOT-OFFERED...]]
 * prints: SMTP_PORT DNS_PORT
 *
 * One thread, one epoll. Bodies are thrown away: of DATA only the last octets
 * are looked at, since no client sends anything behind the final dot. With a
 * delay, every burst of a client is looked at so much later: a network of that
 * round trip time, but for the SYN. What can be left out is each keyword of
 * EHLO, and TICKETS: the session tickets of TLS 1.3, which libesmtp waits behind
 * for ever. dns.c answers the questions.
 */
#define _GNU_SOURCE
#include "receiver.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum state { COMMAND, BODY, CHUNK, HANDSHAKE, OVER };

struct peer {
	struct peer *next, *prev;	/* in the queue of those who wait */
	long due;			/* when it may be heard, with a delay */
	int fd;
	enum state state;
	SSL *tls;
	size_t left;			/* of a chunk */
	size_t n, out;
	char tail[5];			/* the last octets of a body */
	char in[4096], reply[8192];
};

static SSL_CTX *context;
static int epoll;
static long delay;
static char hello[256];
static struct peer waiting = { .next = &waiting, .prev = &waiting };
static char body[1 << 18];

static long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
watch(int fd, void *what)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.ptr = what };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		abort();
}

static void
say(struct peer *p, const char *text)
{
	size_t n = strlen(text);

	if (p->out + n <= sizeof p->reply) {
		memcpy(p->reply + p->out, text, n);
		p->out += n;
	}
}

/* Replies of a burst leave together; what does not fit waits. */
static void
flush(struct peer *p)
{
	ssize_t n;

	if (p->out == 0)
		return;
	if (p->tls)
		n = SSL_write(p->tls, p->reply, (int)p->out);
	else
		n = write(p->fd, p->reply, p->out);
	if (n > 0) {
		p->out -= (size_t)n;
		memmove(p->reply, p->reply + n, p->out);
	} else if (!p->tls && errno != EAGAIN) {
		p->state = OVER;
	}
}

/* Does it take its replies? One burst makes less than half a buffer of them. */
static bool
listens(struct peer *p)
{
	if (p->out > sizeof p->reply / 2)
		flush(p);
	return p->out <= sizeof p->reply / 2;
}

/* > 0: octets; 0: the end; < 0: nothing for now. */
static ssize_t
take(struct peer *p, char *at, size_t room)
{
	int n;

	if (!p->tls) {
		ssize_t got = read(p->fd, at, room);
		return got < 0 && errno != EAGAIN ? 0 : got;
	}
	n = SSL_read(p->tls, at, (int)room);
	if (n > 0)
		return n;
	return SSL_get_error(p->tls, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

static bool
is_verb(const char *line, const char *verb)
{
	return strncasecmp(line, verb, strlen(verb)) == 0;
}

static void
command(struct peer *p, const char *line)
{
	if (is_verb(line, "EHLO")) {
		say(p, hello);
	} else if (is_verb(line, "DATA")) {
		say(p, "354 go\r\n");
		p->state = BODY;
		memcpy(p->tail, "\0\0\0\r\n", sizeof p->tail);
	} else if (is_verb(line, "BDAT")) {
		p->left = strtoul(line + 5, NULL, 10);
		p->state = CHUNK;
	} else if (is_verb(line, "STARTTLS")) {
		say(p, "220 go\r\n");
		p->state = HANDSHAKE;
	} else if (is_verb(line, "QUIT")) {
		say(p, "221 bye\r\n");
		p->state = OVER;
	} else {
		say(p, "250 ok\r\n");
	}
}

/* Octets of a body that came: are they its end? */
static void
swallow(struct peer *p, const char *from, size_t n)
{
	if (p->state == CHUNK) {
		p->left -= n;
		if (p->left > 0)
			return;
	} else {
		size_t keep = n < sizeof p->tail ? sizeof p->tail - n : 0;

		memmove(p->tail, p->tail + sizeof p->tail - keep, keep);
		memcpy(p->tail + keep, from + n - (sizeof p->tail - keep),
		    sizeof p->tail - keep);
		if (memcmp(p->tail, "\r\n.\r\n", sizeof p->tail) != 0)
			return;
	}
	p->state = COMMAND;
	say(p, "250 ok\r\n");
}

/* What is in p->in: lines, and whatever follows BDAT or DATA at once. */
static void
digest(struct peer *p)
{
	size_t at = 0;

	while (at < p->n && p->state < HANDSHAKE) {
		char *from = p->in + at, *end;
		size_t n = p->n - at;

		if (p->state == COMMAND) {
			end = memchr(from, '\n', n);
			if (!end)
				break;
			*end = '\0';
			at = (size_t)(end + 1 - p->in);
			command(p, from);
			if (p->state == CHUNK && p->left == 0)
				swallow(p, from, 0);
			continue;
		}
		if (p->state == CHUNK && n > p->left)
			n = p->left;
		swallow(p, from, n);
		at += n;
	}
	memmove(p->in, p->in + at, p->n - at);
	p->n -= at;
}

static void
handshake(struct peer *p)
{
	flush(p);
	if (!p->tls) {
		p->n = 0;
		p->tls = SSL_new(context);
		SSL_set_fd(p->tls, p->fd);
	}
	int done = SSL_accept(p->tls);
	if (done == 1)
		p->state = COMMAND;
	else if (SSL_get_error(p->tls, done) != SSL_ERROR_WANT_READ)
		p->state = OVER;
}

/* One burst, to its end. */
static void
hear(struct peer *p)
{
	bool more = true;

	while (more && p->state != OVER && listens(p)) {
		ssize_t n;

		if (p->state == HANDSHAKE) {
			handshake(p);
			more = p->state == COMMAND;
			continue;
		}
		if (p->state == COMMAND) {
			n = take(p, p->in + p->n, sizeof p->in - p->n);
			if (n > 0)
				p->n += (size_t)n;
			digest(p);
		} else {
			size_t room = p->state == CHUNK && p->left < sizeof body ?
			    p->left : sizeof body;
			n = take(p, body, room);
			if (n > 0)
				swallow(p, body, (size_t)n);
		}
		if (n == 0)
			p->state = OVER;
		more = n > 0;
	}
	flush(p);
}

static void
end(struct peer *p)
{
	SSL_free(p->tls);
	close(p->fd);
	free(p);
}

static void
visit(struct peer *p)
{
	hear(p);
	if (p->state == OVER)
		end(p);
}

/* With a delay, a burst is heard when its round trip is over. */
static void
burst(struct peer *p)
{
	if (delay == 0) {
		visit(p);
	} else if (!p->next) {
		p->due = now_ms() + delay;
		p->next = &waiting;
		p->prev = waiting.prev;
		p->prev->next = p;
		waiting.prev = p;
	}
}

/* Those whose round trip is over; how long until the next one's is, or -1. */
static long
hear_the_due(void)
{
	while (waiting.next != &waiting) {
		struct peer *p = waiting.next;
		long left = p->due - now_ms();

		if (left > 0)
			return left;
		waiting.next = p->next;
		p->next->prev = &waiting;
		p->next = p->prev = NULL;
		visit(p);
	}
	return -1;
}

static void
accept_all(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct peer *p = calloc(1, sizeof *p);

		if (!p)
			abort();
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		p->fd = fd;
		say(p, "220 bench.test ESMTP\r\n");
		if (delay > 0) {
			burst(p);
		} else {
			flush(p);
		}
		watch(fd, p);
	}
}

/* A socket on all of 127.0.0.0/8; its port. */
static int
open_socket(int kind, unsigned *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, kind | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		abort();
	*port = ntohs(at.sin_port);
	return fd;
}

static bool
is_offered(const char *word, char **without)
{
	for (; *without; without++)
		if (strcmp(*without, word) == 0)
			return false;
	return true;
}

static void
make_hello(char **without)
{
	static const char *const offers[] = { "PIPELINING", "CHUNKING",
		"8BITMIME", "STARTTLS" };
	char *end = stpcpy(hello, "250-bench.test\r\n");

	for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++)
		if (is_offered(offers[i], without))
			end += sprintf(end, "250-%s\r\n", offers[i]);
	stpcpy(end, "250 SIZE 1000000000\r\n");
}

static void
prepare(int argc, char **argv)
{
	context = SSL_CTX_new(TLS_server_method());
	if (SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1)
		exit(78);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	delay = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
	argv += argc > 4 ? 4 : argc;
	if (!is_offered("TICKETS", argv))
		SSL_CTX_set_num_tickets(context, 0);
	make_hello(argv);
}

static void
serve(int smtp, int dns)
{
	struct epoll_event events[256];

	for (;;) {
		int wait = (int)hear_the_due();
		int n = epoll_wait(epoll, events, 256, wait);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &waiting)
				accept_all(smtp);
			else if (events[i].data.ptr == &epoll)
				dns_answer_all(dns);
			else
				burst(events[i].data.ptr);
		}
	}
}

int
main(int argc, char **argv)
{
	unsigned smtp_port, dns_port;
	int smtp, dns;

	if (argc < 3)
		return 64;
	prepare(argc, argv);
	epoll = epoll_create1(0);
	smtp = open_socket(SOCK_STREAM, &smtp_port);
	dns = open_socket(SOCK_DGRAM, &dns_port);
	if (listen(smtp, 4096) < 0)
		abort();
	watch(smtp, &waiting);
	watch(dns, &epoll);
	printf("%u %u\n", smtp_port, dns_port);
	fflush(stdout);
	serve(smtp, dns);
}
