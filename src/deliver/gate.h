/* SPDX-License-Identifier: ISC */
/*
 * gate.h - how many lanes lead to an address, whichever sites they are of.
 *
 * A lane counts at each address that it races for, and from the winner on at
 * that alone.  A site that finds all its addresses taken waits in turn at one
 * of them.
 */
#ifndef DELIVER_GATE_H
#define DELIVER_GATE_H

#include "deliver/lane.h"

struct gate {
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
struct gate *gate_limit(struct job *job, struct lane_call *call);

/* s waits there until a lane has gone. */
void gate_await(struct gate *g, struct site *s);

/* A site that waited there (site.gate) has had its turn: the next; or NULL. */
void gate_pass(struct gate *g);

/* l leads to its targets now; to the winner alone; to none. */
void gate_begin(struct lane *l);
void gate_won(struct lane *l);
void gate_end(struct lane *l);

#endif
