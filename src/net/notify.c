/* SPDX-License-Identifier: ISC */
/* notify.c - see notify.h */
#include "net/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/slice.h"

/* Connected, so that each message needs no address. */
static int
open_socket(const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = name ? strlen(name) : 0;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    n);
	int fd;

	if (n < 2 || n >= sizeof to.sun_path ||
	    (name[0] != '/' && name[0] != '@'))
		return -1;
	memcpy(to.sun_path, name, n);
	if (name[0] == '@')
		to.sun_path[0] = '\0'; /* of the abstract kind */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, size) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static uint64_t
number(const char *name)
{
	const char *text = getenv(name);
	uint64_t n;

	return text && slice_to_uint(slice_of(text), INT64_MAX, &n) ? n : 0;
}

void
notify_open(struct notify *n)
{
	uint64_t pid = number("WATCHDOG_PID");

	*n = NOTIFY_NONE;
	n->fd = open_socket(getenv("NOTIFY_SOCKET"));
	if (pid == 0 || pid == (uint64_t)getpid())
		n->interval = (int64_t)number("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	*n = NOTIFY_NONE;
}

void
notify_put(const struct notify *n, const char *text)
{
	if (n->fd >= 0)
		send(n->fd, text, strlen(text), MSG_NOSIGNAL);
}
