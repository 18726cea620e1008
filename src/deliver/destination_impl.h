/* SPDX-License-Identifier: ISC */
/*
 * destination_impl.h - the inside of a destination, shared by its files:
 * destination.c sends, destination_route.c finds out
 * where, destination_relay.c logs in.
 */
#ifndef DELIVER_DESTINATION_IMPL_H
#define DELIVER_DESTINATION_IMPL_H

#include "deliver/destination.h"

/* Those without a verdict get one, and the destination is SETTLED. */
void destination_settle(struct destination *d, const struct outcome *why,
    int64_t now);

/* Nobody is left to ask: the only reason that a host gave, or all of them. */
void destination_give_up(struct destination *d, int64_t now);

/* Keep the reason that a host gave, for the case that none does better. */
void destination_add_problem(struct destination *d, const struct outcome *why);

/* Is there a host, or a relay, that was not asked yet? */
bool destination_has_hosts(struct destination *d);

/* How the session with the next host begins. */
struct session_config destination_session(const struct destination *d);

/* Begin (again) with routing, for the relay that is next, or direct. */
void destination_start_route(struct destination *d);

/* Give back what is held of the resolver. */
void destination_release_tickets(struct destination *d);

/* Go on to the next relay's route; false when there is none. */
bool destination_next_relay(struct destination *d);

/* Ask, take answers; READY or SETTLED when the plan stands. */
void destination_step_routing(struct destination *d, int64_t now);

#endif
