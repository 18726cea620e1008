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

/* What it turns; all of it is the caller's. */
struct loop_call {
	struct deliver *deliver; /* closed */
	struct events *events;
	struct report *report;
	struct stop *stop;	/* signals that end it */
};

/*
 * Until the delivery is idle.  *stopped is left alone, or says which signal
 * ended it early.
 */
void loop_run(const struct loop_call *call, struct outcome *stopped);

#endif
