/* SPDX-License-Identifier: ISC */
/*
 * route_impl.h - the inside of a route, shared by its files: plan.c finds the
 * way to a domain or a server, relay_route.c to a relay; dane_route.c asks for
 * the TLSA records of the hosts, dane_verdict.c says what follows.
 * sts_route.c does the same with MTA-STS.
 */
#ifndef ROUTE_ROUTE_IMPL_H
#define ROUTE_ROUTE_IMPL_H

#include "route/plan.h"
#include "route/sts.h"
#include "route/target.h"

enum round {
	ROUND_DOMAIN,	/* MX, A and AAAA of the domain */
	ROUND_HOSTS,	/* A, AAAA and TLSA of its hosts, or of the --server */
	ROUND_TLSA,	/* TLSA that could not be asked for before */
	ROUND_POLICY,	/* no question, but the policy of MTA-STS */
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

struct route_sts {
	struct sts_wish wish;	/* its domain NULL: nothing answered */
};

struct route {
	const struct route_config *config;
	char *name;		/* the domain as DNS knows it; or NULL */
	char *canonical;	/* ... at the end of its CNAMEs; or NULL */
	bool secure;		/* DNSSEC vouches for how the hosts were found,
				   or nobody had to be asked */
	enum round round;
	struct asked *asked;
	size_t n, nanswered;
	struct route_sts *sts;	/* NULL = its record was not asked for */
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

/* The port that is called. */
uint16_t route_port(const struct route_config *c);

/*
 * TLSA records.  Along with the addresses of a host: ask for those at its name.
 * Take an answer of this round that is about it.  With all addresses answered:
 * are those that are not answered of no use?  Then: begin the round for those
 * that are left; false when there are none.
 */
bool route_wants_dane(const struct route *r);
void route_ask_tlsa(struct route *r, struct target *t);
void route_take_dane(struct route *r, struct target *t,
    const struct asked *asked);
bool route_needs_no_tlsa(const struct route *r);
bool route_ask_for_dane(struct route *r);

/* Say what is demanded of each host; who cannot meet it is not used. */
void route_decide_dane(struct route *r);

/*
 * MTA-STS.  Ask for the record of the domain; is its answer still awaited?
 * Keep it when the round ends.  Begin the round for the policy; false when none
 * is wanted.  Say what follows for each host.
 */
void route_ask_sts(struct route *r);
bool route_awaits_sts(const struct route *r);
void route_keep_sts(struct route *r);
bool route_ask_for_policy(struct route *r);
void route_decide_sts(struct route *r);
void route_free_sts(struct route *r);

/* The policy is known: the round is over. */
void route_end_policy(struct route *r);

/* Is this host named by a policy that is enforced? */
bool route_sts_vouches(const struct route *r, const struct target *t);

/* Set the plan's TLS level, and why it is that. */
void route_set_tls(struct route *r);

/* The way to config->relay: begin, and go on when a round is answered. */
void route_start_relay(struct route *r);
void route_end_relay_round(struct route *r);

#endif
