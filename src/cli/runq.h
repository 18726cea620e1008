/* SPDX-License-Identifier: ISC */
/* runq.h - the queue is run once, in the foreground: sendmail -q, and one. */
#ifndef CLI_RUNQ_H
#define CLI_RUNQ_H

#include "cli/home.h"
#include "config/settings.h"
#include "queue/runner.h"

/*
 * -q, -qf, -qIid -qRrcpt -qSsender: as the spool's owner, who root becomes.
 * Returns the exit status: 0 when each message that is there was tried, or was
 * somebody else's; 74 when a verdict could not be recorded; 75 when the spool
 * cannot be read, or a signal came; 77 for who may not.
 */
int runq_run(const struct settings *s);

/*
 * Try this message now, as the owner of the spool that the caller has become;
 * news may be NULL.  Returns as runq_run() does: what became of it the news
 * says.
 */
int runq_one(const struct settings *s, const char *id,
    const struct home_agent *agent,
    void (*news)(void *arg, const struct runner_news *what), void *arg);

#endif
