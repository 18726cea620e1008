/* SPDX-License-Identifier: ISC */
/*
 * stick-queue.c - the least that keeps the promise of a queue: the same writes
 * and syncs, and nothing else. For scripts/bench-queue.
 *
 * usage: stick-queue add FOLDER [COUNT] < message
 *	  stick-queue mark FOLDER COUNT AT_ONCE
 * prints (but with one add): MICROSECONDS
 *
 * add: a file without a name, a header and two banks of 4 KiB, the message;
 * fsync, lock, link, fsync of the folder.  mark: AT_ONCE processes overwrite 64
 * octets of their files in turn, and sync each.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILES 8 /* that a marker goes round */

static long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void
die_if(int failed, const char *what)
{
	if (failed) {
		perror(what);
		exit(75);
	}
}

static int
open_new(const char *folder)
{
	static char head[3 * 4096];
	int fd = open(folder, O_TMPFILE | O_RDWR, 0600);

	die_if(fd < 0, "open");
	die_if(write(fd, head, sizeof head) < 0, "write");
	return fd;
}

static void
add(const char *folder, int where, const char *text, size_t n)
{
	struct flock all = { .l_type = F_WRLCK };
	char from[40], name[40];
	int fd = open_new(folder);

	die_if(write(fd, text, n) < 0, "write");
	die_if(fsync(fd) < 0, "fsync");
	die_if(fcntl(fd, F_OFD_SETLK, &all) < 0, "lock");
	snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	snprintf(name, sizeof name, "%d.%ld", getpid(), now_us());
	die_if(linkat(AT_FDCWD, from, where, name, AT_SYMLINK_FOLLOW) < 0,
	    "link");
	die_if(fsync(where) < 0, "fsync");
	close(fd);
}

static void
add_all(const char *folder, int where, long count)
{
	static char text[1 << 20];
	ssize_t n = read(0, text, sizeof text);

	die_if(n < 0, "read");
	while (count-- > 0)
		add(folder, where, text, (size_t)n);
}

static void
mark(const char *folder, long count)
{
	char slot[64] = { 0 };
	int fd[FILES];

	for (int i = 0; i < FILES; i++) {
		fd[i] = open_new(folder);
		die_if(fsync(fd[i]) < 0, "fsync");
	}
	while (count-- > 0) {
		slot[0]++;
		die_if(pwrite(fd[count % FILES], slot, sizeof slot, 4096) < 0,
		    "write");
		die_if(fdatasync(fd[count % FILES]) < 0, "fdatasync");
	}
}

int
main(int argc, char **argv)
{
	int where = argc < 3 ? -1 : open(argv[2], O_DIRECTORY);
	long count = argc > 3 ? atol(argv[3]) : 1, since = now_us();

	die_if(where < 0, "folder");
	if (strcmp(argv[1], "add") == 0) {
		add_all(argv[2], where, count);
	} else {
		for (long i = 0; i < atol(argv[4]); i++)
			if (fork() == 0) {
				mark(argv[2], count / atol(argv[4]));
				return 0;
			}
		while (wait(NULL) > 0)
			continue;
	}
	if (argc > 3)
		printf("%ld\n", now_us() - since);
	return 0;
}
