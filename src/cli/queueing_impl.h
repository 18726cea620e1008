/* SPDX-License-Identifier: ISC */
/* queueing_impl.h - what the files of queueing share. */
#ifndef CLI_QUEUEING_IMPL_H
#define CLI_QUEUEING_IMPL_H

#include "cli/enqueue.h"
#include "cli/queueing.h"

#define QUEUED "queued on this machine"

/* Note an outcome, and in which message of the queue he is; "" = none. */
void queueing_say(struct recipient *r, const struct outcome *o, const char *id);

/* He is safe.  What a server said of him before stays what is known of him. */
void queueing_say_queued(struct recipient *r, const char *id,
    const char *text);

/* Nobody is to try it yet: it is held, or --at. */
bool queueing_rests(const struct settings *s);

/* -odi, --wait, or q->waits. */
bool queueing_waits(const struct queueing *q);

/* Tell who is to deliver what was queued; wait where that is asked for. */
void queueing_set_off(struct queueing *q);

struct enqueue_call queueing_call(const struct queueing *q,
    const struct intake *part);

/*
 * As the spool's owner, which we are from then on.  What aliases make of it is
 * stored, a message for each sender; *out is the first, q->parts the others.
 */
bool queueing_store(struct queueing *q, struct intake *part,
    struct enqueued *out, struct outcome *why);

#endif
