/* SPDX-License-Identifier: ISC */
/*
 * many.c - a command started many times, for scripts/bench-queue.
 *
 * usage: many COUNT AT_ONCE FILE COMMAND...
 * prints: MICROSECONDS FAILURES
 *
 * FILE is each one's standard input. As soon as one ends the next begins.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void
start(char **argv)
{
	posix_spawn_file_actions_t files;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, argv[3], O_RDONLY, 0);
	if (posix_spawnp(&pid, argv[4], &files, NULL, argv + 4, environ) != 0)
		exit(71);
	posix_spawn_file_actions_destroy(&files);
}

int
main(int argc, char **argv)
{
	long begun = 0, failures = 0, count, at_once, since;
	int status;

	if (argc < 5)
		return 64;
	count = atol(argv[1]);
	at_once = atol(argv[2]);
	since = now_us();
	for (long ended = 0; ended < count; ended++) {
		while (begun < count && begun - ended < at_once) {
			start(argv);
			begun++;
		}
		wait(&status);
		failures += status != 0;
	}
	printf("%ld %ld\n", now_us() - since, failures);
	return 0;
}
