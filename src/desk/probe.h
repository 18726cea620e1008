/* SPDX-License-Identifier: ISC */
/*
 * probe.h - what the servers of some domains are like: every address of every
 * mail exchanger is visited, all at once.
 *
 * The program's loop asks probe_wait(), sleeps, and calls probe_step() until
 * probe_is_over(); then all targets, their plans and visits are there to be
 * read (probe_put.h).
 */
#ifndef DESK_PROBE_H
#define DESK_PROBE_H

#include "deliver/deliver.h"
#include "desk/visit.h"
#include "net/routing.h"

struct sts;

#define PROBE_PATIENCE	10 /* seconds for each step, by default */
#define PROBE_VISITS	200 /* at once */
#define PROBE_ADDRESSES 400 /* of one target */

/* A domain with its exchangers, or one server. */
struct probe_target {
	char *name;		/* as it was asked for, without a port */
	char *server;		/* NULL: the exchangers of the domain */
	struct visit_call call;
	struct address *rcpt;
	struct routing routing;
	const struct plan *plan; /* NULL = not known yet */
	struct visit *visit;	/* one for each address of the plan */
	size_t n;
};

struct probe {
	const struct deliver_config *way; /* the caller's */
	bool tls;		/* look at it */
	struct events *events;
	struct probe_target **target;
	size_t n;

	/* its own */
	struct resolver *resolver;
	struct sts *sts;	/* policies of MTA-STS */
	const struct net_module *net;
	struct tls_context *context;
	size_t room;		/* visits at once */
	size_t begun, over;	/* visits */
};

/*
 * way says how servers are reached, and outlives the probe, as events do.
 * False with *why when TLS cannot be had (a wrong --ca); probe_free() all the
 * same.
 */
bool probe_init(struct probe *p, const struct deliver_config *way, bool tls,
    struct events *events, struct outcome *why);
void probe_free(struct probe *p);

/*
 * One more target, unless it is there already: a domain in A-labels or an
 * address literal by its exchangers; or, with a server, that host.  A port of 0
 * is the usual one.
 */
struct probe_target *probe_add(struct probe *p, const char *domain,
    const char *server, uint16_t port);

/* Ask there for this recipient too; the address is taken over. */
void probe_add_rcpt(struct probe_target *t, struct address *a);

/* All are added: begin. */
void probe_start(struct probe *p, int64_t now);

void probe_wait(struct probe *p, struct wait *w);
void probe_step(struct probe *p, const struct wait *w, int64_t now);
bool probe_is_over(const struct probe *p);

/* End what is under way for this reason. */
void probe_stop(struct probe *p, const struct outcome *why, int64_t now);

/* The host of a visit in the plan. */
const struct plan_host *probe_host(const struct probe_target *t, size_t visit);

#endif
