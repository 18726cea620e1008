/* SPDX-License-Identifier: ISC */
/*
 * inlets.h - the sockets of the daemon, control and submit: from the service
 * manager, or made in the folder of [queue] run; and its chores.
 */
#ifndef CLI_INLETS_H
#define CLI_INLETS_H

#include "cli/turn.h"
#include "queue/chores.h"
#include "queue/control.h"
#include "queue/submit.h"

struct inlets {
	struct turn *turn; /* whose runner hears of what comes */
	char *spool;       /* its path, for stores that stay open */

	struct submit_config config;
	struct submit *submit;	/* NULL = not open */
	struct control *control; /* the same */
	struct chores *chores;
};

/*
 * Make the folder for them, of the spool's owner, where it is missing and we
 * are root; before we become somebody else.
 */
void inlets_make_folder(const struct queue_settings *q);

/*
 * Zero-initialise.  False with *why: the folder is missing, or somebody else
 * listens there.  inlets_free() them either way.
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
