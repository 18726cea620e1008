/* SPDX-License-Identifier: ISC */
/* control_peer.h - one who asks over the control socket: control.c's own. */
#ifndef QUEUE_CONTROL_PEER_H
#define QUEUE_CONTROL_PEER_H

#include "queue/desk.h"

struct control_peer {
	int fd;
	struct viewer viewer;
	struct task *task;	/* what it has asked for; NULL */
	bool waits;		/* ... and nothing can be done for it now */
	bool ended;		/* it sends nothing more */
	bool gone;		/* it is not there any more */
	struct buf in, out;
	int64_t deadline;
	size_t slot;
};

/* Takes over the descriptor. */
struct control_peer *control_peer_new(int fd, struct viewer viewer,
    int64_t deadline);
void control_peer_free(struct control_peer *p);

short control_peer_events(const struct control_peer *p);

/* Can it be stepped without anything being ready? */
bool control_peer_is_busy(const struct control_peer *p);

/*
 * Read, serve, write; ready: poll's revents.  False when it is over.
 */
struct control_turn {
	struct desk *desk;
	int64_t now, wall, patience;
};
bool control_peer_step(struct control_peer *p, short ready,
    const struct control_turn *turn);

#endif
