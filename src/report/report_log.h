/* SPDX-License-Identifier: ISC */
/*
 * report_log.h - the transcript's file (-X), which has one run behind another.
 */
#ifndef REPORT_REPORT_LOG_H
#define REPORT_REPORT_LOG_H

#include "report/report.h"

/*
 * Begin to append to c->transcript, if that is asked for: r->log, and which run
 * it is.  False with *why; but what everybody's configuration asks for must not
 * stop those who may not: that is said on r->err, and true.
 */
bool report_log_open(struct report *r, const struct report_config *c,
    struct outcome *why);

#endif
