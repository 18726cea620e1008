/* SPDX-License-Identifier: ISC */
/*
 * lane.h - one connection: dialling, TLS, and the session that talks on it.
 *
 * A lane is given some addresses to race and the recipients of its destination.
 * It offers the pending ones to the server, as many transactions as it takes,
 * and ends.  What it could not settle stays PENDING with `end` as the
 * reason; the destination decides what follows.
 */
#ifndef DELIVER_LANE_H
#define DELIVER_LANE_H

#include "deliver/deliver.h"
#include "deliver/job.h"
#include "net/stream.h"
#include "relay/relay.h"

enum lane_state {
	LANE_IDLE,
	LANE_DIAL,
	LANE_RELAY,	/* libcurl connects and logs in */
	LANE_HANDSHAKE,
	LANE_TALK,
	LANE_OVER
};

/* What a lane is given; rcpt outlives its run, the rest is copied. */
struct lane_call {
	struct session_config config;
	struct dial_target target[DIAL_MAX];
	size_t n;
	struct recipient **rcpt;
	size_t nrcpts;
};

struct lane {
	struct job *job;		/* the run it belongs to */
	unsigned number;
	enum lane_state state;
	struct lane_call call;

	struct dial dial;
	const struct relay_module *module; /* of a relay's lane */
	struct relay *relay;		/* until it is taken */
	struct dial_target at;		/* who answered */
	struct stream stream;
	struct session *session;
	size_t slot;
	int64_t deadline;
	int64_t since;			/* of what is awaited now */
	unsigned phase;
	uint64_t arrived;		/* stream_arrived() as it began */

	struct mail mail;		/* of the transaction under way */
	struct recipient **offered;	/* its recipients */
	size_t mails;			/* transactions done */
	int64_t connected, text;	/* when; of the text under way; or 0 */

	bool tls_failed;		/* ended by a failed handshake */
	struct outcome end;
};

/* Begin on an idle or released lane: race the targets, talk to the winner. */
void lane_start(struct lane *l, struct job *job, const struct lane_call *call,
    int64_t now);

/*
 * The same through a relay: the module makes the connection that login says, to
 * call->target[0].host.  What the call borrows is used before this returns.
 */
void lane_start_relay(struct lane *l, struct job *job,
    const struct lane_call *call, const struct relay_call *login);

void lane_wait(struct lane *l, struct wait *w);
void lane_step(struct lane *l, const struct wait *w, int64_t now);

static inline bool
lane_is_over(const struct lane *l)
{
	return l->state == LANE_OVER;
}

/* Has everybody his verdict, so that nobody needs wait for the lane's end? */
bool lane_is_settled(const struct lane *l);

/*
 * Drop the connection: the recipients of the transaction under way get this
 * outcome, the others stay PENDING.
 */
void lane_stop(struct lane *l, const struct outcome *why);

/* Add the octets of text sent, and to be sent, of the mail under way. */
void lane_progress(const struct lane *l, uint64_t *sent, uint64_t *size);

/*
 * Free what an ended lane has no more use for: there may be thousands of them.
 * Its progress is added to the job's.
 */
void lane_release(struct lane *l);

void lane_free(struct lane *l);

#endif
