/* SPDX-License-Identifier: ISC */
/*
 * collect - the command of an alias: keep what it is given, once and for all.
 *
 *	collect FILE [STATUS]
 *
 * Appends all of its standard input to FILE in one write, its length before it
 * in a line of its own, syncs that and exits with 0; with a STATUS it reads
 * all, keeps nothing and exits so.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD 16
#define MOST (1 << 20)

static char octets[HEAD + MOST];

int
main(int argc, char **argv)
{
	size_t n = HEAD;
	ssize_t got;
	int fd;

	while ((got = read(STDIN_FILENO, octets + n, sizeof octets - n)) > 0)
		n += (size_t)got;
	if (argc != 2 || got < 0)
		return argc == 3 ? atoi(argv[2]) : 75;
	snprintf(octets, HEAD, "%*zu", HEAD - 1, n - HEAD);
	octets[HEAD - 1] = '\n';
	fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, octets, n) != (ssize_t)n || fsync(fd) != 0)
		return 75;
	return 0;
}
