/* SPDX-License-Identifier: ISC */
/*
 * stop.h - signals that mean "stop", as something to wait for.
 *
 * Every signal that would end the program by default and can be sent from
 * outside counts: HUP, INT, TERM, but also ALRM, USR1, PWR and the real-time
 * ones.  What a server has accepted by then is still reported.  Those that a
 * fault of the program itself raises (SEGV ...) are left alone, and so are
 * those that nohup(1) or the shell made us ignore.
 */
#ifndef NET_STOP_H
#define NET_STOP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outcome.h"
#include "net/wait.h"

struct stop {
	int fd;		/* a signalfd; -1 = none: the signals still kill */
	size_t slot;
};

#define STOP_NONE ((struct stop){ .fd = -1 })

/*
 * From here on these signals are blocked and wait to be taken.  typing: not
 * those that a person sends from the keyboard, which still just end us.  May be
 * called again, for more of them.
 */
bool stop_catch(struct stop *s, bool typing);
void stop_free(struct stop *s);

void stop_wait(struct stop *s, struct wait *w);

/* The number of a signal that has come since the last call, or 0. */
unsigned stop_taken(struct stop *s);

/* What becomes of what was under way: DEFERRED, "stopped by signal 15". */
struct outcome stop_outcome(unsigned signal);

#endif
