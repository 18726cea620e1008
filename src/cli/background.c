/* SPDX-License-Identifier: ISC */
/* background.c - see background.h */
#include "cli/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/* A byte: it is ready.  None: it has ended, and its status is ours. */
static int
wait_for(pid_t child, int fd)
{
	int how = 0;
	ssize_t n;
	char c;

	do
		n = read(fd, &c, 1);
	while (n < 0 && errno == EINTR);
	close(fd);
	if (n == 1)
		return EX_OK;
	while (waitpid(child, &how, 0) < 0)
		if (errno != EINTR)
			return EX_OSERR;
	return WIFEXITED(how) && WEXITSTATUS(how) != 0 ? WEXITSTATUS(how) :
							 EX_SOFTWARE;
}

bool
background_start(struct background *b, int *status)
{
	int fds[2];
	pid_t pid;

	*status = EX_OSERR;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		b->fd = fds[1];
		setsid();
		return true;
	}
	close(fds[1]);
	if (pid > 0)
		*status = wait_for(pid, fds[0]);
	else
		close(fds[0]);
	return false;
}

void
background_ready(struct background *b)
{
	int null = b->fd >= 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;

	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (b->fd < 0)
		return;
	if (write(b->fd, "", 1) < 0)
		b->fd = -1; /* he has gone: nobody to tell */
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}
