/* SPDX-License-Identifier: ISC */
/*
 * routing.h - a route that is being found, and the questions it has asked.
 *
 * The route (route/plan.h) is pure: this gives its questions to a resolver and
 * the answers back to it.
 */
#ifndef NET_ROUTING_H
#define NET_ROUTING_H

#include "net/resolver.h"
#include "route/plan.h"

struct routing {
	struct route_config config; /* the caller's to fill in */
	struct route *route;
	struct ticket **ticket;	/* of this round; NULL = not asked yet */
	size_t ntickets;
};

/* Begin for this domain, as r->config says, which stays as it is. */
void routing_start(struct routing *r, const char *domain);

/*
 * Go on: true when it is done and route_plan() tells.  The resolver is waited
 * for and stepped by who owns it.  False, too, while route_wants_policy(): that
 * is the caller's to find.
 */
bool routing_step(struct routing *r, struct resolver *resolver, int64_t now);

/* Give back route and tickets; one that was never begun may be ended. */
void routing_end(struct routing *r, struct resolver *resolver);

#endif
