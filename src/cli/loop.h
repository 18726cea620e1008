/* SPDX-License-Identifier: ISC */
/*
 * loop.h - the poll loop of a run that sends: step the delivery and the logins
 * that it wants, hand its events to the printers, sleep until something
 * happens.  It knows nothing of options.
 */
#ifndef CLI_LOOP_H
#define CLI_LOOP_H

#include "deliver/deliver.h"
#include "net/stop.h"
#include "report/report.h"

/* Where more mail comes from while it turns. */
struct loop_feed {
	void *arg;
	/* after each step: take what is finished, add what there is; is there
	   more to come? */
	bool (*step)(void *arg, int64_t now);
	void (*wait)(void *arg, struct wait *w);
};

/* What it turns; all of it is the caller's. */
struct loop_call {
	struct deliver *deliver; /* closed, unless there is a feed */
	struct events *events;
	struct report *report;
	struct stop *stop;	/* signals that end it */
	const struct loop_feed *feed; /* NULL = all is there */
};

/*
 * Until the delivery is idle, and the feed at its end.  *stopped is left alone,
 * or says which signal ended it early.
 */
void loop_run(const struct loop_call *call, struct outcome *stopped);

#endif
