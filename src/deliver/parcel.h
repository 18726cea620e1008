/* SPDX-License-Identifier: ISC */
/*
 * parcel.h - one consignment's recipients for one destination, and what was
 * tried for them.
 *
 * Each recipient is in one place: waiting to be offered to the host at hand; in
 * a session; in `rest`, to be offered there once more; in `again`, since only
 * another host may help; or he has his verdict.  Verdicts are given here and
 * nowhere else.
 */
#ifndef DELIVER_PARCEL_H
#define DELIVER_PARCEL_H

#include "deliver/job.h"

#define NO_HOP SIZE_MAX

struct destination;

/* What came of asking a hop: nothing that counts, or it was talked with. */
enum hop_try { UNTRIED, TRIED, ANSWERED };

struct parcel {
	struct job *job;
	struct consignment *consignment;
	struct destination *destination;
	struct list_node queue;	/* its destination's, its site's, or of the
				   stranded ones */
	struct list_node sibling; /* of its consignment */
	struct list_node record; /* of the unrecorded ones */
	struct recipient_list waiting, rest, again;
	struct recipient_list fresh; /* with a verdict to record; */
	size_t nfresh;
	size_t recording;	/* ... handed out for that */
	size_t open;		/* without a verdict */
	struct lane *lane;	/* it is aboard of; NULL = of none */
	int64_t starved;	/* since when no lane could be had for it, for
				   want of descriptors; 0 = there was one */

	enum hop_try *tried;	/* hop i of its site; NULL = none */
	size_t ntried;
	size_t sessions;	/* hosts that were talked with */
	size_t same;		/* hop to be called once more, or NO_HOP */
	bool doubt;		/* a host to be asked has not answered */
	bool silent;		/* every host so far has timed out */
	bool heard;		/* a host failed otherwise than as a whole */
	uint64_t site;		/* where it is, or was last; 0 = nowhere yet */
	uint64_t soonest;	/* of those that wait as a whole, the first to
				   be tried again, then; 0 = none */
	int64_t soonest_next;
	unsigned nproblems;
	struct buf problems;	/* a reason per host */
	struct result *last;	/* why the last one did not settle all */
};

struct parcel *parcel_new(struct job *job, struct consignment *c,
    struct destination *d);
void parcel_add(struct parcel *p, struct recipient *r);

/*
 * A transaction is over for r, which it said something of: that is its verdict,
 * or another transaction is wanted, or another host.
 */
void parcel_take(struct parcel *p, struct recipient *r, int64_t now);

/* Those of `rest` wait again, before all others. */
void parcel_take_rest(struct parcel *p);

/* Everybody left gets this outcome, or the words that an earlier host had. */
void parcel_settle(struct parcel *p, const struct outcome *why, int64_t now);

/* Nobody is left to ask: the only reason that a host gave, or all of them. */
void parcel_give_up(struct parcel *p, int64_t now);

/* Those whom another host may help are offered to it. */
void parcel_reopen(struct parcel *p);

/*
 * Keep the reason that a host gave, for the case that none does better; it
 * counts as the last one.
 */
void parcel_add_problem(struct parcel *p, const struct outcome *why);

/* The last reason, without being one host's. */
void parcel_set_last(struct parcel *p, const struct outcome *why);

/* Was hop i tried; mark it so; forget all of that for another site. */
bool parcel_has_tried(const struct parcel *p, size_t i);
void parcel_try(struct parcel *p, size_t i, enum hop_try what);
void parcel_forget_tries(struct parcel *p);

/* Has it neither recipients nor records nor a lane?  Then it ends here. */
void parcel_retire(struct parcel *p);

/* What deliver has of a consignment besides its parcels. */
void parcel_forget_signatures(struct consignment *c);

/* It ends, whatever it has; the last of its consignment finishes that. */
void parcel_end(struct parcel *p);
void parcel_free(struct parcel *p);

#endif
