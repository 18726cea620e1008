/* SPDX-License-Identifier: ISC */
/*
 * bounce.h - which reports a message owes to its sender, and writing them.
 *
 * A report is about all recipients of a message that failed since the last one,
 * or are late, or were handed to a server that will not tell (RFC 3461 6).  Who
 * runs the queue asks after each run of a message, when none of its recipients
 * is on the way and all marks are durable, and does what he is told until there
 * is nothing:
 *
 *	while (bounce_plan(&b, e, call))
 *		switch (b.todo)
 *		BOUNCE_MARK:	store_mark(s, e, b.marks, b.n, ...)
 *		BOUNCE_WRITE:	bounce_write(s, e, call, &b, &why), then
 *				store_bounce(s, e, b.draft, b.marks, b.n, ...)
 *		BOUNCE_ASIDE:	store_put_aside(s, e, STORE_HELD, b.reason, ...)
 *
 * and asks again when that is answered.  Nobody is ever told of a message from
 * <>: the postmaster is, if one is configured, or else it is put aside (FAULTS
 * row 84).  When a report cannot be written all stays as it was, and it is
 * owed at the next run (row 62).
 *
 * An F slot whose esc is 4.4.7 has expired; its code is that of the last reply.
 */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include "local/here.h"
#include "mail/idn.h"
#include "spool/store.h"

enum bounce_kind {
	BOUNCE_FAILURE,
	BOUNCE_DELAY,	/* once for each recipient, after warn_after */
	BOUNCE_SUCCESS, /* handed on, and nobody will tell more */
};

enum bounce_todo {
	BOUNCE_NOTHING,
	BOUNCE_MARK,	/* nobody wants to be told: only note it */
	BOUNCE_WRITE,
	BOUNCE_ASIDE,	/* nobody can be told: for a person to look at */
};

/* How, and when.  Strings are the caller's. */
struct bounce_call {
	struct slice host;	/* who we are: "mx.example.org" */
	struct slice postmaster; /* an address for what has no sender; or "" */
	uint64_t full_size;      /* originals over it come without their body */
	int64_t warn_after;      /* seconds of age; 0 = never */
	int64_t lifetime;        /* seconds: how long it is tried, for people */
	int64_t now;             /* seconds since 1970 */
	int offset;              /* minutes east of UTC */
	const struct idn *idn;   /* for addresses in other letters; or NULL */
	struct here *here;       /* whose names are local; NULL = nobody's */
};

/* What is owed now.  Zero-initialise; bounce_free() it. */
struct bounce {
	enum bounce_todo todo;
	enum bounce_kind kind;
	struct slice to;	/* who is told; in the entry or the call */
	struct mark *marks;	/* that say that it was done */
	size_t n;		/* of a report: the message's own is last */
	const char *reason;	/* why it is put aside */
	struct buf *text;	/* of a report that is no draft: the caller's;
				   NULL = it is one */
	uint64_t head;		/* ... octets of it that are the header */
	struct draft *draft;	/* bounce_write()'s, the caller's to hand on */
};

/*
 * What e owes; what was planned before is freed.  False when it is nothing.
 * Changes nothing of e.
 */
bool bounce_plan(struct bounce *b, const struct entry *e,
    const struct bounce_call *call);

/*
 * Write the report that is planned into b->draft.  What a server said of a
 * recipient is his `result` in e's envelope, where there is one, else what
 * store_told() knows (told.h), else his slot's code.  The original is read
 * from e in blocks, each checked; its body stays away when one is damaged.
 *
 * With b->text it is written there instead, and s may be NULL: then a server
 * said nothing that is not in e's envelope.
 *
 * False with *why (no room, a reason of the store) and no draft; nothing of e
 * was changed.
 */
bool bounce_write(struct store *s, const struct entry *e,
    const struct bounce_call *call, struct bounce *b, struct outcome *why);

void bounce_free(struct bounce *b);

/*
 * The report of a success, for the slot of a recipient who was just delivered:
 * success_told is to be true, unless his sender asked to be told, and the
 * server that took him will not (recipient.tells).
 */
bool bounce_success_told(const struct recipient *r);

/*
 * Has it been here too often (FAULTS row 85): did it come with more Received
 * fields than max (0 = 50), or was it delivered to this recipient twice already
 * (received_is_back())?  *why is then his verdict, FAILED 5.4.6.  head is the
 * message's.
 */
bool bounce_is_loop(const struct entry *e, size_t rcpt, struct slice head,
    unsigned max, struct outcome *why);

#endif
