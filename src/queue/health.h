/* SPDX-License-Identifier: ISC */
/*
 * health.h - how the queue is: how many messages, how old, what they wait for,
 * and whether there is room; for people, for programs and for monitoring.
 */
#ifndef QUEUE_HEALTH_H
#define QUEUE_HEALTH_H

#include "base/table.h"
#include "queue/listing.h"

#define HEALTH_DOMAINS 10000 /* that are told apart; of more there is a sum */
#define HEALTH_SHOWN   20    /* ... of which text and JSON have the worst */

/* A domain that mail waits for. */
struct health_domain {
	struct table_node node;
	struct slice name;
	struct slice reason;	/* of the last attempt, or empty */
	int64_t waiting;	/* recipients */
	int64_t next;		/* the first next try of them; 0: at once */
	int64_t oldest;		/* arrival of the oldest message */
	char *kept;		/* heap: name and reason */
};

/* Zero-initialise.  Times are seconds since 1970. */
struct health {
	int64_t at;		/* when it was looked at */
	int64_t state[LISTING_HELD + 1]; /* messages */
	int64_t aside;		/* in held/: given up, for a person */
	int64_t corrupt;	/* in corrupt/ */
	int64_t octets;		/* of their texts */
	int64_t oldest;		/* arrival of the oldest that is not held */
	int64_t free_octets, disk_octets, free_inodes, inodes;
	bool full;		/* below the reserve: nothing more is taken */
	bool daemon;		/* one runs */
	bool partial;		/* only what belongs to who asks */
	struct slice blocked;	/* why nothing is tried, or empty; borrowed */
	struct slice remark;	/* of the store; borrowed */
	struct health_domain **domains;
	size_t n, cap;
	struct table table;
};

void health_free(struct health *h);

/* Does this row's first domain still lack a reason?  Then histories help. */
bool health_wants_reason(const struct health *h,
    const struct listing_row *row);

/* Count one message. */
void health_add(struct health *h, const struct listing_row *row);

/* Note the room there is, and whether that is too little for new mail. */
void health_add_space(struct health *h, const struct store_space *space,
    const struct store_config *config);

/* Append it as one JSON line; read it again (the line is changed, and kept). */
void health_put_json(struct buf *out, struct health *h);
bool health_read(struct health *h, char *line, size_t n);

/* For people, now being h->at; and as OpenMetrics 1.0. */
void health_put_text(struct buf *out, struct health *h);
void health_put_metrics(struct buf *out, struct health *h);

/*
 * For monitoring: 0 all is well; 1 something waits longer than warn_age seconds
 * (0 = not looked at), or lies where a person must look; 2 no mail is taken or
 * none is sent.
 */
int health_status(const struct health *h, int64_t warn_age);

/* "3 days", "2 h 13 min", "5 s". */
void span_put(struct buf *out, int64_t seconds);

#endif
