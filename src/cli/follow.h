/* SPDX-License-Identifier: ISC */
/*
 * follow.h - what becomes of a message that was queued: its verdicts, as the
 * daemon tells them or a runner of our own, into its envelope.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "config/settings.h"
#include "queue/runner.h"

struct follow {
	const struct settings *settings;
	const char *id;
	struct envelope *envelope; /* whose verdicts are replaced */
	int64_t until;		/* on the loop's clock; 0 = as long as it
				   takes */
};

/*
 * Ask the daemon to try it now, and listen until all recipients have a verdict
 * or were deferred; who was deferred has the id as his queue_id.  False: no
 * daemon is there, or it has gone.
 */
bool follow_daemon(struct follow *f);

/* What a runner of ours tells: a function for its loop. */
void follow_news(void *follow, const struct runner_news *news);

#endif
