/* SPDX-License-Identifier: ISC */
/* local.c - see local.h */
#include "net/local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/slice.h"

#define FIRST_FD 3   /* of those that were handed over (sd_listen_fds(3)) */
#define FDS_MAX	 256 /* ... more than these are not looked at */

/* False with ENAMETOOLONG. */
static bool
put_path(struct sockaddr_un *at, const char *path)
{
	size_t n = strlen(path);

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof at->sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(at->sun_path, path, n + 1);
	return true;
}

static int
close_failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

/* type: SOCK_STREAM or SOCK_SEQPACKET. */
static int
open_socket(int type)
{
	return socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int
connect_to(const char *path, int type)
{
	struct sockaddr_un at;
	int fd;

	if (!put_path(&at, path))
		return -1;
	fd = open_socket(type);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	return close_failed(fd);
}

int
local_connect(const char *path)
{
	return connect_to(path, SOCK_STREAM);
}

int
local_connect_packets(const char *path)
{
	return connect_to(path, SOCK_SEQPACKET);
}

/* Does somebody listen there?  A full queue of arrivals says so, too. */
static bool
is_taken(const char *path, int type, struct local_peer *who)
{
	int fd = connect_to(path, type);

	*who = (struct local_peer){ 0 };
	if (fd < 0)
		return errno == EAGAIN;
	local_peer(fd, who);
	close(fd);
	return true;
}

/* Nobody can connect before listen(2), so the mode is there in time. */
static int
listen_at(const char *path, int type, unsigned mode)
{
	struct sockaddr_un at;
	int fd;

	if (!put_path(&at, path))
		return -1;
	fd = open_socket(type);
	if (fd < 0)
		return -1;
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
	    chmod(path, (mode_t)mode) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	return close_failed(fd);
}

/* Made under another name: a socket at `path` is always listened at. */
static int
put_in_place(const char *path, int type, unsigned mode)
{
	char name[sizeof((struct sockaddr_un *)0)->sun_path];
	int n = snprintf(name, sizeof name, "%s.%ld", path, (long)getpid());
	int fd, error;

	if (n < 0 || (size_t)n >= sizeof name) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = listen_at(name, type, mode);
	if (fd >= 0 && rename(name, path) == 0)
		return fd;
	error = errno;
	unlink(name);
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

/* A file of another kind is not ours to replace. */
static bool
is_in_the_way(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

static int
listen_as(const char *path, int type, unsigned mode, struct outcome *why)
{
	struct local_peer who = { 0 };
	int fd = -1;

	if (is_in_the_way(path))
		errno = EEXIST;
	else if (is_taken(path, type, &who))
		errno = EADDRINUSE;
	else
		fd = put_in_place(path, type, mode);
	if (fd < 0 && who.pid > 0)
		outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 5),
		    "cannot listen at %s: process %d does so already", path,
		    who.pid);
	else if (fd < 0)
		outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 5),
		    "cannot listen at %s: %s", path, strerror(errno));
	return fd;
}

int
local_listen(const char *path, unsigned mode, struct outcome *why)
{
	return listen_as(path, SOCK_STREAM, mode, why);
}

int
local_listen_packets(const char *path, unsigned mode, struct outcome *why)
{
	return listen_as(path, SOCK_SEQPACKET, mode, why);
}

/* ---- handed over ---- */

/* What the variable says; 0 when that is no number. */
static uint64_t
read_number(const char *variable)
{
	uint64_t v;

	return slice_to_uint(slice_of(getenv(variable)), INT_MAX, &v) ? v : 0;
}

static bool
is_listening(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

static bool
is_at(int fd, const char *path)
{
	struct sockaddr_un at = { 0 };
	socklen_t n = sizeof at;

	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0 ||
	    at.sun_family != AF_UNIX)
		return false;
	return slice_eq(slice_of(path), (struct slice){ at.sun_path,
	    strnlen(at.sun_path, sizeof at.sun_path) });
}

/* Is the n-th of the names, which colons separate, this one? */
static bool
is_named(int n, const char *name)
{
	struct slice names = slice_of(getenv("LISTEN_FDNAMES")), one;

	while (slice_cut(&names, ':', &one))
		if (n-- == 0)
			return slice_eq(one, slice_of(name));
	return false;
}

/* What comes by exec has neither flag. */
static int
adopt(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return fd;
}

/* How many there are for us. */
static int
count_inherited(void)
{
	int n = (int)read_number("LISTEN_FDS");

	if (read_number("LISTEN_PID") != (uint64_t)getpid())
		return 0;
	return n < FDS_MAX ? n : FDS_MAX;
}

int
local_inherited(const char *path, const char *name)
{
	int n = count_inherited();

	for (int i = 0; i < n; i++)
		if (is_listening(FIRST_FD + i) && is_at(FIRST_FD + i, path))
			return adopt(FIRST_FD + i);
	for (int i = 0; i < n; i++)
		if (is_listening(FIRST_FD + i) && is_named(i, name))
			return adopt(FIRST_FD + i);
	return -1;
}

size_t
local_inherited_all(const char *name, int *fd, size_t max)
{
	int n = count_inherited();
	size_t found = 0;

	for (int i = 0; i < n && found < max; i++)
		if (is_listening(FIRST_FD + i) && is_named(i, name) &&
		    adopt(FIRST_FD + i) >= 0)
			fd[found++] = FIRST_FD + i;
	return found;
}

bool
local_peer(int fd, struct local_peer *out)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof at;
	struct ucred who;

	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0 ||
	    at.ss_family != AF_UNIX)
		return false;
	n = sizeof who;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		return false;
	*out = (struct local_peer){ .uid = who.uid, .gid = who.gid,
		.pid = who.pid };
	return true;
}
