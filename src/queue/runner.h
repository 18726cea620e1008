/* SPDX-License-Identifier: ISC */
/*
 * runner.h - the queue at work: what is due goes from the store to deliver,
 * and what became of it back.
 *
 * A runner has an index of all messages (when each is due), a store and a
 * deliver of its own.  It looks at many, takes few at a time, and what it does
 * for one message is in run.h.  Any number of runners may work on one spool:
 * the store's locks say who has a message.
 *
 * Like deliver it is turned by its owner's loop: runner_wait(), sleep,
 * runner_step(), and then runner_deliver()'s logins.  now is microseconds on
 * the loop's clock, wall seconds since 1970; nothing here asks a clock, and no
 * sync is waited for.
 */
#ifndef QUEUE_RUNNER_H
#define QUEUE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/duration.h"
#include "base/event.h"
#include "deliver/deliver.h"
#include "local/agent_client.h"
#include "local/here.h"
#include "queue/schedule.h"
#include "report/maillog.h"
#include "sign/rules.h"
#include "spool/store.h"

#define RUNNER_ACTIVE 400 /* messages that are taken at once, at most */

/* Which messages: sendmail's -qI, -qR, -qS, -q!I ...; zeroed: all. */
struct runner_filter {
	char by;		/* 'I' id, 'R' a recipient, 'S' sender; 0 */
	bool not;		/* those of which it is not so */
	const char *match;	/* is part of it, without case */
};

/* Strings and what is pointed to are the caller's and outlive the runner. */
struct runner_config {
	struct store_config store;
	struct deliver_config deliver; /* records is set by the runner */
	const struct agent_client_config *agent; /* for those of this machine;
				   NULL: they wait */
	struct here *here; /* whose names are local, for reports and
				   edited recipients; NULL = nobody's */
	const struct sign_rules *signing; /* who signs; NULL = nobody */
	struct schedule schedule;
	bool once;		/* -q: all of the filter's that are there now,
				   due or not, each one time */
	bool woken_only;	/* only what runner_add() names: a runner that
				   is started for one message */
	struct runner_filter filter; /* with once */
	size_t max_active;	/* 0 = RUNNER_ACTIVE */
	struct maillog *log;	/* or NULL */
	const char *host;	/* who we are, for what is reported */
	unsigned max_hops;	/* Received fields; 0 = 50 */
	int64_t interval;	/* seconds between queue runs, for messages that
				   want to wait for one (-odq); 0 = 1800 */
	int offset;		/* of local time, minutes east of UTC */
	const char *postmaster;	/* failed bounces go there; NULL = held/ */
	size_t bounce_size;	/* octets of the original in a report; 0 = as
				   bounce.h has it */
	bool tls_reports;	/* count what comes of TLS (RFC 8460) */
	unsigned reports_a_minute; /* ... to one uid's messages; 0 = no limit */
};

struct runner;

/*
 * Opens the store and recovers what the dead have left.  NULL with *why when
 * there is no spool or it cannot be read.  events may be NULL.
 */
struct runner *runner_new(const struct runner_config *config,
    struct events *events, struct outcome *why);

/* Whatever is active is given back as it is; stop it first to lose nothing. */
void runner_free(struct runner *r);

void runner_wait(struct runner *r, struct wait *w, int64_t now);
void runner_step(struct runner *r, const struct wait *w, int64_t now,
    int64_t wall);

/*
 * Is nothing under way, and nothing due?  With once or woken_only: then it is
 * over.  After runner_stop(): then all verdicts are safe.
 */
bool runner_is_idle(const struct runner *r);

/*
 * End it: nothing more is taken; what is under way may end of itself until
 * then (WAIT_NEVER: however long that takes), and is DEFERRED for this reason.
 * May be called again, with another time.
 */
#define RUNNER_GRACE SECONDS(3) /* for who is told to end at once */
void runner_stop(struct runner *r, const struct outcome *why, int64_t until);

/*
 * The configuration cannot be used: nothing is tried, for this reason; NULL =
 * go on.  runner_blocked() says it again, or NULL.
 */
void runner_block(struct runner *r, const struct outcome *why);
const struct outcome *runner_blocked(const struct runner *r);

