/* SPDX-License-Identifier: ISC */
/*
 * verdict.h - from what became of a recipient to what his slot says.
 *
 * His verdict may change on the way: who was DEFERRED for the last time has
 * FAILED.
 */
#ifndef QUEUE_VERDICT_H
#define QUEUE_VERDICT_H

#include "mail/envelope.h"
#include "queue/schedule.h"

struct verdict_call {
	const struct schedule *schedule;
	const struct stored *mail;
	int64_t wall;		/* seconds since 1970 */
	int64_t site_wait;	/* of a host's failure: seconds until its site
				   is tried again; -1 = it was none */
	bool stopped;		/* we ended it ourselves: that was no try */
	uint32_t random;
};

/* The slot of r, who has his verdict, from the one before; r as it says. */
struct slot verdict_slot(struct recipient *r, const struct slot *before,
    const struct verdict_call *c);

#endif
