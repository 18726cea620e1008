/* SPDX-License-Identifier: ISC */
/*
 * json.h - JSON lines (RFC 8259): events, results and plans, one object a line.
 * Their strings are base/json.h's.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "base/json.h"
#include "mail/envelope.h"
#include "route/plan.h"
#include "sign/rules.h"

/* Each appends one object and a newline; start is what times count from. */
void json_put_event(struct buf *out, const struct event *e, int64_t start);
void json_put_result(struct buf *out, const struct recipient *r, int64_t start,
    const char *message); /* which of many; NULL = there is only one */
/* {"event":"dkim",...}: by whom a message would be signed. */
void json_put_signing(struct buf *out, const char *domain,
    const struct sign_rule *rule);

void json_put_plan(struct buf *out, const struct plan *p, struct slice rcpts);

#endif
