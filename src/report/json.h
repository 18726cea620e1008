/* SPDX-License-Identifier: ISC */
/*
 * json.h - JSON lines (RFC 8259): events, results and plans, one object a line.
 *
 * Strings are valid UTF-8 whatever came in.  A byte that is not part of well-
 * formed UTF-8 becomes \u00XX with its value; controls and the marks that
 * text_escape() keeps from terminals become \uXXXX.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "mail/envelope.h"
#include "route/plan.h"
#include "sign/rules.h"

/* Append "text" with its quotes. */
void json_put_string(struct buf *out, struct slice text);

/* Append ,"key": and then, as a string, text; null for an empty one. */
void json_put_key(struct buf *out, const char *key);
void json_put_text(struct buf *out, const char *key, struct slice text);

/* Each appends one object and a newline; start is what times count from. */
void json_put_event(struct buf *out, const struct event *e, int64_t start);
void json_put_result(struct buf *out, const struct recipient *r, int64_t start,
    const char *message); /* which of many; NULL = there is only one */
/* {"event":"dkim",...}: by whom a message would be signed. */
void json_put_signing(struct buf *out, const char *domain,
    const struct sign_rule *rule);

void json_put_plan(struct buf *out, const struct plan *p, struct slice rcpts);

#endif
