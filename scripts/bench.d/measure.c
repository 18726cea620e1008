/* SPDX-License-Identifier: ISC */
/*
 * measure.c - run a command and print what it cost, for scripts/bench.
 *
 * usage: measure SECONDS INPUT COMMAND [ARG...]
 * prints: STATUS WALL_US CPU_US PEAK_KIB   (status 124: it took too long)
 *
 * INPUT is a file, or "|file": the same through a pipe, fed by a child that
 * only splices. A small program of its own, because a child's peak memory on
 * Linux begins with that of the process that forked it, and Python's is ten
 * megabytes.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long
microseconds(struct timeval t)
{
	return (long)t.tv_sec * 1000000 + (long)t.tv_usec;
}

static long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A pipe's reading end with the file coming out of it. */
static int
feed(const char *path)
{
	int in = open(path, O_RDONLY | O_CLOEXEC), fd[2];

	if (in < 0 || pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	if (fork() == 0) {
		close(fd[0]);
		while (splice(in, NULL, fd[1], NULL, 1 << 20, 0) > 0)
			;
		_exit(0);
	}
	close(in);
	close(fd[1]);
	return fd[0];
}

/* The child: input on 0, silence on 1, killed by an alarm if too slow. */
static void
become(unsigned seconds, int in, char **command)
{
	int out = open("/dev/null", O_WRONLY);

	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
		_exit(126);
	alarm(seconds);
	execvp(command[0], command);
	_exit(127);
}

int
main(int argc, char **argv)
{
	struct rusage used;
	int status;

	if (argc < 4)
		return 64;
	const char *input = argv[2];
	int in = *input == '|' ? feed(input + 1) :
				 open(input, O_RDONLY | O_CLOEXEC);
	long start = now_us();
	pid_t pid = fork();
	if (pid == 0)
		become((unsigned)strtoul(argv[1], NULL, 10), in, argv + 3);
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		return 71;
	printf("%d %ld %ld %ld\n",
	    WIFSIGNALED(status) ? 124 : WEXITSTATUS(status), now_us() - start,
	    microseconds(used.ru_utime) + microseconds(used.ru_stime),
	    used.ru_maxrss);
	return 0;
}
