/* SPDX-License-Identifier: ISC */
/* submit_limit.h - who uses how much of the submission socket just now. */
#ifndef QUEUE_SUBMIT_LIMIT_H
#define QUEUE_SUBMIT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

/* A user who is connected, or whose message is not yet safe. */
struct tally {
	struct table_node node;
	unsigned uid;
	unsigned connections;
	unsigned messages;	/* begun, and not yet told to the runner */
	uint64_t octets;	/* ... of them */
};

/* Zero-initialise, but for the seed. */
struct tallies {
	struct table table;
};

/* His; made when he has none. */
struct tally *tally_of(struct tallies *t, unsigned uid);

/* It goes when nothing is counted in it any more. */
void tally_drop(struct tallies *t, struct tally *one);

void tallies_free(struct tallies *t);

#endif
