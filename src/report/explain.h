/* SPDX-License-Identifier: ISC */
/* explain.h - a plan for people: where mail goes, and why. */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "base/buf.h"
#include "route/plan.h"

/* Append the plan as a few lines of text. */
void explain_put(struct buf *out, const struct plan *p);

/* "smtp", "smtps", "lmtp". */
const char *link_name(enum link_kind link);

#endif
