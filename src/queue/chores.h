/* SPDX-License-Identifier: ISC */
/*
 * chores.h - what a daemon does now and then: the file of metrics, and what was
 * put aside long ago.
 */
#ifndef QUEUE_CHORES_H
#define QUEUE_CHORES_H

#include "queue/desk.h"
#include "report/maillog.h"

/* All is borrowed and outlives the chores. */
struct chores_config {
	struct desk *desk;
	const char *metrics_file; /* OpenMetrics, written whole; NULL = none */
	int64_t held_lifetime;	/* seconds; bounces that nobody could be told
				   of are removed then; 0 = never */
	struct maillog *log;	/* or NULL */
};

struct chores;

struct chores *chores_new(const struct chores_config *config);
void chores_free(struct chores *c);

void chores_wait(struct chores *c, struct wait *w, int64_t now);

/* wall: seconds since 1970. */
void chores_step(struct chores *c, int64_t now, int64_t wall);

#endif
