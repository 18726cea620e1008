/* SPDX-License-Identifier: ISC */
/* brief.h - a recipient in one line, and what the time went into. */
#ifndef REPORT_BRIEF_H
#define REPORT_BRIEF_H

#include "mail/envelope.h"
#include "report/advice.h"
#include "report/phases.h"

/*
 * Append "ok bob@example.org  mx1.example.org  dns 1, connect 12, TLSv1.3 31
 * (trusted), accepted 44 ms, id 4F2...", or "no ..." with what was said and the
 * advice of wish; with marks and dots of UTF-8 when the terminal has them.
 * Times are milliseconds; the last one is since start.  Nothing of it is
 * unsafe to show.
 */
void brief_put(struct buf *out, const struct recipient *r,
    const struct phases *p, int64_t start, struct wish wish, bool utf8);

#endif
