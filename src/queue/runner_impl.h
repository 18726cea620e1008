/* SPDX-License-Identifier: ISC */
/* runner_impl.h - what the files of the runner share. */
#ifndef QUEUE_RUNNER_IMPL_H
#define QUEUE_RUNNER_IMPL_H

#include "config/keyring.h"
#include "queue/bounce.h"
#include "queue/index.h"
#include "queue/report_limit.h"
#include "queue/runner.h"

#define RUNNER_RESCAN SECONDS(600) /* whose wake was lost is found so */

struct runner {
	const struct runner_config *config;
	struct deliver_config way;	/* config's, with records */
	struct events *events;
	struct store *store;
	struct deliver *deliver;
	struct agent_client *agent; /* or NULL */
	struct index index;
	struct report_limit reports;
	struct keyring keyring;
	int64_t now, wall;		/* of the step under way */

	struct list runs;		/* messages that are active, */
	struct list stuck;		/* ... and those that must stay locked
					   since nothing can be recorded */
	struct list copies;		/* texts that are being copied */
	size_t answer_slot;		/* of the store, in the wait */

	struct buf scan;		/* ids, each with its NUL; */
	size_t scanned;			/* ... octets of it that are done */
	int64_t rescan;			/* when to look again */
	bool is_flushing;		/* what is found is tried now */
	bool begun;			/* the first step was made */
	bool is_behind;			/* there was too much for one step */
	uint64_t seen;			/* of the index's changes, when none
					   was found there any more */

	struct tlsrpt_tally tls;	/* what deliver counts, of this day */
	int64_t tls_day;
	int64_t tls_next;		/* when to write it; 0 = nothing is
					   there */
	bool tls_complained;

	bool is_stopping;
	struct outcome stop;		/* why; */
	int64_t stop_at;		/* ... when patience ends */
	bool is_blocked;
	struct outcome block;
	int64_t pause;			/* nothing is sent before that */
	bool closed;			/* deliver was told that this is all */
	int status;

	struct list news;
	struct news *told;		/* the last one that was taken */
	struct list plans;
};

/* A recipient that the agent has. */
struct local_ask;

/* A message that is active. */
struct run {
	struct list_node node;
	struct runner *runner;
	struct item *item;
	struct entry *entry;
	struct message message;
	struct signing signing;
	struct consignment consignment;
	struct bounce bounce;
	size_t owed;		/* answers of the store, a copy's end */
	size_t open;		/* recipients without a verdict */
	int64_t begun;		/* on the loop's clock */
	struct list local;	/* what the agent was asked for */
	struct list forwards;	/* ... and what becomes a message of its own */
	bool sending;		/* deliver has it */
	bool cancelled;		/* somebody wants it: give it back */
	bool is_damaged;	/* its text could not be read, */
	bool was_damaged;	/* ... and neither the last time */
	bool is_unsafe;		/* delivered, and that is not on the disk */
	bool is_paused;		/* nothing can be written: later */
	bool owes_report;	/* which could not be made now */
	enum store_place aside;	/* where it is put out of the way, and why */
	struct buf aside_why;
};

/* ---- run.c: one message ---- */

/* Take the item, which is ACTIVE, and try it; or put it where it belongs. */
void run_begin(struct runner *r, struct item *i);

/* Its attempt is durable. */
void run_try(struct run *run);

/* Deliver has given it back. */
void run_delivered(struct run *run);

void run_cancel(struct run *run, const struct outcome *why);

/* ---- run_sign.c: who signs it ---- */

/* What decides that. */
struct sign_facts run_sign_facts(const struct entry *e,
    const struct message *m);

/* Set its signer; false with *why: it must not go out as it is. */
bool run_sign(struct run *run, struct outcome *why);

/* It ends where it is, with nothing written. */
void run_drop(struct run *run);

/* ---- run_local.c: recipients of this machine ---- */

/* Ask for all of them that are open. */
void run_local(struct run *run);

/* This is what became of recipient k. */
void run_local_settle(struct run *run, size_t k, const struct outcome *o);

