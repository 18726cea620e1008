/* SPDX-License-Identifier: ISC */
/*
 * body.h - reading all of a message's body once: for its facts, or for how it
 * becomes 7-bit.
 */
#ifndef DELIVER_BODY_H
#define DELIVER_BODY_H

#include "mail/idn.h"
#include "mail/message.h"
#include "mail/recode.h"
#include "mail/scan.h"

/*
 * Give each block of it to take(arg, ...), in order, until that returns false:
 * then with its *why; or with content.h's when it cannot be read.
 */
bool body_each(const struct content *body,
    bool (*take)(void *arg, struct slice raw, struct outcome *why), void *arg,
    struct outcome *why);

/*
 * Feed it to both, of which either may be NULL.  False with *why (content.h)
 * when it cannot be read.
 */
bool body_walk(const struct message *m, struct scan *scan,
    struct recode_plan *plan, struct outcome *why);

/*
 * How to make it 7-bit, and whether that may be done: m->recode, which is the
 * caller's to free, m->recode_bar and m->is_binary; recode is NULL when only
 * CRs were found that nobody minds.  False with *why: it cannot be read, or no
 * server takes it as it is and it may not be re-coded (FAILED, STAGE_MESSAGE).
 */
bool body_plan_recoding(struct message *m, bool cr_ends, const struct idn *idn,
    struct outcome *why);

#endif
