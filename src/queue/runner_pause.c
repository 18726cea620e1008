/* SPDX-License-Identifier: ISC */
/*
 * runner_pause.c - a delivery was not to be recorded: nothing more is sent.
 *
 * Perhaps the disk takes nothing any more, and then each message that is sent
 * is sent again.  So what no server has whole yet is called back: at most one
 * mail of each lane is in doubt (FAULTS 63).  Afterwards each attempt, which is
 * recorded before anything is sent, shows whether the disk has come back.
 */
#include "queue/runner_impl.h"

#define PAUSE SECONDS(300)

bool
runner_is_paused(const struct runner *r)
{
	return r->now < r->pause;
}

/* It has what it has; the rest later. */
static void
withdraw(struct run *run, const struct outcome *why)
{
	run->is_paused = true;
	run_local_cancel(run, why);
	if (run->sending)
		deliver_withdraw(run->runner->deliver, &run->consignment, why,
		    run->runner->now);
}

void
runner_pause(struct runner *r)
{
	bool once = r->config->once || r->config->woken_only;
	struct outcome why = outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
	    "stopped, since the disk does not let deliveries be recorded");
	struct run *run;

	r->pause = once ? WAIT_NEVER : r->now + PAUSE;
	for (run = list_first(&r->runs); run; run = list_after(&run->node))
		withdraw(run, &why);
}

void
runner_unpause(struct runner *r)
{
	r->pause = r->now;
}
