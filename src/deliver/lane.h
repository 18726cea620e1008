/* SPDX-License-Identifier: ISC */
/*
 * lane.h - one connection: dialling, TLS, and the session that talks on it.
 *
 * A lane is given some addresses to race and, one after another, parcels.  It
 * offers a parcel's recipients to the server, in as many transactions as it
 * takes, and hands each one back to the parcel as soon as the server has spoken
 * of him.  What follows from that its site decides: whenever the lane could
 * take a mail it is FREE, and does nothing until it is told.
 */
#ifndef DELIVER_LANE_H
#define DELIVER_LANE_H

#include "deliver/job.h"
#include "deliver/parcel.h"
#include "net/stream.h"

enum lane_state {
	LANE_DIAL,
	LANE_RELAY,	/* libcurl connects and logs in */
	LANE_HANDSHAKE,
	LANE_TALK,
	LANE_FREE,	/* ready for a mail, or for QUIT */
	LANE_OVER
};

/* What a lane is made for; the hosts' names outlive it. */
struct lane_call {
	struct session_config config;
	struct dial_target target[DIAL_MAX];
	size_t hop[DIAL_MAX];	/* the site's, of each target; */
	enum tls_level tls[DIAL_MAX]; /* ... and what is demanded there, */
	const struct dane *dane[DIAL_MAX]; /* ... by these TLSA records, */
	bool by_sts[DIAL_MAX];	/* ... or by MTA-STS, whatever --tls says, */
	bool no_bdat[DIAL_MAX];	/* ... and what is not to be said */
	size_t n;
};

struct site;
struct gate;

struct lane {
	struct job *job;
	struct site *site;
	struct list_node node;	/* the job's lanes */
	struct list_node sibling; /* its site's */
	struct list_node idle;	/* the job's idle ones */
	unsigned number;
	enum lane_state state;
	struct lane_call call;

	struct dial dial;
	const struct relay_module *module; /* of a relay's lane */
	struct relay *relay;		/* until it is taken */
	bool secret_kept;		/* its secret may be out of date */
	size_t winner;			/* of call.target, once connected */
	struct stream stream;
	struct session *session;
	size_t slot;
	int64_t deadline;
	int64_t pause_end;		/* of a stall; 0 = there is none */
	int64_t since;			/* of what is awaited now */
	unsigned phase;
	uint64_t arrived;		/* stream_arrived() as it began */
	struct ip local;		/* our end; */
	int64_t connected, text;	/* when; of the text under way; or 0 */

	struct parcel *parcel;		/* aboard; NULL = none */
	bool reused;			/* by this parcel, and no word was said
					   of it yet */
	struct mail mail;		/* of the transaction under way */
	struct recipient **offered;	/* its recipients */
	size_t room;			/* for so many */
	uint64_t size;			/* of its text */
	size_t mails;			/* transactions begun */

	struct gate *gate[DIAL_MAX];	/* of each target it may lead to, where
					   that is counted */
	bool paid;			/* its first mail is of the rate */
	bool took;			/* the server took the last mail, */
	bool pushed;			/* ... or had enough of us */
	bool raced;			/* its site knows who answered */
	bool secured;			/* the handshake is done; */
	enum tls_result_type tls_result; /* ... chain and name were this */
	bool tls_failed;		/* ended by a failed handshake */
	const struct destination **tls_told; /* what came of TLS was counted
					   for these; never looked into */
	size_t ntold;
	struct outcome end;
};

/* Begin: race the targets, talk to the winner. */
struct lane *lane_dial(struct job *job, struct site *site,
    const struct lane_call *call, int64_t now);

/*
 * The same through a relay: the module makes the connection that login says, to
 * call->target[0].host.  What login borrows is used before this returns.
 */
struct lane *lane_log_in(struct job *job, struct site *site,
    const struct lane_call *call, const struct relay_call *login);

/* Give it a parcel: at once, or while it is FREE and has none. */
void lane_board(struct lane *l, struct parcel *p);

/* Take the parcel from it, if there is one. */
struct parcel *lane_land(struct lane *l);

/*
 * While FREE: begin the next transaction of its parcel, with at most `most`
 * recipients (0 = as the server says).  False when nobody waits, or when the
 * server takes no more mails on this connection.
 */
bool lane_mail(struct lane *l, size_t most, int64_t now);

/* May it carry one more mail? */
bool lane_may_mail(const struct lane *l);

/* While FREE: wait for a parcel until then; or say QUIT. */
void lane_idle(struct lane *l, int64_t deadline);
void lane_quit(struct lane *l, int64_t now);

void lane_wait(struct lane *l, struct wait *w);
void lane_step(struct lane *l, const struct wait *w, int64_t now);

/* Was a connection made, so that a server spoke or could have spoken? */
static inline bool
lane_is_connected(const struct lane *l)
{
	return l->session != NULL;
}

/*
 * Did a connection that had carried other parcels end before a word was said of
 * this one?  Then its first try is still to come.
 */
static inline bool
lane_is_stale(const struct lane *l)
{
	return l->reused && lane_is_connected(l) &&
	    session_is_stale(l->session);
}

/*
 * Drop the connection: the recipients of the transaction under way get this
 * outcome.
 */
void lane_stop(struct lane *l, const struct outcome *why, int64_t now);

/* Add the octets of text sent, and to be sent, of the mail under way. */
void lane_progress(const struct lane *l, uint64_t *sent, uint64_t *size);

/* It has no parcel any more.  Its progress is added to the job's. */
void lane_free(struct lane *l);

#endif
