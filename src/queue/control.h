/* SPDX-License-Identifier: ISC */
/*
 * control.h - the control socket of the daemon: one JSON line a request
 * (request.h), lines of JSON as answer (desk.h).
 *
 * Who asks is what the kernel says (SO_PEERCRED): everybody has the messages
 * that he has handed in himself; root, the spool's owner and the members of the
 * group queue-admins have all.
 *
 * Peers are strangers: there are only so many, of one user only some; a request
 * has a maximum and a time; who does not read his answer is dropped.
 */
#ifndef QUEUE_CONTROL_H
#define QUEUE_CONTROL_H

#include "queue/desk.h"

#define CONTROL_ADMINS "queue-admins"

struct control_config {
	struct store_config store; /* the control socket opens its own */
	struct runner *runner;
	struct maillog *log;	/* who changed what; or NULL */
	int fd;			/* listening, not blocking; taken over */
	size_t max_peers;	/* 0 = 200 */
	size_t max_uid_peers;	/* ... of one uid that may not all; 0 = 20 */
	int64_t patience;	/* for a request, and for each part of the
				   answer to be read; microseconds; 0 = 60 s */
};

struct control;

/* NULL with *why: the store cannot be opened. */
struct control *control_new(const struct control_config *config,
    struct outcome *why);
void control_free(struct control *c);

void control_wait(struct control *c, struct wait *w, int64_t now);
void control_step(struct control *c, const struct wait *w, int64_t now,
    int64_t wall);

/* Another runner from now on; whoever watches goes on with it. */
void control_set_runner(struct control *c, struct runner *runner);

/* The desk behind it, for the daemon's own tasks (metrics). */
struct desk *control_desk(struct control *c);

#endif
