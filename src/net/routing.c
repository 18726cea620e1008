/* SPDX-License-Identifier: ISC */
/* routing.c - see routing.h */
#include "net/routing.h"

#include <stdlib.h>

#include "base/mem.h"

static void
ask(struct routing *r, struct resolver *resolver, int64_t now)
{
	r->ntickets = route_questions(r->route);
	r->ticket = mem_resize(r->ticket, r->ntickets,
	    sizeof(struct ticket *));
	for (size_t i = 0; i < r->ntickets; i++)
		r->ticket[i] = resolver_ask(resolver,
		    route_question(r->route, i), now);
}

static void
release_tickets(struct routing *r, struct resolver *resolver)
{
	for (size_t i = 0; i < r->ntickets; i++)
		resolver_release(resolver, r->ticket[i]);
	free(r->ticket);
	r->ticket = NULL;
	r->ntickets = 0;
}

/* Hand over what is answered; true when that ended the round. */
static bool
take_answers(struct routing *r)
{
	const struct dns_answer *a;

	for (size_t i = 0; i < r->ntickets; i++) {
		a = resolver_answer(r->ticket[i]);
		if (a && !route_is_answered(r->route, i) &&
		    route_answer(r->route, i, a))
			return true;
	}
	return false;
}

void
routing_start(struct routing *r, const char *domain)
{
	r->route = route_new(domain, &r->config);
}

bool
routing_step(struct routing *r, struct resolver *resolver, int64_t now)
{
	while (!route_is_done(r->route)) {
		if (route_wants_policy(r->route))
			return false;
		if (!r->ticket)
			ask(r, resolver, now);
		if (!take_answers(r))
			return false;
		release_tickets(r, resolver);
	}
	return true;
}

void
routing_end(struct routing *r, struct resolver *resolver)
{
	release_tickets(r, resolver);
	route_free(r->route);
	r->route = NULL;
}
