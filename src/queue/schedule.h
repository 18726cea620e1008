/* SPDX-License-Identifier: ISC */
/*
 * schedule.h - when a message is tried again, and when it is given up.
 *
 * No clock is believed for long: a message's age is what has accrued from try
 * to try, each stretch bounded by what was planned, and a next try that is
 * further away than any plan goes means that the clock went back.  So neither a
 * jump of ten years nor one to 1970 bounces or delays anything (FAULTS row 72).
 * Pure: wall is seconds since 1970, random any bits.
 */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "spool/store.h"

#define SCHEDULE_STEPS	  16
#define SCHEDULE_ATTEMPTS 4	/* at least, before age alone gives up */
#define SCHEDULE_BOOKED	  60	/* seconds: the first try that is recorded by
				   the enqueue itself is due again then */

/* All in seconds. */
struct schedule {
	uint32_t retry[SCHEDULE_STEPS]; /* after the 1st, 2nd ... failure; the
					   last one from then on */
	size_t nretry;		/* not 0 */
	uint32_t greylist;	/* after a greylisting's first time */
	uint32_t host;		/* the longest wait of a site */
	uint32_t lifetime, bounce_lifetime;
	uint32_t warn_after;	/* 0 = never */
};

/* QUEUE.md: 1 3 10 30 60 min, 310 s, 1 h, 5 d, 2 d, 4 h. */
struct schedule schedule_default(void);

/* The longest time that a next try is ever planned ahead. */
uint32_t schedule_longest(const struct schedule *s);

/* A greylisting: 4yz with 4.7.1, or such words, at RCPT. */
bool schedule_is_greylisting(const struct outcome *o);

/*
 * Seconds from a try that ended in this DEFERRED outcome to the next.  The slot
 * is as it was before that try.
 */
uint32_t schedule_retry(const struct schedule *s, const struct slot *before,
    const struct outcome *o, uint32_t random);

/*
 * The same for a host's failure: its site is tried again in wait seconds, and
 * who waits for it a little later, not all at once.
 */
uint32_t schedule_host_retry(const struct schedule *s, int64_t wait,
    uint32_t random);

/* Seconds until the attempts'th try of a message that is about to be made will
 * have to be made again, if nothing more is heard of it: no random part. */
uint32_t schedule_attempt(const struct schedule *s, uint32_t attempts);

/*
 * The age of a recipient at a try at wall, from its slot before that try; m
 * says when the first was possible.
 */
uint32_t schedule_age(const struct schedule *s, const struct stored *m,
    const struct slot *before, int64_t wall);

/* So old, and tried so often: is he given up? */
bool schedule_is_over(const struct schedule *s, const struct stored *m,
    uint32_t age, unsigned attempts);

/* Of a message with --expire: seconds until that; else UINT32_MAX. */
uint32_t schedule_left(const struct stored *m, uint32_t age);

/* Is his sender to be warned of the delay now? */
bool schedule_is_late(const struct schedule *s, const struct slot *slot);

/*
 * Seconds from wall until then: 0 = it is due.  Not before not_before (0 =
 * none), which alone is believed whatever the clock says.
 */
int64_t schedule_due_in(const struct schedule *s, int64_t next_try,
    int64_t not_before, int64_t wall);

/*
 * When the message is due, as its slots say: of the recipients that are PENDING
 * the first one, and not before the message's own next try; seconds since 1970,
 * 0 = at once.  False when nobody is PENDING, or it is held.
 */
bool schedule_next(const struct entry *e, int64_t *next);

#endif
