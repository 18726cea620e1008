/* SPDX-License-Identifier: ISC */
/*
 * site.h - the destinations that share hosts, and so connections.
 *
 * The same MX hosts and preferences, port, protocol and TLS demands make a
 * site; so does a relay, or the host of --server.  It has the parcels that wait
 * for a lane, its lanes, and what is known of its hosts (hop.h).
 */
#ifndef DELIVER_SITE_H
#define DELIVER_SITE_H

#include "deliver/hop.h"
#include "deliver/lane.h"

struct site {
	struct table_node node;
	struct job *job;
	enum tls_level tls;
	bool tls_fixed;		/* --tls has no say in it */
	enum link_kind link;
	enum stage quit_after;
	const struct relay_spec *relay; /* NULL = direct */
	struct hops hops;
	int64_t good_until;	/* the plan that the hops are of */
	struct list waiting[NCLASSES]; /* parcels */
	unsigned turn;		/* whose it is to have a lane */
	struct list lanes;
	struct list_node ready;	/* the job's: ready, or logins */
	bool asked;		/* the login was asked for */
	bool stale;		/* a secret kept from before was refused */
	size_t users;		/* destinations that name it */
	size_t hosts_at;	/* in its key, for people */

	size_t most, cap;	/* lanes at a time: now; at best */
	int64_t interval;	/* between two mails; 0 = none */
	int64_t pace;		/* its next mail is not before then */
	struct gate *gate;	/* an address where it waits for one lane less,
				   or waited until its turn came */

	unsigned failures;	/* of all its hosts, in a row; */
	int64_t next;		/* ... so it waits until then; 0 = it does not,
				   or its probe is under way */
	uint64_t sent;		/* mails that it has taken */
	struct list_node listed; /* the job's sites */
	struct list_node down;	/* ... those that wait */
	struct list_node told;	/* ... those of which there is news */
	enum site_news news;
};

/* What makes a site another one. */
struct site_call {
	const struct plan *plan; /* which can be executed */
	const struct domain_rule *rule; /* or NULL */
	enum stage quit_after;
	bool tls_fixed;
};

/* The site of this plan, made if need be; good until the plan is not. */
struct site *site_find(struct job *job, const struct site_call *call,
    int64_t now);

/* One user less; or it ends in any case. */
void site_release(struct site *s);
void site_free(struct site *s);

/* p waits here for a lane, at the end of the queue, or has one at once. */
void site_put(struct site *s, struct parcel *p, int64_t now);

/* Whose wait is over is due. */
void sites_wake(struct job *job, int64_t now);

/* Bring waiting parcels onto lanes as far as limits and descriptors allow. */
void sites_step(struct job *job, int64_t now);
void sites_wait(const struct job *job, struct wait *w);

/* Step a lane, and do what follows from where it is then. */
void site_step_lane(struct lane *l, const struct wait *w, int64_t now);

/* The parcel that a lane brought verdicts for is recorded: it goes on. */
void site_go_on(struct lane *l, int64_t now);

/* What became of a lane that is over; it ends here. */
void site_end_lane(struct lane *l, int64_t now);

/* The relay's secret is there: begin a lane for each parcel that may have. */
void site_log_in(struct site *s, const struct deliver_secret *secret,
    int64_t now);

/* It cannot be had: its parcels go elsewhere. */
void site_refuse_login(struct site *s, const struct outcome *why);

#endif
