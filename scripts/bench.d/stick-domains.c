/* SPDX-License-Identifier: ISC */
/*
 * stick-domains.c - the least that the kernel must be asked for a mail to each
 * of many domains, for scripts/bench.
 *
 * usage: stick-domains SMTP-PORT DNS-PORT N KIND < message
 *
 * Three questions (MX, and A and AAAA of the host) and a connection with one
 * mail for each domain dN.KIND.test, one after the other, blocking. Nothing is
 * parsed or decided: answers are taken, replies counted by their line ends.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { A = 1, MX = 15, AAAA = 28, REPLY = 4096, LARGEST = 65536 };

static int
reach(int kind, const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)strtoul(port, NULL, 10)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, kind, 0), on = 1;

	if (kind == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
		exit(69);
	return fd;
}

/* A question's name: labels with their lengths before them. */
static size_t
put_name(unsigned char *to, const char *name)
{
	size_t at = 0, n;

	for (; *name; name += n + (name[n] == '.')) {
		n = strcspn(name, ".");
		to[at++] = (unsigned char)n;
		memcpy(to + at, name, n);
		at += n;
	}
	to[at++] = 0;
	return at;
}

static void
ask(int dns, const char *name, int type)
{
	unsigned char packet[512] = { 0, 1, 1, 0, 0, 1 };
	size_t n = 12 + put_name(packet + 12, name);

	packet[n + 1] = (unsigned char)type;
	packet[n + 3] = 1;
	if (send(dns, packet, n + 4, 0) < 0 ||
	    recv(dns, packet, sizeof packet, 0) < 12)
		exit(69);
}

/* Say something, if there is something to say, and take so many lines. */
static void
say(int fd, const char *text, size_t n, int lines)
{
	char reply[REPLY];
	ssize_t got;

	if (n > 0 && send(fd, text, n, 0) != (ssize_t)n)
		exit(69);
	while (lines > 0) {
		got = recv(fd, reply, sizeof reply, 0);
		if (got <= 0)
			exit(69);
		while (got-- > 0)
			lines -= reply[got] == '\n';
	}
}

static void
greet(int fd)
{
	char reply[REPLY];

	say(fd, NULL, 0, 1);
	say(fd, "EHLO bench.test\r\n", 17, 0);
	if (recv(fd, reply, sizeof reply, 0) <= 0)
		exit(69);
}

static void
mail(const char *port, const char *domain, const char *message, size_t n)
{
	static char flight[LARGEST + 512];
	int fd = reach(SOCK_STREAM, port);
	size_t head = (size_t)snprintf(flight, 512,
	    "MAIL FROM:<a@bench.test> SIZE=%zu\r\nRCPT TO:<b@%s>\r\n"
	    "BDAT %zu LAST\r\n", n, domain, n);

	greet(fd);
	memcpy(flight + head, message, n);
	say(fd, flight, head + n, 3);
	say(fd, "QUIT\r\n", 6, 0);
	close(fd);
}

int
main(int argc, char **argv)
{
	static char message[LARGEST];
	char domain[64], host[80];
	size_t n = fread(message, 1, sizeof message, stdin);
	unsigned long count;
	int dns;

	if (argc != 5)
		return 64;
	dns = reach(SOCK_DGRAM, argv[2]);
	count = strtoul(argv[3], NULL, 10);
	for (unsigned long i = 1; i <= count; i++) {
		snprintf(domain, sizeof domain, "d%lu.%s.test", i, argv[4]);
		snprintf(host, sizeof host, "mx.%s", domain);
		ask(dns, domain, MX);
		ask(dns, host, A);
		ask(dns, host, AAAA);
		mail(argv[1], domain, message, n);
	}
	return 0;
}
