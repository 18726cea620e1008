/* SPDX-License-Identifier: ISC */
/*
 * deliver.h - one message to all its recipients: from plan to outcomes.
 *
 * A struct deliver groups the recipients into destinations (one per domain, one
 * per relay, or one in all with --server), asks DNS for all of them at once,
 * and runs a lane (one connection) for each.  When it is done no recipient is
 * PENDING.
 */
#ifndef DELIVER_DELIVER_H
#define DELIVER_DELIVER_H

#include <stdbool.h>

#include "base/awaited.h"
#include "base/event.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "net/dial.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "net/wait.h"
#include "relay/relay.h"
#include "route/plan.h"
#include "route/rules.h"
#include "smtp/session.h"

struct deliver_config {
	struct route_config route;
	const struct rules *rules; /* relays and domains; NULL = none */
	struct resolver_config resolver;
	struct dial_options dial;
	struct tls_config tls;
	const char *tls_name;	/* --tls-name, or NULL */
	const char *helo;	/* our name; NULL: the literal of each
				   connection's own end */
	enum stage quit_after;	/* STAGE_NONE = send */
	size_t max_sessions;	/* one after the other, with a destination's
				   hosts; 0 = 2 */
	size_t max_lanes;	/* at once; 0 = 100 */
	int64_t timeout;	/* --timeout, microseconds, for each phase; 0 */
	bool hear_goodbye;	/* wait for the reply to QUIT, 2 s at most: for
				   who watches the dialogue */
	bool plan_only;		/* --explain: resolve, decide, send nothing */
};

struct deliver;

/* All are borrowed and outlive the deliver; events may be NULL. */
struct deliver *deliver_new(const struct deliver_config *config,
    struct envelope *envelope, const struct message *message,
    struct events *events);
void deliver_free(struct deliver *d);

/*
 * Are the files of config.tls usable?  Asked before the first step, this spares
 * connections that lead nowhere; false with *why (STAGE_CONFIG) if not.
 */
bool deliver_check_tls(struct deliver *d, struct outcome *why);

/*
 * A relay that is to be logged in at: read its secret, then deliver_login().
 * NULL when there is none.  Ask after each step.
 */
const struct relay_spec *deliver_wants_login(const struct deliver *d);

/* Who we are there; copied by nobody longer than deliver_login() runs. */
struct deliver_secret {
	enum relay_auth_kind kind;
	const char *user;
	const char *secret;
};

/* Log in at this relay, wherever it is wanted. */
void deliver_login(struct deliver *d, const struct relay_spec *relay,
    const struct deliver_secret *secret);

/* Its secret cannot be had: the next relay, or DEFERRED for this reason. */
void deliver_no_login(struct deliver *d, const struct relay_spec *relay,
    const struct outcome *why, int64_t now);

/* A relay that has refused its login since the last question; NULL = none. */
const struct relay_spec *deliver_refused_login(struct deliver *d);

void deliver_wait(struct deliver *d, struct wait *w);
void deliver_step(struct deliver *d, const struct wait *w, int64_t now);
bool deliver_is_done(const struct deliver *d);

/* Stop now: connections are dropped, who is PENDING becomes DEFERRED. */
void deliver_stop(struct deliver *d, const struct outcome *why, int64_t now);

/* The plan of destination i, once known (for --explain), or NULL. */
size_t deliver_destinations(const struct deliver *d);
const struct plan *deliver_plan(const struct deliver *d, size_t i);

/* What has been awaited for the longest time; asks every destination. */
struct awaited deliver_awaited(const struct deliver *d);

/* How far the message text is, summed over the lanes: for the progress bar. */
void deliver_progress(const struct deliver *d, uint64_t *sent, uint64_t *size);

#endif
