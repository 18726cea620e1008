/* SPDX-License-Identifier: ISC */
/*
 * destination.h - one route key: its recipients, its plan, the hosts still to
 * try.
 *
 *	ROUTING   its route asks DNS
 *	READY     the plan stands; waits for a lane to be free
 *	WANTS_LOGIN	  the relay's secret has to be read first
 *	SENDING   a lane is at work
 *	SETTLED   every recipient has its verdict
 */
#ifndef DELIVER_DESTINATION_H
#define DELIVER_DESTINATION_H

#include "base/awaited.h"
#include "deliver/lane.h"
#include "route/plan.h"
#include "route/rules.h"

enum destination_state { ROUTING, READY, WANTS_LOGIN, SENDING, SETTLED };

/* The address just used once more: without TLS, or since MAILMAX is reached. */
enum repeat { REPEAT_NO, REPEAT_IN_CLEAR, REPEAT_SAME };

struct destination {
	struct job *job;
	const char *domain;
	enum destination_state state;
	struct recipient **rcpt;
	size_t nrcpts;

	struct choice choice;	/* relays in the order to try; none = direct */
	size_t relay;		/* ... the one that the route is for */
	size_t host;		/* of its plan: next to try */
	const struct relay_spec *refused_by; /* it did not take our login */
	struct route_config config; /* the job's, or as a rule has it */
	struct route *route;
	struct ticket **ticket;	/* of this round; NULL = not asked yet */
	size_t ntickets;
	bool *tried;		/* of plan->address[i] */
	size_t picked[DIAL_MAX]; /* plan addresses of the race under way */
	size_t npicked;
	size_t sessions;	/* connections that came about */
	enum repeat repeat;
	size_t used;		/* plan address of the last connection */
	bool silent;		/* every host so far has timed out */
	size_t nproblems;
	struct buf problems;	/* a reason per host */
	struct outcome last;	/* why the last lane did not settle all */
	struct lane lane;
};

/*
 * domain is the recipients', choice what the rules say for them;
 * destination_add() adds them before routing.
 */
void destination_init(struct destination *d, struct job *job,
    const char *domain, const struct choice *choice);
void destination_add(struct destination *d, struct recipient *r);
void destination_free(struct destination *d);

void destination_wait(struct destination *d, struct wait *w);
void destination_step(struct destination *d, const struct wait *w,
    int64_t now);

/* What it waits for. */
struct awaited destination_awaited(const struct destination *d);

/* NULL until it is known. */
const struct plan *destination_plan(const struct destination *d);

/* The relay that it wants to be logged in at, or NULL; then one of these. */
const struct relay_spec *destination_wants_login(const struct destination *d);
void destination_login(struct destination *d,
    const struct deliver_secret *secret);
void destination_no_login(struct destination *d, const struct outcome *why,
    int64_t now);

/* The relay that refused our login, once; else NULL. */
const struct relay_spec *destination_refused_login(struct destination *d);

/* Give up now, for this reason. */
void destination_stop(struct destination *d, const struct outcome *why,
    int64_t now);

#endif
