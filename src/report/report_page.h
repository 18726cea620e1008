/* SPDX-License-Identifier: ISC */
/* report_page.h - the part of a report that is a page: page.h in its file. */
#ifndef REPORT_REPORT_PAGE_H
#define REPORT_REPORT_PAGE_H

#include "report/report.h"

/*
 * Begin a page, if one is wanted; false with *why (STAGE_OPEN) when there can
 * be none at its place.  What stands there stays until report_page_close().
 */
bool report_page_open(struct report *r, const struct report_config *c,
    struct outcome *why);

/* Of a report with a page only. */
void report_page_event(struct report *r, const struct event *e);
void report_page_result(struct report *r, const struct recipient *rcpt);
void report_page_plan(struct report *r, const struct plan *p,
    struct slice rcpts);
void report_page_failure(struct report *r, const struct outcome *why);
void report_page_has_queue(struct report *r);

/*
 * Write it, unseen until it is whole; phases_end() comes before.  A page that
 * is lost is said, and changes nothing of what became of the mail.
 */
void report_page_close(struct report *r);

#endif
