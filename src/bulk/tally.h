/* SPDX-License-Identifier: ISC */
/*
 * tally.h - what became of many messages, as numbers.
 *
 * It is as large for a million as for ten, but for a few numbers for each
 * domain.  Times are microseconds from when a message was read to a verdict.
 */
#ifndef BULK_TALLY_H
#define BULK_TALLY_H

#include "base/hash.h"
#include "base/table.h"
#include "mail/envelope.h"

#define TALLY_CODES 600 /* 0: nobody gave one */
#define TALLY_TIMES 512
#define TALLY_SLOW  5

struct tally_domain {
	char *name;
	uint64_t n;	/* verdicts */
	int64_t total;	/* ... and what they took */
	struct table_node node;
};

/* Zero-initialise, but for domains.seed. */
struct tally {
	uint64_t messages;	/* with a recipient who had his verdict now */
	uint64_t unsent;	/* that could not be had, or had nobody */
	uint64_t before;	/* recipients who were done in another run */
	uint64_t delivered, deferred, failed;
	uint64_t code[TALLY_CODES]; /* of those who were not delivered to */
	uint64_t times[TALLY_TIMES]; /* how many took so long: tally_time() */
	int64_t longest;
	struct table domains;
};

void tally_free(struct tally *t);

/* Count a recipient who has his verdict, of a message read at `since`. */
void tally_add(struct tally *t, const struct recipient *r, int64_t since);

/* So many of a hundred took no longer; rounded up by an eighth at most. */
int64_t tally_time(const struct tally *t, unsigned percent);

/* The domains that took longest, on average, the slowest first; how many. */
size_t tally_slowest(const struct tally *t,
    const struct tally_domain *out[TALLY_SLOW]);

#endif
