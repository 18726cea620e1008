/* SPDX-License-Identifier: ISC */
/* serve_listen.c - a socket to listen on, see serve.h */
#include "serve/serve.h"

#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"

#define BACKLOG 1024

static int
open_listener(const struct endpoint *at)
{
	struct sockaddr_storage addr;
	socklen_t n = sockaddr_put(&addr, at);
	int one = 1;
	int fd = socket(addr.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&addr, n) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

int
serve_open(struct endpoint *at)
{
	int fd = open_listener(at);

	if (fd < 0 || sockaddr_local(fd, at))
		return fd;
	close(fd);
	return -1;
}
