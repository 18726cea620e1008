/* SPDX-License-Identifier: ISC */
/* control_peer.c - see control_peer.h */
#include "queue/control_peer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

#define OUT_FULL   (256 << 10) /* octets: no more is made before it reads */
#define PART	   16384
#define LAST_STEPS 20

struct control_peer *
control_peer_new(int fd, struct viewer viewer, int64_t deadline)
{
	struct control_peer *p = mem_alloc(sizeof *p);

	p->fd = fd;
	p->viewer = viewer;
	p->deadline = deadline;
	p->in.max = REQUEST_MAX + PART;
	p->slot = WAIT_NO_SLOT;
	return p;
}

void
control_peer_free(struct control_peer *p)
{
	task_free(p->task);
	close(p->fd);
	buf_free(&p->in);
	buf_free(&p->out);
	free(p);
}

short
control_peer_events(const struct control_peer *p)
{
	int events = 0;

	if (!p->ended && p->in.n <= REQUEST_MAX)
		events |= POLLIN;
	if (p->out.n > 0)
		events |= POLLOUT;
	return (short)events;
}

/* A line that came together with the one before it waits for nothing more. */
static bool
has_line(const struct control_peer *p)
{
	return p->in.n > 0 &&
	    memchr(p->in.base + p->in.off, '\n', p->in.n) != NULL;
}

bool
control_peer_is_busy(const struct control_peer *p)
{
	return p->out.n < OUT_FULL && (p->task ? !p->waits : has_line(p));
}

/* Whatever is there, up to the maximum of a request. */
static void
read_all(struct control_peer *p)
{
	ssize_t n;

	while (!p->ended && p->in.n <= REQUEST_MAX) {
		char *to = buf_reserve(&p->in, PART);

		if (!to)
			return;
		n = recv(p->fd, to, PART, 0);
		buf_grow(&p->in, n > 0 ? (size_t)n : 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			p->ended = true;
		if (n < PART)
			return;
	}
}

static void
write_all(struct control_peer *p, const struct control_turn *turn)
{
	ssize_t n;

	while (p->out.n > 0) {
		n = send(p->fd, p->out.base + p->out.off, p->out.n,
		    MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			p->gone = true;
		if (n <= 0)
			return;
		buf_consume(&p->out, (size_t)n);
		p->deadline = turn->now + turn->patience;
	}
}

/* The next request, if its line is whole. */
static bool
begin(struct control_peer *p, const struct control_turn *turn)
{
	const char *at = p->in.base ? p->in.base + p->in.off : NULL;
	const char *end = at ? memchr(at, '\n', p->in.n) : NULL;
	size_t n = end ? (size_t)(end - at) : p->in.n;

	if (n > REQUEST_MAX) {
		buf_puts(&p->out, "{\"error\":\"the request is too long\","
		    "\"status\":64}\n");
		p->ended = true;
		buf_clear(&p->in);
		return false;
	}
	if (!end)
		return false;
	p->task = desk_begin(turn->desk, mem_dup((struct slice){ at, n }), n,
	    p->viewer);
	p->waits = false;
	buf_consume(&p->in, n + 1);
	return true;
}

/* Serve what can be served in this turn. */
static void
serve(struct control_peer *p, const struct control_turn *turn)
{
	if (!p->task && !begin(p, turn))
		return;
	if (p->out.n >= OUT_FULL)
		return;
	switch (task_step(p->task, &p->out, turn->now, turn->wall)) {
	case TASK_MORE:
		p->waits = false;
		break;
	case TASK_WAITS:
		p->waits = true;
		break;
	case TASK_OVER:
		task_free(p->task);
		p->task = NULL;
		p->deadline = turn->now + turn->patience;
		break;
	}
}

/*
 * One that hung up has still what it asked for done, as far as that goes
 * quickly: nobody waits for the answer to `wake`.
 */
static void
serve_last(struct control_peer *p, const struct control_turn *turn)
{
	for (int i = 0; i < LAST_STEPS && !p->waits; i++) {
		buf_clear(&p->out);
		serve(p, turn);
	}
}

bool
control_peer_step(struct control_peer *p, short ready,
    const struct control_turn *turn)
{
	if (ready & (POLLIN | POLLHUP | POLLERR))
		read_all(p);
	if (ready & (POLLHUP | POLLERR)) {
		serve_last(p, turn);
		return false;
	}
	serve(p, turn);
	write_all(p, turn);
	if (p->gone)
		return false;
	if (p->ended && !p->task && p->out.n == 0)
		return has_line(p);
	if (p->task && p->out.n == 0)
		p->deadline = turn->now + turn->patience;
	return turn->now < p->deadline;
}
