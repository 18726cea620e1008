/* SPDX-License-Identifier: ISC */
/* timing.h - a waterfall of what the time went into (phases.h). */
#ifndef REPORT_TIMING_H
#define REPORT_TIMING_H

#include "report/phases.h"

/*
 * Append it as text, a line for each phase, not wider than so many columns (60
 * at least): milliseconds, how long, a bar, what it was.  Times are since
 * start.
 */
void timing_put_text(struct buf *out, const struct phases *p, int64_t start,
    unsigned columns);

/* Append it as an SVG document of its own; what servers said is escaped. */
void timing_put_svg(struct buf *out, const struct phases *p, int64_t start);

#endif
