/* SPDX-License-Identifier: ISC */
/*
 * destination.h - one route key, and what is known of the way there.
 *
 * A key is a domain and the rule for it; or the relays to try, from the one in
 * use on; or --server.  It outlives the messages that go there: its route is
 * asked again only when the answers that it rests on are not good any more.
 * What it finds is a site, or why there is none.
 */
#ifndef DELIVER_DESTINATION_H
#define DELIVER_DESTINATION_H

#include "deliver/job.h"
#include "net/routing.h"

struct parcel;
struct site;

/* What makes a destination another one. */
struct route_key {
	const char *domain;	/* the recipients', or of the first of them */
	const struct domain_rule *rule;
	const struct relay_spec *const *relay; /* in the order to try */
	size_t nrelays;		/* 0 = direct */
	enum stage quit_after;
	bool tls_waived;
	enum tls_level tls_floor;
	const char *tls_floor_why;
	bool tls_optional;
};

enum destination_state {
	DESTINATION_UNKNOWN,
	DESTINATION_ROUTING,	/* its route asks DNS */
	DESTINATION_KNOWN,	/* a site, or why there is none */
};

struct destination {
	struct table_node node;
	struct job *job;
	struct route_key key;	/* its pointers are its own, or the rules' */
	enum destination_state state;
	struct list_node queue;	/* the job's: todo, or routing */
	struct list_node listed; /* ... plans */
	struct list parcels;	/* that wait for the route */
	struct parcel *latest;	/* the last that was put here */
	size_t users;		/* parcels anywhere that name it */
	struct buf rcpts;	/* --explain: who would go there, an LF behind
				   each */
	struct routing *routing; /* only while ROUTING; with --explain longer */
	struct site *site;
	struct result *no_way;	/* NULL = there is one */
	int64_t good_until;
	bool by_mx;		/* to its mail exchangers, by SMTP */
	struct sts_policy *policy; /* of MTA-STS; NULL = none */
	enum tls_result_type sts_fault; /* why no newer one was fetched */
};

/* The destination with this key, made if need be. */
struct destination *destination_find(struct job *job,
    const struct route_key *key);

/* The one after it, for the next relay; NULL when there is none. */
struct destination *destination_next(const struct destination *d);

/* p goes there as soon as it is known where that is. */
void destination_put(struct destination *d, struct parcel *p);

/* One parcel less names it. */
void destination_release(struct destination *d);

/* Start the routes that are wanted, a window of them at a time. */
void destinations_step(struct job *job, int64_t now);
void destinations_wait(const struct job *job, struct wait *w);

void destination_free(struct destination *d);

/* Begin with the route; go on with it: true when it is done. */
void destination_start_route(struct destination *d);
bool destination_step_route(struct destination *d, int64_t now);
void destination_end_route(struct destination *d);

/* Its policy of MTA-STS, as reports of TLS have it; text is what it borrows. */
void destination_sts_policy(const struct destination *d,
    struct tls_policy *out, struct buf text[2]);

/* By one relay or --server a mail may hold several domains. */
static inline bool
destination_is_mixed(const struct destination *d)
{
	return d->key.nrelays > 0 || d->job->config->route.server;
}

#endif
