/* SPDX-License-Identifier: ISC */
/*
 * enqueue.h - from a message that has come in to one that is safe.
 *
 * What is stored is the finished header and the body in canonical form, so what
 * no server takes as it is (NULs, lines over 998 octets) is in 7-bit form
 * already.
 */
#ifndef CLI_ENQUEUE_H
#define CLI_ENQUEUE_H

#include "cli/intake.h"
#include "deliver/form.h"
#include "net/clock.h"
#include "spool/store.h"

struct enqueue_call {
	const struct settings *settings;
	const struct self *self;
	const struct intake *intake;
	unsigned uid;		/* who hands it in */
	struct wall_time now;
	bool tried;		/* just now, in vain: its first step of waiting
				   begins */
};

/*
 * What is stored of it besides its text; borrows all.  False with *why: it has
 * been through too many hosts (-O MaxHopCount), or --at is no time.
 */
bool enqueue_facts(const struct enqueue_call *call, struct stored *out,
    struct outcome *why);

struct enqueued {
	char id[STORE_ID + 1];
	bool duplicate;		/* there is such a key: this id is its
				   message's, and no other was made */
};

/*
 * Store it; true: it will be delivered or bounced, whatever dies.  False with
 * *why, and no trace of it is left.
 */
bool enqueue(const struct enqueue_call *call, struct enqueued *out,
    struct outcome *why);

/* Commit a draft in a store without recorders, as enqueue() does. */
bool enqueue_commit(struct store *store, struct draft *draft,
    struct enqueued *out, struct outcome *why);

/* Its text as it is stored (deliver/form.h). */
bool enqueue_text(struct form_sink *sink, const struct message *m,
    struct outcome *why);

#endif
