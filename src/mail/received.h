/* SPDX-License-Identifier: ISC */
/*
 * received.h - the trace of a message: our own mark in it (RFC 5321 4.4), and
 * whether it goes round in a circle (6.3).
 */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdint.h>

#include "base/buf.h"

#define RECEIVED_MAX 50 /* hosts that a message may come by */

/* Slices are borrowed; what is empty is left out, but by. */
struct received {
	struct slice from;	/* the host that it came from */
	struct slice by;	/* who we are */
	struct slice with;	/* "local", "ESMTP" */
	struct slice id;	/* its id in our queue */
	bool has_uid;
	unsigned long uid;	/* who handed it in here */
	bool is_unknown;	/* ... nobody can tell */
	struct slice rcpt;	/* the path of the only recipient: of one among
				   others it would tell what Bcc must not */
	int64_t now;		/* seconds since 1970 */
	int offset;		/* minutes east of UTC */
};

/*
 * Append the field, with its line ends; it goes in front of all others:
 *
 *	Received: by box.example.org (from userid 1000) with local id 01KB...
 *	 for <bob@example.org>; Thu, 26 Nov 2026 09:00:00 +0100
 *
 * A recipient that is not ASCII is left out: the header may need none.
 */
void received_put(struct buf *out, const struct received *r);

/* How many hosts the canonical head says that it came by. */
unsigned received_count(struct slice head);

/* How many Delivered-To fields the head has with this path; "" = with any. */
unsigned received_deliveries(struct slice head, struct slice path);

/*
 * Was it delivered to this path twice already, as Delivered-To says?  Once may
 * be: a mailbox that forwards, and gets it back from a list.
 */
bool received_is_back(struct slice head, struct slice path);

#endif
