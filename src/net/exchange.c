/* SPDX-License-Identifier: ISC */
/* exchange.c - see exchange.h */
#include "net/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/limit.h"
#include "net/sockaddr.h"

#define MISMATCHES_MAX 3
#define PACKET_MAX     65535
#define DATAGRAM_MAX   4096 /* three times what our OPT record allows */
#define PREFIX	       2 /* TCP: the length of the packet (RFC 1035 4.2.2) */

static enum exchange_state
failed(struct exchange *x, const char *why)
{
	snprintf(x->why, sizeof x->why, "%s", why);
	return EXCHANGE_FAILED;
}

/* For what the kernel refused. */
static enum exchange_state
failed_by(struct exchange *x, int error)
{
	failed(x, strerror(error));
	return limit_is_shortage(error) ? EXCHANGE_STARVED : EXCHANGE_FAILED;
}

static void
close_socket(struct exchange *x)
{
	if (x->by == BY_UDP && x->is_clean && x->sockets)
		sockets_give(x->sockets, &x->server, x->fd);
	else if (x->by != BY_NOTHING)
		close(x->fd);
	x->is_clean = false;
	x->by = BY_NOTHING;
	x->slot = WAIT_NO_SLOT;
}

void
exchange_stop(struct exchange *x)
{
	close_socket(x);
	buf_free(&x->out);
	buf_free(&x->in);
}

/* The question after its length, as TCP wants it; UDP leaves that out. */
static bool
put_question(struct exchange *x)
{
	struct buf packet = { 0 };
	bool ok = x->raw ?
	    x->codec->query_put_raw(&packet, slice_of(x->name), x->type,
		x->id) :
	    x->codec->query_put(&packet, slice_of(x->name), x->type, x->id,
		x->edns);

	buf_clear(&x->out);
	buf_putc(&x->out, (char)(packet.n >> 8));
	buf_putc(&x->out, (char)packet.n);
	buf_put(&x->out, buf_slice(&packet));
	buf_free(&packet);
	return ok;
}

static bool
open_socket(struct exchange *x, int type)
{
	struct sockaddr_storage to;
	socklen_t n = sockaddr_put(&to, &x->server);

	close_socket(x);
	x->fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (x->fd < 0)
		return false;
	x->by = type == SOCK_DGRAM ? BY_UDP : BY_TCP;
	return connect(x->fd, (struct sockaddr *)&to, n) == 0 ||
	    errno == EINPROGRESS;
}

/* One that is open already, or a new one. */
static bool
open_udp(struct exchange *x)
{
	int fd = x->sockets ? sockets_take(x->sockets, &x->server) : -1;

	if (fd < 0)
		return open_socket(x, SOCK_DGRAM);
	close_socket(x);
	x->fd = fd;
	x->by = BY_UDP;
	return true;
}

