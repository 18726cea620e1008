/* SPDX-License-Identifier: ISC */
/*
 * queueing.h - a run that ends with the message in the queue.
 *
 * Who is root, or the owner of the spool, becomes its owner and writes into the
 * store himself; any other user hands it in to the daemon.  Where there is
 * neither a spool for us nor a daemon, and for mail that goes the user's own
 * way, nothing is queued: the caller delivers it in the foreground.  With
 * `user-queue = yes` such mail is put into a queue of the user's own.
 */
#ifndef CLI_QUEUEING_H
#define CLI_QUEUEING_H

#include "cli/home.h"
#include "cli/intake.h"
#include "report/report.h"
#include "spool/store.h"

struct queueing {
	const struct settings *settings; /* those of the run; or own */
	const struct self *self;
	struct intake *intake;
	struct report *report;
	struct events *events;
	bool waits;		/* what is queued is waited for all the same */
	struct settings own;	/* for the queue of the user's own, in use once
				   its path is known */
	struct buf own_path;
	char bar[512];		/* why nothing was queued; for people */
	bool absent;		/* ... since there is no queue at all */
	bool tried;		/* this run has tried to deliver it */
	bool is_ours;		/* the spool's owner, who wrote it, is us */
	char id[STORE_ID + 1];	/* of what was queued, or "" */
	struct recipient_list refused; /* for good, when it was to be */
	bool put_off;		/* ... or others for now */
	struct home_agent agent; /* for who delivers it, if that is us */
	struct buf parts;	/* more ids, each with its NUL: of lists that
				   have owners, or of very many recipients */
};

/* Is the message for the queue first, and not to be delivered by this run? */
bool queueing_is_first(const struct settings *s);

/* ... or only what this run could not deliver, if that may be later? */
bool queueing_is_last(const struct settings *s);

/* Can it be without a queue?  --at and --dedupe promise what needs one. */
bool queueing_is_a_must(const struct settings *s);

/*
 * -oem, -oee: tell the sender by mail of addresses that could not be used.
 * True: all that stderr would have to say is told so, or will be by the queue's
 * own bounces.
 */
bool queueing_mail_back(struct queueing *q);

enum queueing_result {
	QUEUEING_DONE,		/* all recipients have a verdict: report them */
	QUEUEING_FAILED,	/* *why: nothing of it was queued */
	QUEUEING_BARRED,	/* bar: deliver it in the foreground */
};

/*
 * Queue all recipients who are PENDING or DEFERRED, tell whoever is to deliver
 * it, and wait where that was asked for.  This process may be another user's
 * then.
 */
enum queueing_result queueing_run(struct queueing *q, struct outcome *why);

void queueing_free(struct queueing *q);

#endif
