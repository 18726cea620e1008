/* SPDX-License-Identifier: ISC */
/*
 * turn.h - the runner of these settings, and what turns with it: the secrets
 * that relays want, and the printers of its events.
 */
#ifndef CLI_TURN_H
#define CLI_TURN_H

#include "cli/home.h"
#include "cli/logins.h"
#include "cli/reach.h"
#include "queue/runner.h"
#include "report/report.h"

enum turn_kind {
	TURN_ONCE,		/* -q: what is there, one time */
	TURN_ONE,		/* only what it is told of */
	TURN_ON,		/* the daemon's */
};

struct turn {
	const struct settings *s;
	const struct agent_client_config *agent; /* the caller's; or NULL */
	struct reach reach;
	struct buf cache;  /* the folder of the policies of MTA-STS */
	struct home home;  /* whose names are this machine's */
	struct here *here; /* ... or NULL: nobody's */
	struct runner_config config;
	struct report *report;	/* the caller's */
	struct events events;
	struct logins logins;
	struct runner *runner;
};

/*
 * Of settings that outlive it, in a process that is the spool's owner already.
 * Where the configuration is wrong the runner is blocked, and says so.  False
 * with *why: there is no spool that can be used.  turn_close() it either way.
 */
bool turn_open(struct turn *t, const struct settings *s, enum turn_kind kind,
    const struct agent_client_config *agent, struct report *report,
    struct outcome *why);
void turn_close(struct turn *t);

void turn_wait(struct turn *t, struct wait *w, int64_t now);
void turn_step(struct turn *t, const struct wait *w, int64_t now);

#endif