/* Nothing more to do now: true for what poll() will tell when it passes. */
static bool
is_again(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

enum exchange_state
exchange_start(struct exchange *x, const struct dns_codec *codec,
    const struct endpoint *server, const struct dns_question *question,
    bool edns)
{
	struct slice packet;
	ssize_t n;

	x->codec = codec;
	x->server = *server;
	x->name = question->name;
	x->type = question->type;
	x->edns = edns;
	x->raw = question->raw;
	x->mismatches = 0;
	if (getrandom(&x->id, sizeof x->id, 0) != sizeof x->id)
		return failed_by(x, errno);
	if (!put_question(x))
		return failed(x, "not a domain name");
	if (!open_udp(x))
		return failed_by(x, errno);
	packet = slice_from(buf_slice(&x->out), PREFIX);
	do {
		n = send(x->fd, packet.p, packet.n, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && !is_again(errno))
		return failed_by(x, errno);
	return EXCHANGE_BUSY;
}

/* Ask again over TCP; the query in x->out is still whole. */
static enum exchange_state
start_tcp(struct exchange *x)
{
	buf_clear(&x->in);
	x->in.max = PREFIX + PACKET_MAX;
	if (!open_socket(x, SOCK_STREAM))
		return failed_by(x, errno);
	return EXCHANGE_BUSY;
}

static bool
matches(const struct exchange *x, struct slice packet)
{
	return x->codec->matches(packet, slice_of(x->name), x->type, x->id);
}

/* One that is larger than any that we allow is cut. */
static enum exchange_state
got_datagram(struct exchange *x, bool is_cut)
{
	struct slice packet = buf_slice(&x->in);

	if (!matches(x, packet))
		return ++x->mismatches < MISMATCHES_MAX ? EXCHANGE_BUSY :
		    start_tcp(x);
	if (is_cut || x->codec->is_truncated(packet))
		return start_tcp(x);
	x->is_clean = x->mismatches == 0;
	return EXCHANGE_ANSWERED;
}

static enum exchange_state
step_udp(struct exchange *x)
{
	enum exchange_state state = EXCHANGE_BUSY;

	while (state == EXCHANGE_BUSY && x->by == BY_UDP) {
		char packet[DATAGRAM_MAX];
		ssize_t n = recv(x->fd, packet, sizeof packet, MSG_TRUNC);

		if (n < 0)
			return is_again(errno) ? EXCHANGE_BUSY :
			    failed_by(x, errno);
		buf_clear(&x->in);
		buf_put(&x->in, slice_first((struct slice){ packet,
		    (size_t)n }, sizeof packet));
		state = got_datagram(x, (size_t)n > sizeof packet);
	}
	return state;
}

/* On a socket that is still connecting, send() says EAGAIN. */
static enum exchange_state
send_question(struct exchange *x)
{
	struct slice rest = buf_slice(&x->out);
	ssize_t n = send(x->fd, rest.p, rest.n, MSG_NOSIGNAL);

	if (n < 0)
		return is_again(errno) ? EXCHANGE_BUSY :
		    failed_by(x, errno);
	buf_consume(&x->out, (size_t)n);
	return EXCHANGE_BUSY;
}

/* Octets of the whole answer, its length included, as far as it is known. */
static size_t
expected(const struct exchange *x)
{
	struct slice in = buf_slice(&x->in);

	if (in.n < PREFIX)
		return PREFIX;
	return PREFIX + ((size_t)(unsigned char)in.p[0] << 8 |
	    (unsigned char)in.p[1]);
}

static enum exchange_state
got_stream(struct exchange *x)
{
	struct slice packet = exchange_packet(x);

	if (!matches(x, packet))
		return failed(x, "answer to another question");
	if (x->codec->is_truncated(packet))
		return failed(x, "truncated answer over TCP");
	return EXCHANGE_ANSWERED;
}

static enum exchange_state
receive_stream(struct exchange *x)
{
	while (x->in.n < PREFIX || x->in.n < expected(x)) {
		size_t want = expected(x) - x->in.n;
		ssize_t n = recv(x->fd, buf_reserve(&x->in, want), want, 0);

		if (n < 0)
			return is_again(errno) ? EXCHANGE_BUSY :
			    failed_by(x, errno);
		if (n == 0)
			return failed(x, "connection closed early");
		buf_grow(&x->in, (size_t)n);
	}
	return got_stream(x);
}

void
exchange_wait(struct exchange *x, struct wait *w)
{
	bool sends = x->by == BY_TCP && x->out.n > 0;

	x->slot = wait_add(w, x->fd, sends ? POLLOUT : POLLIN);
}

enum exchange_state
exchange_step(struct exchange *x, const struct wait *w)
{
	if (wait_ready(w, x->slot) == 0)
		return EXCHANGE_BUSY;
	if (x->by == BY_UDP)
		return step_udp(x);
	if (x->out.n > 0)
		return send_question(x);
	return receive_stream(x);
}

struct slice
exchange_packet(const struct exchange *x)
{
	return slice_from(buf_slice(&x->in),
	    x->by == BY_TCP ? PREFIX : 0);
}
