/* SPDX-License-Identifier: ISC */
/*
 * inlets.h - the two sockets of the daemon, control and submit: from the
 * service manager, or made in the folder of [queue] run.
 */
#ifndef CLI_INLETS_H
#define CLI_INLETS_H

#include "cli/turn.h"

struct inlets {
	struct turn *turn;	/* whose runner hears of what comes */
};

/*
 * Zero-initialise.  False with *why: a folder is missing, or somebody else
 * listens there.  inlets_free() them either way.
 */
bool inlets_open(struct inlets *x, struct turn *turn, struct outcome *why);

/* The same sockets, with another configuration; false: all is as it was. */
bool inlets_change(struct inlets *x, struct turn *turn,
    struct outcome *why);

void inlets_wait(struct inlets *x, struct wait *w, int64_t now);
void inlets_step(struct inlets *x, const struct wait *w, int64_t now);

/* Nobody is let in any more; those who are in end soon. */
void inlets_close(struct inlets *x, int64_t now);
bool inlets_are_idle(const struct inlets *x);
void inlets_free(struct inlets *x);

#endif
