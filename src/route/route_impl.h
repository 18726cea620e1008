/* SPDX-License-Identifier: ISC */
/*
 * route_impl.h - the inside of a route, shared by its files: plan.c finds the
 * way to a domain or a server, relay_route.c to a relay.
 */
#ifndef ROUTE_ROUTE_IMPL_H
#define ROUTE_ROUTE_IMPL_H

#include "route/plan.h"
#include "route/target.h"

enum round {
	ROUND_DOMAIN,	/* MX, A and AAAA of the domain */
	ROUND_HOSTS,	/* A and AAAA of its hosts, or of the --server */
	ROUND_RELAY,	/* the SRVs of a relay's domain */
	ROUND_RELAY_HOSTS, /* A and AAAA of a relay's hosts */
	ROUND_DONE,
};

struct asked {
	char *name;
	struct dns_question question;
	bool answered;
	struct dns_answer answer;
};

struct route {
	const struct route_config *config;
	char *name;		/* the domain as DNS knows it; or NULL */
	enum round round;
	struct asked *asked;
	size_t n, nanswered;
	struct targets targets;
	struct plan plan;
};

/* One more question of this round; named: see struct dns_question. */
void route_ask(struct route *r, const char *name, enum dns_type type,
    bool named);
void route_ask_addresses(struct route *r, const char *name, bool named);
void route_forget_questions(struct route *r);

/* The end, before there are targets: why there is no way. */
void route_finish_with(struct route *r, struct outcome why);

/* Set the plan's TLS level, and why it is that. */
void route_set_tls(struct route *r);

/* The way to config->relay: begin, and go on when a round is answered. */
void route_start_relay(struct route *r);
void route_end_relay_round(struct route *r);

#endif
