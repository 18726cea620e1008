/* SPDX-License-Identifier: ISC */
/*
 * logline.h - what became of a recipient, as one line of key=value pairs.
 *
 *	uid=1000 id=NOQUEUE from=<a@x> to=<b@y> host=mx.y addr=[192.0.2.1]:25
 *	tls=TLSv1.3 status=delivered code=250 enhanced=2.0.0
 *	delays=0.01/0.12/0.05/0.02 said="Ok: queued as 4T1"
 *
 * Keys come in this order; those without a value are left out.  A value with
 * any other octet than letters, digits and ._@+-:/[]<>~% stands in quotes, with
 * a backslash before quotes and backslashes and \xNN for what a terminal must
 * not see; so nothing from outside makes a key or a line of its own.  What is
 * too long is cut, and ends in "...".
 */
#ifndef REPORT_LOGLINE_H
#define REPORT_LOGLINE_H

#include <stdint.h>

#include "base/buf.h"
#include "mail/envelope.h"

#define LOGLINE_MAX 928 /* with its heading a line stays below 1 KB */

/* Who sends, when the run and its sending began (on the loop's clock), what. */
struct logline_run {
	unsigned uid;
	int64_t start, begun;
	const char *id;		/* of the queue; NULL: it is in none */
};

/* Append the line about one recipient, without line end. */
void logline_put(struct buf *out, const struct logline_run *run,
    const struct address *from, const struct recipient *r);

/* A message that is in the queue. */
struct logline_queued {
	unsigned uid;
	const char *id, *from;	/* a path */
	uint64_t size;
	size_t recipients;
	bool is_unknown;	/* nobody can tell whose it is */
};

/* Append one about it. */
void logline_put_queued(struct buf *out, const struct logline_queued *q);

/* Append one about the whole run: it ended with this exit status, because. */
void logline_put_failure(struct buf *out, unsigned uid, int status,
    struct slice why);

/* Append one about a message of the queue: what was done, or went wrong. */
void logline_put_note(struct buf *out, unsigned uid, const char *id,
    struct slice what);

#endif
