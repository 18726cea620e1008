/* SPDX-License-Identifier: ISC */
/*
 * submit.c - one connection to the submission socket, and message after message
 * over it, each when the one before was answered. For scripts/bench-queue.
 *
 * usage: submit SOCKET COUNT < message (CR LF, no dot at the start of a line)
 * prints: MICROSECONDS
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int fd;

static long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void
say(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, text, n);

		if (done <= 0)
			exit(69);
		text += done;
		n -= (size_t)done;
	}
}

/* So many replies, the last of which begins with this digit. */
static void
expect(int replies, char digit)
{
	static char in[65536];
	static size_t have;
	char *end;

	while (replies > 0) {
		end = memchr(in, '\n', have);
		if (!end) {
			ssize_t n = read(fd, in + have, sizeof in - have);

			if (n <= 0)
				exit(69);
			have += (size_t)n;
			continue;
		}
		if (in[3] != '-' && --replies == 0 && in[0] != digit) {
			fprintf(stderr, "%.*s", (int)(end - in + 1), in);
			exit(69);
		}
		have -= (size_t)(end + 1 - in);
		memmove(in, end + 1, have);
	}
}

int
main(int argc, char **argv)
{
	static const char mail[] = "MAIL FROM:<a@bench.test> QUEUEONLY\r\n"
	    "RCPT TO:<b@bench.test>\r\nDATA\r\n";
	static char text[1 << 20];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	ssize_t n = read(0, text, sizeof text - 3);
	long since;

	if (argc < 3 || n < 0)
		return 64;
	snprintf(at.sun_path, sizeof at.sun_path, "%s", argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0) {
		perror("connect");
		return 69;
	}
	memcpy(text + n, ".\r\n", 3);
	expect(1, '2');
	say("EHLO bench\r\n", 12);
	expect(1, '2');
	since = now_us();
	for (long i = atol(argv[2]); i > 0; i--) {
		say(mail, sizeof mail - 1);
		expect(3, '3');
		say(text, (size_t)n + 3);
		expect(1, '2');
	}
	printf("%ld\n", now_us() - since);
	return 0;
}
