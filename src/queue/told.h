/* SPDX-License-Identifier: ISC */
/*
 * told.h - what became of each attempt, as the history of a message keeps it:
 * a JSON line for store_tell().
 *
 *	{"at":unix,"rcpt":"a@b","verdict":"deferred","host":"mx",
 *	 "addr":"192.0.2.1:25","code":450,"esc":"4.7.1","stage":"RCPT",
 *	 "text":"...","ours":"...","next":unix}
 *
 * What is not known is left out.  A line without "rcpt" is about all of them.
 */
#ifndef QUEUE_TOLD_H
#define QUEUE_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/outcome.h"

/* Slices are borrowed; empty, or 0: not known. */
struct told {
	int64_t at;		/* seconds since 1970 */
	struct slice rcpt;	/* his path; empty: of the message as a whole */
	struct slice verdict;	/* "deferred", or what was done: "held" */
	struct slice host, addr;
	unsigned code;
	struct slice esc;	/* "4.7.1" */
	struct slice stage;	/* stage_name() */
	struct slice text;	/* the server's words, or ours */
	struct slice ours;	/* what we have to say of the server's */
	int64_t next;		/* when he is tried again */
};

/* Append the line, with its newline. */
void told_put(struct buf *out, const struct told *t);

/* The same from an outcome; what is "at" and "next" are its caller's. */
void told_put_outcome(struct buf *out, struct slice rcpt,
    const struct outcome *o, int64_t at, int64_t next);

/* Why whoever handed it in wants it held (-Q). */
void told_put_hold(struct buf *out, struct slice reason, int64_t at);

/*
 * Read the next line of *rest, which is changed in place and goes past it.
 * Lines that are none of ours are passed over; false at the end.
 */
bool told_next(char **rest, size_t *n, struct told *out);

/*
 * Append why he was not delivered, as Postfix would say it: "host mx[192.0.2.1]
 * said: 450 4.7.1 Later (in reply to RCPT TO command)"; nothing for an attempt
 * that gave no reason.  Not escaped.
 */
void told_put_reason(struct buf *out, const struct told *t);

#endif
