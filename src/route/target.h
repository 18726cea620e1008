/* SPDX-License-Identifier: ISC */
/*
 * target.h - the hosts a domain's mail may go to, while a route finds out their
 * addresses.
 *
 * Targets stand in the order to try: by preference, in random order inside one.
 * What points to this very host is found here: a target of that preference or a
 * worse one is dropped, lest mail runs in a circle (RFC 5321 5.1, FAULTS 13).
 */
#ifndef ROUTE_TARGET_H
#define ROUTE_TARGET_H

#include "route/plan.h"

struct target {
	struct plan_host host;	/* its problem: of the answers so far; name and
				   problem are its own */
	struct ip *ip;
	size_t n;
	bool is_own;
};

struct targets {
	const struct route_config *config;
	struct target *v;
	size_t n;
	bool cut;		/* there were more than are considered */
	char *loop;		/* the one that is this host; NULL = none */
	int64_t good_until;	/* the least of the answers taken */
};

void targets_free(struct targets *t);

struct target *targets_add(struct targets *t, const char *name,
    uint16_t preference);

/*
 * The hosts of an MX answer, null ones left out.  Drops by name what
 * targets_drop_own() drops by address, then all but PLAN_HOSTS_MAX.
 */
void targets_add_mx(struct targets *t, const struct dns_answer *mx);

/* What is decided rests on this answer, too: it is good no longer. */
void targets_note(struct targets *t, const struct dns_answer *a);

/* An address of a target, or the answer to a question for its addresses. */
void target_take_ip(const struct targets *t, struct target *to,
    const struct ip *ip);
void target_take(struct targets *t, struct target *to,
    const struct dns_answer *a);

/* 127.0.0.1 and ::1, as far as they may be used. */
void target_take_loopback(const struct targets *t, struct target *to);

/* What a soft answer to the question for name means: DEFERRED. */
struct outcome lookup_failed(const char *name, const struct dns_answer *a);

/* Why it cannot be used, as far as is known. */
void target_set_problem(struct target *to, struct outcome problem);

/* Are its addresses still to be asked for? */
bool target_is_unknown(const struct target *t);

/* Drop every target of the best preference that has one of ours, or worse. */
void targets_drop_own(struct targets *t);

/*
 * Hosts, addresses (at most config.max_addresses) and, when there are none,
 * why.  p->domain and p->how are set already.  The plan takes over what the
 * hosts own.
 */
void targets_make_plan(struct targets *t, struct plan *p);

#endif
