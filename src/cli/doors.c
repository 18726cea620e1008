/* SPDX-License-Identifier: ISC */
/* doors.c - see doors.h */
#include "cli/doors.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/local.h"
#include "net/sockaddr.h"

#define NAME	"smtp" /* FileDescriptorName= */
#define BACKLOG 512

/* ---- handed over ---- */

/* Whoever opened it: nobody from elsewhere may hand in. */
static void
adopt(struct doors *d, int fd)
{
	struct endpoint at;

	if (sockaddr_local(fd, &at) && ip_is_loopback(&at.ip)) {
		d->fd[d->n++] = fd;
		return;
	}
	d->strange = true;
	close(fd);
}

static bool
is_open(const struct doors *d, const struct endpoint *at)
{
	struct endpoint e;

	for (size_t i = 0; i < d->n; i++)
		if (sockaddr_local(d->fd[i], &e) && e.port == at->port &&
		    ip_eq(&e.ip, &at->ip))
			return true;
	return false;
}

/* ---- our own ---- */

/* A descriptor, or -1 with errno. */
static int
listen_at(const struct endpoint *at)
{
	struct sockaddr_storage addr;
	socklen_t n = sockaddr_put(&addr, at);
	int one = 1, error;
	int fd = socket(addr.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&addr, n) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static bool
is_absent(int error)
{
	return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

static const char *
hint(int error)
{
	if (is_absent(error))
		return "; this machine has no such address: take it out of "
		       "listen = of [queue]";
	switch (error) {
	case EADDRINUSE:
		return "; another mail server? It or listen = of [queue] must "
		       "go";
	case EACCES:
		return "; start the daemon as root, or enable "
		       "smtpsend-smtp.socket";
	}
	return "";
}

static bool
cannot(const struct endpoint *at, int error, struct outcome *why)
{
	struct buf name = { 0 };

	endpoint_put(&name, at);
	outcome_fail(why, DEFERRED,
	    error == EADDRINUSE ? STAGE_SYSTEM : STAGE_CONFIG, ESC(4, 3, 5),
	    "cannot listen at %s: %s%s", buf_str(&name), strerror(error),
	    hint(error));
	buf_free(&name);
	return false;
}

static bool
open_one(struct doors *d, const struct endpoint *at, struct outcome *why)
{
	int fd = listen_at(at);
	int error = errno;

	if (fd >= 0) {
		d->fd[d->n++] = fd;
		return true;
	}
	cannot(at, error, why);
	if (is_absent(error))
		d->absent[d->absents++] = *why;
	return is_absent(error);
}

bool
doors_open(struct doors *d, const struct queue_settings *q,
    struct outcome *why)
{
	int fd[LISTEN_MAX];
	size_t n = local_inherited_all(NAME, fd, LISTEN_MAX);
	struct listen wanted = { 0 };

	for (size_t i = 0; i < n; i++)
		adopt(d, fd[i]);
	if (q->listen)
		listen_parse(q->listen, &wanted);
	for (size_t i = 0; i < wanted.n; i++)
		if (!is_open(d, &wanted.at[i]) &&
		    !open_one(d, &wanted.at[i], why))
			return false;
	return d->n > 0 || d->absents == 0;
}

void
doors_close(struct doors *d)
{
	while (d->n > 0)
		close(d->fd[--d->n]);
}
