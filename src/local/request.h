/* SPDX-License-Identifier: ISC */
/*
 * request.h - what is said between a runner and the agent for local delivery.
 *
 * One packet asks, with the descriptor of the message; one tells the end.  In
 * between, before a mailbox is appended to, the agent says where (AT) and waits
 * until that is durable in the queue (GO): whatever dies then, the next try
 * finds what the last one left.  A user's .forward may lead elsewhere: then
 * nothing is done, and the answer is his list (FORWARD).
 *
 * A request names a login or an alias, and a number: never a uid, a path or a
 * command.  The number of an alias says which of its targets; that of a login
 * is 0 (his .forward, or his mailbox without one), n (its n-th target, or his
 * mailbox if that is no command or file now) or LOCAL_ITSELF.  Both sides
 * believe nothing: what is read here is bounded and holds no control
 * characters.
 */
#ifndef LOCAL_REQUEST_H
#define LOCAL_REQUEST_H

#include "base/buf.h"
#include "base/outcome.h"
#include "local/aliases.h"
#include "mail/envelope.h"

#define LOCAL_PACKET 65536 /* octets of one, at most */
#define LOCAL_TEXT   1024 /* ... of a string in it */

struct local_request {
	struct local_target target;
	char *from;            /* reverse-path, "" = <> */
	char *to;              /* forward-path: for Delivered-To */
	char *id;              /* of the message: letters and digits */
	int64_t created;       /* seconds since 1970, of the message */
	uint64_t offset, size; /* where its text lies in the descriptor; */
	uint64_t summed, sums; /* ... and its sums, as content.h has them */
	uint64_t inode, at;    /* what AT said in an earlier try; inode 0 =
				   there was none */
};

void local_request_put(struct buf *out, const struct local_request *r);

/* False when it is none; *r is free in any case of what it owns then. */
bool local_request_get(struct slice in, struct local_request *r);
void local_request_free(struct local_request *r);

enum local_word {
	LOCAL_AT = 'A',
	LOCAL_GO = 'G',
	LOCAL_DONE = 'D',
	LOCAL_FORWARD = 'F', /* nothing was done: it goes elsewhere */
};

struct local_answer {
	enum local_word word;
	uint64_t inode, at;     /* AT */
	struct outcome outcome; /* DONE: never PENDING */
	unsigned uid;		/* FORWARD: whose .forward it is; */
	struct alias_target *v; /* ... his targets, in its order: addresses,
				   others without their text; to be freed */
	size_t n;
};

void local_answer_free(struct local_answer *a);

void local_answer_put(struct buf *out, const struct local_answer *a);
bool local_answer_get(struct slice in, struct local_answer *a);

#endif
