/* SPDX-License-Identifier: ISC */
/*
 * reach.h - how many lanes lead to an address, whichever sites they are of.
 *
 * A lane counts at each address that it races for, and from the winner on at
 * that alone.  A site that finds all its addresses taken waits in turn at one
 * of them.
 */
#ifndef DELIVER_REACH_H
#define DELIVER_REACH_H

#include "deliver/lane.h"

struct reach {
	struct table_node node;
	struct job *job;
	struct ip ip;
	size_t lanes;
	size_t users;		/* sites that wait here, or come from here */
	struct list waiting;	/* sites, by site.ready */
};

/*
 * Leave those of the call's targets that no more lanes may lead to; when that
 * is all of them, where to wait for one (call->n is 0 then), else NULL.
 */
struct reach *reach_limit(struct job *job, struct lane_call *call);

/* s waits there until a lane has gone. */
void reach_await(struct reach *r, struct site *s);

/* A site that waited there (site.reach) has had its turn: the next; or NULL. */
void reach_pass(struct reach *r);

/* l leads to its targets now; to the winner alone; to none. */
void reach_begin(struct lane *l);
void reach_won(struct lane *l);
void reach_end(struct lane *l);

#endif
