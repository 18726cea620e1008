/* SPDX-License-Identifier: ISC */
/*
 * dial.c - see dial.h
 *
 * Every attempt is a non-blocking connect().  Whether one has come to an end is
 * asked of the socket itself (SO_ERROR, then its peer), not believed from the
 * poll set, so that a step too many does no harm.
 */
#include "net/dial.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/limit.h"
#include "net/sockaddr.h"

#define STAGGER MILLISECONDS(250) /* RFC 8305 section 5 */
#define PATIENCE SECONDS(30)

/* An event about target i, with its host, address and port. */
static void
report(struct dial *d, enum event_kind kind, size_t i, const char *key,
    struct slice value)
{
	const struct dial_target *t = &d->target[i];
	struct event e = event_make(kind, d->lane);
	struct buf scratch = { 0 };

	if (!events_wanted(d->events))
		return;
	event_text(&e, "host", slice_of(t->host));
	event_endpoint(&e, &t->at, &scratch);
	if (key)
		event_text(&e, key, value);
	events_put(d->events, &e);
	buf_free(&scratch);
}

static void
report_connected(struct dial *d, size_t i)
{
	struct endpoint local;
	struct buf text = { 0 };

	if (events_wanted(d->events) && sockaddr_local(d->fd, &local))
		endpoint_put(&text, &local);
	report(d, EVENT_CONNECTED, i, "local", buf_slice(&text));
	buf_free(&text);
}

static bool
is_path(const struct dial_target *t)
{
	return t->at.ip.version == 0 && t->host[0] == '/';
}

/* "mx1.example.net [192.0.2.1]:25", or "[192.0.2.1]:25" for a literal. */
static void
target_put(struct buf *out, const struct dial_target *t)
{
	struct buf ip = { 0 };
	struct slice host = slice_of(t->host);

	if (is_path(t)) {
		buf_puts(out, t->host);
		return;
	}
	ip_put(&ip, &t->at.ip);
	if (host.n > 0 && host.p[0] != '[' && !slice_eq(host, buf_slice(&ip)))
		buf_putf(out, "%s ", t->host);
	buf_putf(out, "[%s]:%u", buf_str(&ip), t->at.port);
	buf_free(&ip);
}

/* Attempt i is over: what became of it, as text. */
static void
fail_text(struct dial *d, size_t i, enum stage stage, const char *reason)
{
	struct dial_attempt *a = &d->attempt[i];
	struct buf at = { 0 };

	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	a->state = ATTEMPT_FAILED;
	target_put(&at, &d->target[i]);
	a->why = outcome_make(DEFERRED, stage,
	    stage == STAGE_SYSTEM ? ESC(4, 3, 0) : ESC(4, 4, 1),
	    "connect %s: %s", buf_str(&at), reason);
	outcome_set_host(&a->why, slice_of(d->target[i].host),
	    &d->target[i].at);
	report(d, EVENT_FAILED, i, "why", slice_of(a->why.text));
	buf_free(&at);
}

/*
 * Is it our own machine that lacks something (FAULTS row 23)?  Not when only
 * one of the IP versions is missing: the next host may have the other.
 */
static bool
is_local(int error)
{
	return limit_is_shortage(error) || error == EAGAIN ||
	    error == EADDRINUSE;
}

static void
fail(struct dial *d, size_t i, int error)
{
	fail_text(d, i, is_local(error) ? STAGE_SYSTEM : STAGE_CONNECT,
	    strerror(error));
	d->attempt[i].why.timed_out = error == ETIMEDOUT;
	d->attempt[i].short_of = is_local(error);
}

static bool
fail_source(struct dial *d, size_t i, enum stage stage, const char *reason)
{
	struct buf text = { 0 };

	buf_puts(&text, "from source address ");
	ip_put(&text, &d->options->source);
	buf_putf(&text, ": %s", reason);
	fail_text(d, i, stage, buf_str(&text));
	buf_free(&text);
	return false;
}

/* The port is chosen by connect(), which knows more of them to be free. */
static bool
bind_source(struct dial *d, size_t i)
{
	const struct endpoint from = { .ip = d->options->source };
	struct sockaddr_storage at;
	int on = 1;

	if (from.ip.version == 0)
		return true;
	if (from.ip.version != d->target[i].at.ip.version)
		return fail_source(d, i, STAGE_CONNECT,
		    "not the same IP version");
	setsockopt(d->attempt[i].fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof on);
	if (bind(d->attempt[i].fd, (struct sockaddr *)&at,
		sockaddr_put(&at, &from)) != 0)
		return fail_source(d, i, STAGE_SYSTEM, strerror(errno));
	return true;
}

static void
win(struct dial *d, size_t i)
{
	d->state = DIAL_CONNECTED;
	d->winner = i;
	d->fd = d->attempt[i].fd;
	d->attempt[i].fd = -1;
	report_connected(d, i);
	for (size_t k = 0; k < d->started; k++) {
		if (d->attempt[k].fd >= 0)
			close(d->attempt[k].fd);
		d->attempt[k].fd = -1;
	}
}

/*
 * A port from which nobody listens may connect to itself, when it is also the
 * port the kernel chose for us (simultaneous open).
 */
static bool
is_connected_to_itself(int fd, const struct endpoint *peer)
{
	struct endpoint local;

	return sockaddr_local(fd, &local) && ip_eq(&local.ip, &peer->ip) &&
	    local.port == peer->port;
}

/* Has attempt i come to an end? */
static void
look(struct dial *d, size_t i)
{
	struct dial_attempt *a = &d->attempt[i];
	struct endpoint peer;
	socklen_t n = sizeof(int);
	int error = 0;

	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error != 0)
		fail(d, i, error);
	else if (!sockaddr_peer(a->fd, &peer))
		return; /* still on its way */
	else if (is_connected_to_itself(a->fd, &peer))
		fail(d, i, ECONNREFUSED);
	else
		win(d, i);
}

