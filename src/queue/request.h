/* SPDX-License-Identifier: ISC */
/*
 * request.h - what is asked of the queue: a verb, and which messages; as values
 * and as the JSON line of the control socket.
 *
 *	{"verb":"hold","ids":["01K..."],"rcpt":"*@example.org"}
 */
#ifndef QUEUE_REQUEST_H
#define QUEUE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "spool/store.h"

enum verb {
	VERB_NONE,		/* no such verb */
	VERB_LIST, VERB_COUNT, VERB_WHY, VERB_SHOW, VERB_STATUS, VERB_SITES,
	VERB_HOLD, VERB_RELEASE, VERB_RM, VERB_NOW, VERB_EDIT, VERB_BOUNCE,
	VERB_FLUSH, VERB_FORGET, VERB_WAKE, VERB_WATCH,
	NVERBS
};

/* "hold", ...: on the wire and behind mailq; NULL past the last. */
const char *verb_name(enum verb v);
enum verb verb_find(struct slice name);

/* Does it need to be told which messages? */
bool verb_wants_some(enum verb v);

#define REQUEST_MAX 65536 /* octets of a line */

/* Zero-initialise.  Slices are borrowed; empty: not given. */
struct request {
	enum verb verb;
	struct slice *ids;	/* heap */
	size_t nids;
	bool all;		/* ALL: whatever is there */
	bool wake;		/* VERB_WATCH: and it is to be tried now */
	struct slice rcpt, from, host; /* patterns (glob.h) */
	struct slice old, new;	/* VERB_EDIT: recipients */
};

void request_free(struct request *r);

/* One id more; borrowed. */
void request_add(struct request *r, struct slice id);

/* Does it choose messages by pattern? */
static inline bool
request_filters(const struct request *r)
{
	return r->rcpt.n + r->from.n + r->host.n > 0;
}

#define REQUEST_SHORT_ID 4 /* letters of an id, at least */

/*
 * Letters of an id as they were copied, in any case and with mailq's mark; how
 * many, 0 for what can be none.  An id that begins or ends so is meant.
 */
size_t request_tidy_id(struct slice given, char id[STORE_ID + 1]);
bool request_means(struct slice tidy, struct slice id);

/* Append the line, with its newline. */
void request_put(struct buf *out, const struct request *r);

/*
 * Read one; the line is changed and outlives *out.  False when it is none: a
 * verb that is not known is VERB_NONE.
 */
bool request_read(struct request *out, char *line, size_t n);

#endif
