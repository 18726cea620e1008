/* SPDX-License-Identifier: ISC */
/*
 * stick.c - the least that a C program can do to send a mail, for scripts/bench.
 *
 * usage: stick PORT [CA.pem] < message     (the CA: STARTTLS, verified)
 *
 * It trusts the message to have CR LF as line ends, and the server to say yes;
 * dots are doubled. What it costs is the floor that others are measured against.
 * Built without TLS and static for the start-up, with OpenSSL for the rest. The
 * body goes out in blocks of 64 KiB as it is read.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536

struct link {
	int fd;
	void *tls;
};

#ifdef TLS
#include <openssl/ssl.h>

static void
secure(struct link *l, const char *ca)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls;

	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_file(context, ca) != 1)
		exit(78);
	tls = SSL_new(context);
	SSL_set_tlsext_host_name(tls, "localhost");
	if (SSL_set1_host(tls, "localhost") != 1 ||
	    SSL_set_fd(tls, l->fd) != 1 || SSL_connect(tls) != 1)
		exit(69);
	l->tls = tls;
}

static ssize_t
take(struct link *l, char *p, size_t n)
{
	return l->tls ? SSL_read(l->tls, p, (int)n) : read(l->fd, p, n);
}

static ssize_t
give(struct link *l, const char *p, size_t n)
{
	return l->tls ? SSL_write(l->tls, p, (int)n) : write(l->fd, p, n);
}

#else

static void
secure(struct link *l, const char *ca)
{
	(void)l;
	(void)ca;
	exit(64);
}

static ssize_t
take(struct link *l, char *p, size_t n)
{
	return read(l->fd, p, n);
}

static ssize_t
give(struct link *l, const char *p, size_t n)
{
	return write(l->fd, p, n);
}

#endif

static void
send_all(struct link *l, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = give(l, p, n);

		if (sent <= 0)
			exit(74);
		p += sent;
		n -= (size_t)sent;
	}
}

/* A block of the body; *fresh: a line begins with the next octet. */
static void
send_block(struct link *l, const char *p, size_t n, int *fresh)
{
	const char *end = p + n, *from = p;

	while (p < end) {
		if (*fresh && *p == '.') {
			send_all(l, from, (size_t)(p - from));
			send_all(l, ".", 1);
			from = p;
		}
		p = memchr(p, '\n', (size_t)(end - p));
		*fresh = p != NULL;
		p = p ? p + 1 : end;
	}
	send_all(l, from, (size_t)(end - from));
}

static void
say(struct link *l, const char *text)
{
	send_all(l, text, strlen(text));
}

/* Wait until so many replies have come: lines whose fourth octet is a blank. */
static void
hear(struct link *l, int replies)
{
	char buf[4096];
	size_t n = 0, start = 0;

	while (replies > 0) {
		ssize_t got = take(l, buf + n, sizeof buf - n);

		if (got <= 0)
			exit(75);
		n += (size_t)got;
		for (size_t i = start; i < n; i++) {
			if (buf[i] != '\n')
				continue;
			if (buf[start] != '2' && buf[start] != '3')
				exit(69);
			replies -= buf[start + 3] == ' ';
			start = i + 1;
		}
	}
}

static int
dial(unsigned short port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		exit(75);
	return fd;
}

int
main(int argc, char **argv)
{
	static char block[BLOCK];
	struct link l = { 0 };
	int fresh = 1;
	ssize_t n;

	if (argc < 2)
		return 64;
	l.fd = dial((unsigned short)strtoul(argv[1], NULL, 10));
	hear(&l, 1);
	say(&l, "EHLO bench.test\r\n");
	hear(&l, 1);
	if (argc > 2) {
		say(&l, "STARTTLS\r\n");
		hear(&l, 1);
		secure(&l, argv[2]);
		say(&l, "EHLO bench.test\r\n");
		hear(&l, 1);
	}
	say(&l, "MAIL FROM:<a@bench.test>\r\nRCPT TO:<b@bench.test>\r\nDATA\r\n");
	hear(&l, 3);
	while ((n = read(0, block, sizeof block)) > 0)
		send_block(&l, block, (size_t)n, &fresh);
	say(&l, ".\r\n");
	hear(&l, 1);
	say(&l, "QUIT\r\n");
	return 0;
}
