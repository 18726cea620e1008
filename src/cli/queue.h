/* SPDX-License-Identifier: ISC */
/*
 * queue.h - mailq, smtpsend --queue, sendmail -bp, -bP, -bh and -bH: asks the
 * daemon, or, where none is, looks into the spool itself.
 */
#ifndef CLI_QUEUE_H
#define CLI_QUEUE_H

#include "config/settings.h"

/* Returns the exit status. */
int queue_run(const struct settings *s);
#endif
