/* SPDX-License-Identifier: ISC */
/* explain.h - a plan for people: where mail goes, and why. */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "base/buf.h"
#include "route/plan.h"
#include "sign/rules.h"

/*
 * Append the plan as a few lines of text.  rcpts: who would go there, an LF
 * behind each; of many some are named.
 */
void explain_put(struct buf *out, const struct plan *p, struct slice rcpts);

/* Append by whom a message is signed: domain by this rule. */
void explain_put_signing(struct buf *out, const char *domain,
    const struct sign_rule *rule);

/* "smtp", "smtps", "lmtp". */
const char *link_name(enum link_kind link);

#endif
