/* SPDX-License-Identifier: ISC */
/*
 * wait.h - the poll loop's question: what do you wait for?
 *
 * Ask, don't register.  Each turn the loop clears the set, every live job adds
 * its descriptors and its deadline, wait_poll() sleeps once, and the jobs are
 * stepped.  A job keeps the slot it got and asks wait_ready() in its step;
 * stepping a job that is neither ready nor late changes nothing.
 */
#ifndef NET_WAIT_H
#define NET_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAIT_NEVER   INT64_MAX
#define WAIT_NO_SLOT SIZE_MAX /* not asked yet: never ready */

struct wait {
	struct pollfd *fd;
	size_t n, cap;
	int64_t deadline;	/* WAIT_NEVER when nobody has one */
};

void wait_free(struct wait *w);
void wait_clear(struct wait *w);

/* Wait for events (POLLIN, POLLOUT) on fd; returns the slot. */
size_t wait_add(struct wait *w, int fd, short events);

/* Wake up at the latest then. */
void wait_until(struct wait *w, int64_t deadline);

/* What happened in a slot of this turn (revents); 0 = nothing. */
short wait_ready(const struct wait *w, size_t slot);

/*
 * Sleep until something happens or the deadline comes.  EINTR is a wake-up with
 * nothing ready.
 */
void wait_poll(struct wait *w, int64_t now);

#endif
