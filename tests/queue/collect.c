/* SPDX-License-Identifier: ISC */
/*
 * collect - the command of an alias: keep what it is given, once and for all.
 *
 *	collect FILE [STATUS]
 *
 * Keeps all of its standard input in a new file FILE.XXXXXX.whole, which has
 * this name only when all of it is there and synced, and exits with 0; with a
 * STATUS it reads all, keeps nothing and exits so.
 *
 * One file for all would not do: kill -9 ends a write of several pages after
 * any of them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST (1 << 20)

static char octets[MOST];

int
main(int argc, char **argv)
{
	char name[4096], whole[sizeof name + 8];
	size_t n = 0;
	ssize_t got;
	int fd;

	while ((got = read(STDIN_FILENO, octets + n, sizeof octets - n)) > 0)
		n += (size_t)got;
	if (argc != 2 || got < 0)
		return argc == 3 ? atoi(argv[2]) : 75;
	snprintf(name, sizeof name, "%s.XXXXXX", argv[1]);
	fd = mkstemp(name);
	if (fd < 0 || fchmod(fd, 0644) != 0 ||
	    write(fd, octets, n) != (ssize_t)n || fsync(fd) != 0)
		return 75;
	snprintf(whole, sizeof whole, "%s.whole", name);
	return rename(name, whole) == 0 ? 0 : 75;
}
