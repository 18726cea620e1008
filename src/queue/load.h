/* SPDX-License-Identifier: ISC */
/* load.h - from a stored message to one that deliver can send. */
#ifndef QUEUE_LOAD_H
#define QUEUE_LOAD_H

#include "deliver/deliver.h"
#include "queue/schedule.h"
#include "spool/store.h"

/* The tag of a report of TLS (RFC 8460), which is ours: nothing of it counts
 * for the next one. */
#define LOAD_TLS_REPORT "tls-report"

/* Only the header, into m->head.  False with *why (STAGE_READ). */
bool load_head(struct message *m, const struct entry *e, struct outcome *why);

/*
 * Make *m of e, whose text it uses where it lies: its header is read, and of
 * one that may have to become 7-bit the whole body.  False with *why: the text
 * cannot be read (STAGE_READ), or no server takes it (FAILED).  load_free() it
 * either way.
 */
bool load_message(struct message *m, const struct entry *e,
    struct outcome *why);
void load_free(struct message *m);

/*
 * Whom it is tried for: recipients that are PENDING in their slots and due at
 * wall, or all that are PENDING.  They are PENDING in e's envelope then; the
 * others are settled there.  Returns how many.
 */
size_t load_recipients(struct entry *e, const struct schedule *s, bool all,
    int64_t wall);

/* The consignment of e's envelope and *m. */
struct consignment load_consignment(struct entry *e, const struct message *m,
    void *owner);

/* Can all of e's text be read?  False with *why. */
bool load_check(const struct entry *e, struct outcome *why);

#endif
