/* SPDX-License-Identifier: ISC */
/*
 * handin.h - a message is given to this machine's queue, over its socket.
 *
 * Our client engine talks with the daemon's server engine: what it answers to
 * the end of the text is the promise of the queue, and its queue id is the
 * message's.  Nothing is loaded for it that plain sending does not need.
 */
#ifndef QUEUE_HANDIN_H
#define QUEUE_HANDIN_H

#include "base/event.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/extras.h"

struct handin {
	const char *path;	/* "/run/smtpsend/submit" */
	const char *helo;	/* our name; NULL = a literal */
	struct envelope *envelope;
	const struct message *message;
	struct mail_extras extras; /* form should be FORM_FINISHED, or AS_IS */
	int64_t patience;	/* microseconds for each step; 0 = a minute,
				   five for the last */
};

/*
 * Hand in to those recipients who are PENDING.  True: each of them has a
 * verdict.  DELIVERED: he is in the queue, safe, under result->queue_id.
 * DEFERRED: not now (75): the queue is full, or too busy for ten seconds; with
 * maybe_sent it may have the message all the same.  FAILED: never.
 *
 * False with *why: nobody listens there, nothing was tried, and all are as they
 * were.
 */
bool handin_run(const struct handin *h, struct events *events,
    struct outcome *why);

#endif
