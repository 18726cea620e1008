/* SPDX-License-Identifier: ISC */
/* stream.c - the clear stream, and the calls every kind shares. */
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"

static enum io
fail(struct stream *s, int error)
{
	snprintf(s->error, sizeof s->error, "%s", strerror(error));
	return IO_ERROR;
}

static enum io
again(struct stream *s, short events)
{
	s->events = events;
	return IO_AGAIN;
}

enum io
stream_recv(struct stream *s, char *to, size_t max, size_t *n)
{
	ssize_t got;

	do {
		got = recv(s->fd, to, max, 0);
	} while (got < 0 && errno == EINTR);
	if (got == 0)
		return IO_END;
	if (got > 0) {
		*n = (size_t)got;
		return IO_OK;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return again(s, POLLIN);
	return fail(s, errno);
}

enum io
stream_send(struct stream *s, struct slice data, size_t *n)
{
	ssize_t put;

	do {
		put = send(s->fd, data.p, data.n, MSG_NOSIGNAL);
	} while (put < 0 && errno == EINTR);
	if (put > 0) {
		*n = (size_t)put;
		s->given += *n;
		return IO_OK;
	}
	if (put == 0 || errno == EAGAIN || errno == EWOULDBLOCK)
		return again(s, POLLOUT);
	return fail(s, errno);
}

static enum io
clear_flush(struct stream *s)
{
	(void)s;
	return IO_OK;
}

static uint64_t
clear_arrived(const struct stream *s)
{
	return stream_acknowledged(s, s->given);
}

static void
clear_nothing(struct stream *s)
{
	(void)s;
}

static const struct stream_ops clear_ops = {
	.read = stream_recv,
	.write = stream_send,
	.flush = clear_flush,
	.arrived = clear_arrived,
	.shutdown = clear_nothing,
	.free = clear_nothing,
};

void
stream_open(struct stream *s, int fd)
{
	*s = (struct stream){ .ops = &clear_ops, .fd = fd };
}

struct ip
stream_local(const struct stream *s)
{
	struct endpoint at = { 0 };

	sockaddr_local(s->fd, &at);
	return at.ip;
}

enum io
stream_read(struct stream *s, char *to, size_t max, size_t *n)
{
	assert(max > 0);
	*n = 0;
	return s->ops->read(s, to, max, n);
}

/* The way out of every write. */
static enum io
note(struct stream *s, enum io io)
{
	s->broken = io == IO_ERROR;
	return io;
}

enum io
stream_write(struct stream *s, struct slice data, size_t *n)
{
	assert(data.n > 0);
	*n = 0;
	return note(s, s->broken ? IO_ERROR : s->ops->write(s, data, n));
}

enum io
stream_flush(struct stream *s)
{
	return note(s, s->broken ? IO_ERROR : s->ops->flush(s));
}

uint64_t
stream_acknowledged(const struct stream *s, uint64_t given)
{
	uint64_t queued;
	int n;

	if (given == 0 || ioctl(s->fd, SIOCOUTQ, &n) != 0 || n < 0)
		return given;
	queued = (uint64_t)n;
	return queued < given ? given - queued : 0;
}

uint64_t
stream_arrived(const struct stream *s)
{
	return s->ops->arrived(s);
}

void
stream_close(struct stream *s)
{
	if (!s->ops)
		return;
	if (s->broken) /* for the kinds whose library writes by itself */
		shutdown(s->fd, SHUT_RDWR);
	else
		s->ops->shutdown(s);
	s->ops->free(s);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct stream){ .fd = -1 };
}

/* RFC 9293 3.10.7.1's ABORT: what connect(2) does to AF_UNSPEC. */
void
stream_abandon(struct stream *s, bool reset)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	s->broken = true;
	if (reset && s->fd >= 0 &&
	    connect(s->fd, &nobody, sizeof nobody) != 0)
		s->broken = true; /* a socket of another kind just closes */
	stream_close(s);
}

const char *
stream_error(const struct stream *s)
{
	return s->error;
}
