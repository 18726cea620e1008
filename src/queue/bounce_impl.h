/* SPDX-License-Identifier: ISC */
/* bounce_impl.h - a report while it is written. */
#ifndef QUEUE_BOUNCE_IMPL_H
#define QUEUE_BOUNCE_IMPL_H

#include "mail/dsn.h"
#include "mail/recode.h"
#include "mail/scan.h"
#include "queue/bounce.h"

struct bounce_writing {
	struct store *store;
	const struct entry *entry;
	struct bounce *bounce;
	const struct bounce_call *call;
	struct result **said;	/* of each mark */
	struct dsn dsn;
	struct buf head;	/* of the original */
	struct recode_plan *recode; /* how it becomes 7-bit, or NULL */
	struct recode *recoder;	/* ... while that is done, and what came out */
	struct buf recoded;
	bool is_damaged;	/* the original could not be read */
	struct draft *draft;	/* NULL: it goes into bounce->text */
	char id[STORE_ID + 1];	/* of the report */
	struct buf out;		/* of it, what is not in the draft yet */
	struct scan scan;	/* of what is */
	uint64_t out_head;	/* octets of it that are the header */
};

/* Is the report to name the recipient of this mark?  Not who wants none. */
bool bounce_is_about(const struct bounce *b, const struct entry *e,
    size_t mark);

/* Will his sender be told when it fails? */
bool bounce_tells_failure(const struct recipient *r);

/* Was he given up, although nobody refused him? */
bool bounce_is_expired(const struct slot *s);

/*
 * An array of b->n results, NULL for the message's own mark: what the entry
 * remembers, or else the last line of its history that agrees with the
 * recipient's slot, or else what the slot has.
 */
struct result **bounce_said(struct store *s, const struct entry *e,
    const struct bounce *b);
void bounce_said_free(struct result **said, size_t n);

/* What is in memory goes to the draft when it is at least so much. */
bool bounce_flush(struct bounce_writing *w, size_t least,
    struct outcome *why);

/*
 * Read the original's header, and find how its body can be given back: false
 * when that is to stay away.
 */
bool bounce_read_original(struct bounce_writing *w);

/* Behind dsn_original_open(). */
bool bounce_put_original(struct bounce_writing *w, struct outcome *why);

#endif