/* Nobody wants those any more that have not begun. */
void run_local_cancel(struct run *run, const struct outcome *why);

/* No more of any: those that are left are DEFERRED. */
void run_local_stop(struct runner *r);
void run_local_free(struct runner *r);

/* What the agent has to say. */
void run_local_step(struct runner *r, const struct wait *w);

/* That a mailbox is about to be appended to is durable, or cannot be. */
void run_local_noted(struct local_ask *ask, bool ok);

/* ---- run_forward.c: recipients of this machine whose mail goes elsewhere ----
 */

/* Recipient k's goes to these, which are taken over. */
void run_forward(struct run *run, size_t k, struct local_answer *list);

/* Go on with what is being copied. */
void run_forward_step(struct runner *r);

/* That is durable, or could not be recorded. */
void run_forwarded(struct run *run, const struct store_answer *a);

/* Was it forwarded by him before, or by too many? */
bool run_forward_is_over(const struct run *run, size_t k);

void run_forward_free(struct run *run);

/* ---- run_record.c: what is made durable of it ---- */

/* Where a mailbox is appended to; run_local_noted() follows. */
void run_record_place(struct run *run, struct local_ask *place, size_t rcpt,
    const struct local_answer *at);

/* That it is tried; run_try() follows. */
void run_record_attempt(struct run *run);

/* Verdicts of it. */
void run_record(struct run *run, const struct deliver_batch *batch);

/* The message in which recipient k has it; run_forwarded() follows. */
void run_record_forward(struct run *run, struct draft *d, size_t k);

/* The report that is planned, with its draft. */
void run_ask_report(struct run *run);

/* Where it is put aside; run_aside() follows. */
void run_ask_aside(struct run *run);

/* An answer of the store, owner and all; or of one whose run is over. */
void run_answer(const struct store_answer *a);
void run_ignore_answer(const struct store_answer *a);

/* ---- run_end.c: all are settled: reports, and where it goes from here ---- */

void run_end(struct run *run);
void run_reported(struct run *run, const struct store_answer *a);
void run_aside(struct run *run, const struct store_answer *a);

/* ---- runner_pause.c: nothing can be recorded ---- */

/*
 * Call back what no server has whole, take nothing more: for some time, or, of
 * a runner that works once, for good.  Unpaused: the disk is not to blame.
 */
void runner_pause(struct runner *r);
void runner_unpause(struct runner *r);
bool runner_is_paused(const struct runner *r);

/* ---- runner_scan.c: the index and the store ---- */

/* Where a message that nobody has belongs, as its slots say. */
void runner_place(struct runner *r, struct item *i, const struct entry *e);

/* The facts of it that the index has. */
void runner_note(struct runner *r, struct item *i, const struct entry *e);

/* Is it among these? */
bool runner_is_wanted(const struct runner_filter *f, const struct entry *e);

/* Look at one that was changed. */
void runner_look(struct runner *r, struct item *i);

void runner_scan_begin(struct runner *r);
void runner_scan_step(struct runner *r);
bool runner_is_scanning(const struct runner *r);

/* ---- runner_news.c ---- */

void news_put(struct runner *r, const struct item *i,
    enum runner_news_kind kind, const struct recipient *rcpt, int64_t next);
void news_free(struct runner *r);

/* ---- runner_plan.c ---- */

void plans_step(struct runner *r, const struct wait *w);
void plans_wait(struct runner *r, struct wait *w);
void plans_free(struct runner *r);

/* ---- runner_tls.c ---- */

/* Write what was counted, when it is time; and now. */
void runner_tls_step(struct runner *r);
void runner_tls_wait(const struct runner *r, struct wait *w);
void runner_tls_flush(struct runner *r);

/* ---- runner_log.c ---- */

/* What became of a recipient; and a note about a message. */
void runner_log_verdict(const struct run *run, const struct recipient *r);
void runner_log(const struct runner *r, enum maillog_level level, unsigned uid,
    const char *id, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
