/* SPDX-License-Identifier: ISC */
/*
 * trace.h - settings into a log, and what fails before there is a message.
 *
 * cron, atd and sudo throw away what a failed sendmail says on stderr, so a
 * broken configuration or a wrong option leaves its trace in the log too.
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <stdint.h>

#include "config/options.h"
#include "report/maillog.h"

/* Where and how these settings log; the run began at start. */
struct maillog_config trace_config(const struct settings *s, int64_t start);

/* Log that the run ended with this status; the first line of text says why. */
void trace_failure(const struct settings *s, int status, struct slice text);

#endif
