/* SPDX-License-Identifier: ISC */
/* wait.c - see wait.h */
#include "net/wait.h"

#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"

void
wait_free(struct wait *w)
{
	free(w->fd);
	*w = (struct wait){ .deadline = WAIT_NEVER };
}

void
wait_clear(struct wait *w)
{
	w->n = 0;
	w->deadline = WAIT_NEVER;
}

size_t
wait_add(struct wait *w, int fd, short events)
{
	if (w->n == w->cap) {
		w->cap = w->cap ? size_mul(w->cap, 2) : 16;
		w->fd = mem_resize(w->fd, w->cap, sizeof *w->fd);
	}
	w->fd[w->n] = (struct pollfd){ .fd = fd, .events = events };
	return w->n++;
}

void
wait_until(struct wait *w, int64_t deadline)
{
	if (deadline < w->deadline)
		w->deadline = deadline;
}

short
wait_ready(const struct wait *w, size_t slot)
{
	return slot < w->n ? w->fd[slot].revents : 0;
}

/*
 * Milliseconds for poll(), rounded up: a loop that woke a little too early
 * would spin until the deadline really comes.
 */
static int
poll_timeout(int64_t deadline, int64_t now)
{
	int64_t left;

	if (deadline == WAIT_NEVER)
		return -1;
	if (deadline <= now)
		return 0;
	left = (deadline - now) / 1000;
	return left < INT_MAX ? (int)left + 1 : INT_MAX;
}

static void
clear_ready(struct wait *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->fd[i].revents = 0;
}

void
wait_poll(struct wait *w, int64_t now)
{
	/* EINTR, or ENOMEM: the caller looks at its deadlines and comes back */
	if (poll(w->fd, w->n, poll_timeout(w->deadline, now)) < 0)
		clear_ready(w);
}
