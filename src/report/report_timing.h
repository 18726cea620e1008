/* SPDX-License-Identifier: ISC */
/* report_timing.h - the part of a report that is about time */
#ifndef REPORT_REPORT_TIMING_H
#define REPORT_REPORT_TIMING_H

#include "report/report.h"

/* Open the file to draw in, if one is wanted; false with *why (STAGE_OPEN). */
bool report_timing_open(struct report *r, const struct report_config *c,
    struct outcome *why);

/*
 * Print and draw what the time went into.  A drawing that is lost is said, and
 * changes nothing of what became of the mail.  phases_end() comes before.
 */
void report_timing_close(struct report *r);

/* Does the locale say UTF-8?  LC_ALL counts before LC_CTYPE and LANG. */
bool report_has_utf8(void);

#endif