/* What -q exits with: 0; 74 when a verdict could not be recorded, 75 when the
 * spool, or some of it, could not be read. */
int runner_status(const struct runner *r);

struct here *runner_here(const struct runner *r);

/* Its own, for logins, site reports and the progress of lanes. */
struct deliver *runner_deliver(struct runner *r);
struct store *runner_store(struct runner *r);

/* ---- from outside ---- */

/* This one is new, or is to be tried now, whatever its next try says. */
void runner_add(struct runner *r, const char *id);

/* What another one, which is stopped, has due and did not take is due here. */
void runner_take_over(struct runner *r, const struct runner *before);

/* All of these now; returns how many that is, as far as they are known. */
size_t runner_flush(struct runner *r, const struct runner_filter *f);

/*
 * Somebody else has changed it (held, released, edited, removed): read it anew.
 */
void runner_changed(struct runner *r, const char *id);

/*
 * Somebody wants to change it.  False: it is not active here.  True: its
 * connections are dropped, and it is given back as soon as what is known of it
 * is recorded (runner_is_active() says no then), and not taken again before
 * runner_changed() or runner_add().  verb: "hold", for the words of those
 * recipients whom it stopped.
 */
bool runner_cancel(struct runner *r, const char *id, const char *verb,
    int64_t now);
bool runner_is_active(const struct runner *r, const char *id);

/* Who handed it in; false: that is not known yet. */
bool runner_owner(const struct runner *r, const char *id, unsigned *uid);

enum runner_state {
	RUNNER_UNKNOWN,		/* there is no such message, or it is new */
	RUNNER_WAITS,		/* for its time */
	RUNNER_DUE,		/* for its turn */
	RUNNER_IS_ACTIVE,
	RUNNER_HELD,
};

/* Where it is; *when: its next try, seconds since 1970, of one that WAITS. */
enum runner_state runner_next(const struct runner *r, const char *id,
    int64_t *when);

struct runner_counts {
	size_t known, due, active, held;
	bool scanning;		/* there may be more: it has just started */
};
struct runner_counts runner_counts(const struct runner *r);

/* What this user has in the queue, as far as it has been looked at. */
void runner_usage(const struct runner *r, unsigned uid, uint64_t *messages,
    uint64_t *octets);

/*
 * The line of a list that says what a message is, kept for the next list: while
 * its stamp is the same, and it is not active, it may be said again.  Borrowed
 * until the next call into the runner; empty: none is kept.  uid: whose message
 * it is.  There is a limit to what is kept.
 */
struct slice runner_said(const struct runner *r, const char *id,
    const struct store_stamp *stamp, unsigned *uid);
void runner_say(struct runner *r, const char *id,
    const struct store_stamp *stamp, unsigned uid, struct slice line);

/* ---- watching ---- */

enum runner_news_kind {
	NEWS_TRY,		/* it is being tried */
	NEWS_VERDICT,		/* of a recipient, and it is durable */
	NEWS_END,		/* nothing more happens before `next` */
};

struct runner_news {
	enum runner_news_kind kind;
	char id[STORE_ID + 1];
	const char *rcpt; /* NEWS_VERDICT: his path, and the ORCPT that he
				   has, or NULL; borrowed until the next call
				   into the runner */
	const char *orcpt;
	struct outcome outcome; /* ... DELIVERED, DEFERRED, FAILED */
	int64_t next;           /* NEWS_END: seconds since 1970; 0 = it is gone
				   from the queue; -1 = it is held */
};

/*
 * Tell of this message from now on, and no more; calls count.  Nothing is kept
 * of messages that nobody watches.
 */
void runner_watch(struct runner *r, const char *id);
void runner_unwatch(struct runner *r, const char *id);
bool runner_news(struct runner *r, struct runner_news *out);

/* ---- plans ---- */

/*
 * What would happen to it now: find the plans of its pending recipients.  False
 * with *why.  Done when runner_planned() gives it back: the text, as --explain
 * prints it, appended to *out.
 */
bool runner_plan(struct runner *r, const char *id, void *owner,
    struct outcome *why);
bool runner_planned(struct runner *r, void **owner, struct buf *out);

/* The owner has gone. */
void runner_unplan(struct runner *r, void *owner);

#endif