/* What a person has to mend when a socket of this machine does not answer. */
static const char *
path_reason(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such socket: the server that makes it does "
		       "not run, or has another path";
	case ECONNREFUSED:
		return "nobody listens there: the server that made this "
		       "socket does not run";
	case EACCES:
	case EPERM:
		return "permission denied: the user who delivers may not write "
		       "to this socket, or not enter its folder";
	case EAGAIN:
		return "the server does not take more connections just now";
	case EPROTOTYPE:
	case ENOTSOCK:
		return "this is no stream socket";
	default:
		return strerror(error);
	}
}

/* It is a matter of now: connected, or not. */
static void
start_path(struct dial *d, size_t i)
{
	struct sockaddr_storage to;
	socklen_t n = sockaddr_put_path(&to, d->target[i].host);
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(AF_UNIX, type, 0);

	d->attempt[i].fd = fd;
	if (fd < 0)
		fail(d, i, errno);
	else if (n == 0)
		fail(d, i, ENAMETOOLONG);
	else if (connect(fd, (struct sockaddr *)&to, n) == 0)
		win(d, i);
	else
		fail_text(d, i, STAGE_CONNECT, path_reason(errno));
}

static bool
open_socket(struct dial *d, size_t i)
{
	int family = d->target[i].at.ip.version == 6 ? AF_INET6 : AF_INET;
	int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		fail(d, i, errno);
		return false;
	}
	d->attempt[i].fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return bind_source(d, i);
}

static void
start(struct dial *d, size_t i, int64_t now)
{
	struct dial_attempt *a = &d->attempt[i];
	struct sockaddr_storage to;
	socklen_t n = sockaddr_put(&to, &d->target[i].at);

	report(d, EVENT_CONNECT, i, NULL, (struct slice){ 0 });
	a->state = ATTEMPT_OPEN;
	a->deadline = now +
	    (d->options->timeout > 0 ? d->options->timeout : PATIENCE);
	if (is_path(&d->target[i])) {
		start_path(d, i);
		return;
	}
	if (!open_socket(d, i))
		return;
	/* a connect() that a signal interrupts goes on by itself */
	if (connect(a->fd, (struct sockaddr *)&to, n) == 0)
		look(d, i);
	else if (errno != EINPROGRESS && errno != EINTR)
		fail(d, i, errno);
}

/* Start what is due: in its turn, or at once when the one before has failed. */
static void
start_due(struct dial *d, int64_t now)
{
	while (d->state == DIAL_BUSY && d->started < d->n &&
	    now >= d->next_start) {
		size_t i = d->started++;

		start(d, i, now);
		d->next_start = now;
		if (d->attempt[i].state == ATTEMPT_OPEN)
			d->next_start += STAGGER;
	}
}

static bool
is_busy(const struct dial *d)
{
	if (d->started < d->n)
		return true;
	for (size_t i = 0; i < d->n; i++)
		if (d->attempt[i].state == ATTEMPT_OPEN)
			return true;
	return false;
}

static void
step_attempt(struct dial *d, size_t i, const struct wait *w, int64_t now)
{
	struct dial_attempt *a = &d->attempt[i];

	if (a->state != ATTEMPT_OPEN)
		return;
	if (wait_ready(w, a->slot) != 0)
		look(d, i);
	if (d->state == DIAL_BUSY && a->state == ATTEMPT_OPEN &&
	    now >= a->deadline)
		fail(d, i, ETIMEDOUT);
	if (a->state == ATTEMPT_FAILED)
		d->next_start = now;
}

enum dial_state
dial_step(struct dial *d, const struct wait *w, int64_t now)
{
	for (size_t i = 0; d->state == DIAL_BUSY && i < d->started; i++)
		step_attempt(d, i, w, now);
	start_due(d, now);
	if (d->state == DIAL_BUSY && !is_busy(d))
		d->state = DIAL_FAILED;
	return d->state;
}

void
dial_start(struct dial *d, const struct dial_target *target, size_t n,
    const struct dial_options *options, struct events *events, unsigned lane,
    int64_t now)
{
	assert(n >= 1 && n <= DIAL_MAX);
	*d = (struct dial){
		.target = target,
		.n = n,
		.options = options,
		.events = events,
		.lane = lane,
		.next_start = now,
		.fd = -1,
	};
	for (size_t i = 0; i < DIAL_MAX; i++)
		d->attempt[i] = (struct dial_attempt){ .fd = -1,
			.slot = WAIT_NO_SLOT };
	start_due(d, now);
}

void
dial_wait(struct dial *d, struct wait *w)
{
	if (d->state != DIAL_BUSY || !is_busy(d))
		wait_until(w, 0); /* it is over: step it to hear so */
	if (d->state != DIAL_BUSY)
		return;
	for (size_t i = 0; i < d->started; i++) {
		struct dial_attempt *a = &d->attempt[i];

		if (a->state != ATTEMPT_OPEN)
			continue;
		a->slot = wait_add(w, a->fd, POLLOUT);
		wait_until(w, a->deadline);
	}
	if (d->started < d->n)
		wait_until(w, d->next_start);
}

void
dial_stop(struct dial *d)
{
	if (d->n == 0)
		return; /* never started */
	for (size_t i = 0; i < d->started; i++) {
		if (d->attempt[i].fd >= 0)
			close(d->attempt[i].fd);
		d->attempt[i].fd = -1;
	}
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	d->started = d->n;
	if (d->state == DIAL_BUSY)
		d->state = DIAL_FAILED;
}
