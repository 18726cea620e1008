/* SPDX-License-Identifier: ISC */
/*
 * dial.h - connect to the first of several addresses that answers (RFC 8305).
 *
 * Attempts start 250 ms apart, or at once when the one before has failed; the
 * first connected socket wins, the others are closed.  30 s per address.
 *
 * A target without an address whose host is a path, "/run/dovecot/lmtp", is a
 * socket of this machine: nothing is waited for there.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "base/inet.h"
#include "base/outcome.h"
#include "net/wait.h"

#define DIAL_MAX 8 /* most addresses in one race */

struct dial_target {
	struct endpoint at;
	const char *host;	/* for reports; outlives the dial */
};

struct dial_options {
	struct ip source;	/* bind to it; version 0 = any */
	int64_t timeout;	/* per address, microseconds; 0 = 30 s */
};

enum dial_state { DIAL_BUSY, DIAL_CONNECTED, DIAL_FAILED };

struct dial_attempt {
	enum { ATTEMPT_WAITING, ATTEMPT_OPEN, ATTEMPT_FAILED } state;
	int fd;
	int64_t deadline;
	size_t slot;
	bool short_of;		/* it failed for want of a socket or port */
	struct outcome why;	/* of a failed one: DEFERRED; STAGE_CONNECT, or
				   STAGE_SYSTEM when this machine lacked
				   something, which says nothing of the host */
};

struct dial {
	enum dial_state state;
	const struct dial_target *target; /* the caller's */
	size_t n;
	const struct dial_options *options;
	struct events *events;
	unsigned lane;
	struct dial_attempt attempt[DIAL_MAX];
	size_t started;
	int64_t next_start;
	size_t winner;
	int fd;			/* the winner's, once connected; take it and
				   set -1, or dial_stop() closes it */
};

/*
 * Begin; targets, options and events outlive the dial.  n is 1..DIAL_MAX.
 * The first attempt may already be over; dial_step() says so.
 */
void dial_start(struct dial *d, const struct dial_target *target, size_t n,
    const struct dial_options *options, struct events *events, unsigned lane,
    int64_t now);

void dial_wait(struct dial *d, struct wait *w);
enum dial_state dial_step(struct dial *d, const struct wait *w, int64_t now);

/*
 * Close whatever is still open (not a taken fd).  A zeroed dial may be stopped.
 */
void dial_stop(struct dial *d);

#endif
