/* SPDX-License-Identifier: ISC */
/*
 * plan.h - where a recipient's mail goes, decided before anything is connected.
 *
 * A route is a pure machine: started for one domain, it says which DNS
 * questions it wants answered (the first round all at once: MX, A and AAAA of
 * the domain; the second: A and AAAA of the hosts, and where DANE is wanted
 * their TLSA; a third where only these are left), takes the answers in any
 * order, and ends with a plan.  Sending executes the plan, --explain prints it;
 * nothing decides a second time.  RFC 5321 5.1, RFC 7505 (null MX), FAULTS rows
 * 1-18.
 *
 * A route by a relay has two rounds at most, the SRV records of its domain (RFC
 * 6186, RFC 8314), and with ask_for_relays the addresses of its hosts: else
 * libcurl finds them, as the system does, or a proxy does.
 */
#ifndef ROUTE_PLAN_H
#define ROUTE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/inet.h"
#include "base/outcome.h"
#include "base/policy.h"
#include "base/tls_result.h"
#include "dns/answer.h"
#include "route/rules.h"

#define PLAN_HOSTS_MAX	   20 /* MX hosts considered */
#define PLAN_ADDRESSES_MAX 5  /* addresses tried per destination, by default */

/* What the user decided; outlives the routes made from it. */
struct route_config {
	const struct relay_spec *relay; /* by this relay, whatever else; NULL */
	enum link_kind link;
	const char *server;	/* --server host or literal: no MX; or NULL */
	bool is_mailbox;	/* it is that of [local] mailbox, and may be the
				   path of a socket: "/run/dovecot/lmtp" */
	uint16_t port;		/* 0 = 25, 465 for SMTPS, 24 for LMTP */
	enum tls_level tls;
	const char *tls_why;	/* "--tls verify", "the default", ... */
	bool tls_waived;	/* its sender rather has it sent in clear than
				   not (TLS-Required: No): what the receiver
				   publishes, DANE, has no say */
	enum tls_level tls_floor; /* no rule goes below it: what the message
				   or its sender demands (REQUIRETLS) */
	const char *tls_floor_why; /* "-O requiretls", ... */
	bool tls_optional;	/* no demand goes above MAY, but a relay's: it
				   is better sent in clear than not (RFC 8460
				   3); outdone by a floor */
	enum sts_use sts;
	bool sts_given;		/* ... by --mta-sts, and not by default */
	bool no_ipv4, no_ipv6;
	bool allow_loopback_mx;
	bool ask_for_relays;	/* a relay's addresses come from our questions,
				   and not from libcurl's */
	const char *const *own_names; /* NULL-terminated: this host's names */
	const struct ip *own_ips; /* addresses of this host's interfaces */
	size_t n_own_ips;
	size_t max_addresses;	/* 0 = PLAN_ADDRESSES_MAX */
	uint64_t seed;		/* order inside a preference */
};

struct dane;
struct sts_policy;
struct sts_wish;

struct plan_address {
	struct endpoint at;
	size_t host;		/* index into plan.host */
};

struct plan_host {
	char *name;		/* the MX name: for reports, SNI, checking */
	char *canonical;	/* the name at the end of its CNAMEs; NULL =
				   it has none */
	uint16_t preference;	/* or priority */
	uint16_t port;		/* of a relay, as the next two; else 0 */
	bool implicit_tls;	/* TLS from the first byte; else STARTTLS */
	char *addresses;	/* of a relay: "192.0.2.1,2001:db8::1"; NULL =
				   libcurl finds them, or the proxy does */
	size_t naddresses;	/* how many of plan.address are its */
	enum tls_level tls;	/* what is demanded there: the plan's, or under
				   DANE what its TLSA records say */
	char *tls_why;		/* ... and why, under DANE; else NULL */
	struct dane *dane;	/* with TLS_DANE: its TLSA records */
	enum tls_result_type tls_fault; /* what is wrong with them, for reports
				   to the domain; else TLS_RESULT_OK */
	bool by_sts;		/* what is demanded or wrong is so by MTA-STS */
	struct outcome *problem; /* NULL = none; else why it is not usable */
};

/*
 * Addresses stand in the order to try, v6 and v4 alternating inside a
 * preference group; those of one group are raced (RFC 8305).  A socket of this
 * machine is a host that is called by its path, with an address of version 0.
 *
 * By a relay the hosts stand in the order to try, without any that must not be
 * used.  `why` is never FAILED: a relay that cannot be found is the fault of a
 * configuration, not of the mail.
 */
struct plan {
	char *domain;
	enum link_kind link;
	enum tls_level tls;
	const char *tls_why;
	enum tls_level tls_else; /* under DANE: at hosts without TLSA records */
	char *sts;		/* what MTA-STS has to say: "enforce, a policy
				   of example.org (id 20261127)", "none: ...";
				   NULL = it was not asked */
	struct sts_policy *policy; /* ... that there is, whatever its mode */
	const char *how;	/* "MX", "implicit MX", "address literal",
				   "localhost", "server", "[local] mailbox",
				   "relay", "relay by SRV" */
	bool is_mailbox;	/* of the config */
	const struct relay_spec *relay; /* of the config, or NULL */
	struct plan_host *host;
	size_t nhosts;
	struct plan_address *address;
	size_t naddresses;	/* 0: by a relay, or why says the reason */
	struct outcome *why;	/* NULL while the plan can be executed */
	int64_t good_until;	/* the least of the answers it rests on, on the
				   resolver's clock; INT64_MAX: for ever */
};

void plan_free(struct plan *p);

/* Were its hosts' preferences said by somebody (MX, SRV)? */
bool plan_has_preferences(const struct plan *p);

/* Are its hosts the mail exchangers of its domain, said or implied? */
bool plan_is_by_mx(const struct plan *p);

/* Set why, in place of what it was: for those who make plans. */
void plan_set_why(struct plan *p, struct outcome why);

/* What a host owns: for those who make plans. */
void plan_host_free(struct plan_host *h);

struct route;

/* domain: A-labels or a literal, as address.h makes them.  Never NULL. */
struct route *route_new(const char *domain, const struct route_config *config);
void route_free(struct route *r);

/*
 * The questions of this round.  Index i stays good until route_answer() says
 * that the round is over.  No questions left: the route is done.
 */
size_t route_questions(const struct route *r);
const struct dns_question *route_question(const struct route *r, size_t i);
bool route_is_answered(const struct route *r, size_t i);

/*
 * Answer question i of this round; the answer is only read.  True when that was
 * enough: the next round has begun, or the route is done, and what was not
 * answered need not be asked any more (of a domain with MX records, its own
 * addresses).
 */
bool route_answer(struct route *r, size_t i, const struct dns_answer *a)
    __attribute__((warn_unused_result));

/*
 * A round without questions: the policy of MTA-STS that is to be found (by
 * deliver/sts.h); NULL = none is.  Then route_take_policy() goes on; policy
 * NULL: there is none, why says so.  It is good until then on the resolver's
 * clock.
 */
const struct sts_wish *route_wants_policy(const struct route *r);
void route_take_policy(struct route *r, const struct sts_policy *policy,
    const char *why, int64_t good_until);

bool route_is_done(const struct route *r);

/* The plan, once done; owned by the route. */
const struct plan *route_plan(const struct route *r);

#endif
