/* SPDX-License-Identifier: ISC */
/*
 * inlets.h - the sockets of the daemon, control and submit: from the service
 * manager, or made in the folder of [queue] run; those on loopback (doors.h);
 * and its chores.
 */
#ifndef CLI_INLETS_H
#define CLI_INLETS_H

#include "cli/doors.h"
#include "cli/turn.h"
#include "queue/chores.h"
#include "queue/control.h"
#include "queue/submit.h"

struct inlets {
	struct turn *turn; /* whose runner hears of what comes */
	char *spool;       /* its path, for stores that stay open */
	struct doors doors; /* until submit has them */

	struct submit_config config;
	struct submit *submit;	/* NULL = not open */
	struct control *control; /* the same */
	struct chores *chores;
};

/*
 * Zero-initialise.  What only root can, before we become somebody else: make
 * the folder for them, of the spool's owner, where it is missing; open the
 * doors.  False with *why.
 */
bool inlets_prepare(struct inlets *x, const struct queue_settings *q,
    struct outcome *why);

/*
 * After inlets_prepare().  False with *why: the folder is missing, or somebody
 * else listens there.  inlets_free() them either way.
 */
bool inlets_open(struct inlets *x, struct turn *turn, struct outcome *why);

/* The same sockets, with another configuration. */
void inlets_change(struct inlets *x, struct turn *turn);

void inlets_wait(struct inlets *x, struct wait *w, int64_t now);
void inlets_step(struct inlets *x, const struct wait *w, int64_t now);

/* Nobody is let in any more; those who are in end soon. */
void inlets_close(struct inlets *x, int64_t now);
bool inlets_are_idle(const struct inlets *x);
void inlets_free(struct inlets *x);

#endif
