/* SPDX-License-Identifier: ISC */
/*
 * index.h - all messages of the queue in memory: when each is due, and whose
 * turn it is.
 *
 * What waits for its time stands in one heap; what is due in the queue of its
 * crowd (the messages for one domain), the oldest first.  Crowds have turns,
 * and classes have them at 4 : 2 : 1.  A crowd has at most a quarter of the
 * places that are free, so one that is stuck never takes all of them.
 *
 * An item is some 200 octets, whatever the message is; what was said of all of
 * them when they were listed has a maximum.
 */
#ifndef QUEUE_INDEX_H
#define QUEUE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/table.h"
#include "deliver/deliver.h"
#include "queue/heap.h"
#include "spool/store.h"

enum item_state {
	ITEM_NEW,		/* in no row yet */
	ITEM_WAITS,		/* for its time */
	ITEM_DUE,		/* for its turn */
	ITEM_ACTIVE,		/* was taken */
	ITEM_HELD,
	ITEM_KEPT,		/* somebody changes it: not to be taken */
};

/* What was said of a message when it was listed, with line's newline. */
struct said {
	struct store_stamp stamp; /* of what it was made from */
	unsigned uid;		/* whose message it is */
	size_t n;
	char line[];
};

struct item {
	struct table_node node;
	char id[STORE_ID + 1];
	unsigned char class;	/* enum mail_class */
	unsigned char state;	/* enum item_state */
	unsigned char busy;	/* how often somebody else had it */
	bool unread;		/* the disk did not give it out */
	bool woken;		/* the try that its enqueue has booked */
	bool forced;		/* it is tried whatever its slots say */
	bool dirty;		/* it was changed while it was active */
	unsigned watchers;
	int64_t due;		/* on the loop's clock */
	int64_t report_at;	/* a report of it may be made from then on, on
				   the same clock; 0 = none is booked */
	struct heap_node place;	/* among those that wait, or are due */
	uint64_t crowd;		/* of its domain; 0 = not known yet */
	struct owner *of;	/* who handed it in; NULL = not known yet */
	uint64_t octets;	/* ... and so large it is */
	struct list_node row;	/* of those that wait for a site */
	struct run *run;	/* of an active one; the runner's */
	struct said *said;	/* or NULL */
};

/* Zero-initialise; index_init() sets the seed. */
struct index {
	struct table items, crowds, sites, owners;
	struct heap waits;
	struct list due[NCLASSES]; /* crowds that have some */
	size_t ndue, nheld;
	unsigned turn;
	size_t active, most;	/* taken now, and at most */
	uint64_t changes;	/* counts what lets index_take() find one */
	size_t said;		/* octets of what was said */
};

void index_init(struct index *x, size_t most);
void index_free(struct index *x);

/* NULL when there is none; index_get() makes it, ITEM_NEW. */
struct item *index_find(const struct index *x, const char *id);
struct item *index_get(struct index *x, const char *id);

/* It has gone. */
void index_drop(struct index *x, struct item *i);

/* Its domain (index_crowd()), once that is known. */
void index_set_crowd(struct index *x, struct item *i, uint64_t crowd);
uint64_t index_crowd(const struct index *x, struct slice domain);

/* Who handed it in, and how large it is; and what such a one has here. */
void index_set_owner(struct index *x, struct item *i, unsigned uid,
    uint64_t octets);
void index_owned(const struct index *x, unsigned uid, uint64_t *messages,
    uint64_t *octets);
bool index_owner(const struct item *i, unsigned *uid); /* false: not known */
void index_disown(struct index *x, struct item *i); /* of one that goes */

/*
 * Where it is from now on: waiting until due, and for this site (0 = none),
 * whichever comes first; waiting for its turn; or out of the way (HELD, KEPT).
 * An active one is so no more.
 */
void index_wait(struct index *x, struct item *i, int64_t due, uint64_t site);
void index_ready(struct index *x, struct item *i);
void index_rest(struct index *x, struct item *i, enum item_state state);

/*
 * Keep what was said of it: copied, in place of what was kept; nothing (n is 0)
 * and what is too much are not kept.
 */
#define INDEX_SAID ((size_t)40 << 20)
void index_say(struct index *x, struct item *i,
    const struct store_stamp *stamp, unsigned uid, struct slice line);

/* The site that it waits for, or 0. */
uint64_t index_site(const struct item *i);

/* Of those who wait for this site, so many at most are due at now. */
void index_woke(struct index *x, uint64_t site, int64_t now, size_t most);

/*
 * Those whose time has come wait for their turn from now on, some of them;
 * false when there are more.
 */
bool index_step(struct index *x, int64_t now);

/* Take the next whose turn it is, ACTIVE then; NULL when none can be had. */
struct item *index_take(struct index *x);

/* Is its crowd too large for one more, now that its domain is known? */
bool index_is_crowded(const struct index *x, const struct item *i);

/* When the first one is due; WAIT_NEVER when none waits. */
int64_t index_next(const struct index *x);

/* Call visit() with each item; it may drop that one, and no other. */
void index_each(struct index *x, void (*visit)(void *item));

#endif
