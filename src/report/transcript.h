/* SPDX-License-Identifier: ISC */
/*
 * transcript.h - the events as a person reads them.
 *
 *	  0.012 +0.003 -> EHLO me.example.net
 *
 * Seconds since the start, since the line before, a mark, the text.  Marks: ->
 * sent, <- received, ~> and <~ the same under TLS, == what we do, ** what went
 * wrong.  A number before the mark says which connection, once there are two.
 */
#ifndef REPORT_TRANSCRIPT_H
#define REPORT_TRANSCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/event.h"
#include "base/policy.h"
#include "mail/envelope.h"
#include "report/advice.h"
#include "report/fold.h"
#include "report/fold_dns.h"

/* Set the first seven, zero the rest. */
struct transcript {
	FILE *to;
	bool colour;
	bool bodies;		/* message text, not only its size */
	bool folded;		/* in fewer lines: fold.h, fold_dns.h */
	bool plain;		/* without times, and without what was typed
				   where it is shown */
	struct wish wish;	/* for advice on failures */
	int64_t start;

	struct buf asked;	/* the questions about one name, gathered; or,
				   folded, an attempt to connect */
	struct event asked_by;	/* its connection and time */
	struct fold fold;
	struct fold_dns fold_dns;
	struct event hidden;	/* the last line that fold hides */
	enum tls_level tls;	/* of the last plan; NONE = no plan yet */
	int64_t last;		/* when the line before was */
	unsigned lanes;		/* the highest number seen */
};

void transcript_event(struct transcript *t, const struct event *e);

/*
 * Nothing more for now: print what was gathered.  What is folded waits for what
 * it may be folded with, but not longer than until transcript_due(): call again
 * then, or with INT64_MAX at the end.
 */
void transcript_flush(struct transcript *t, int64_t now);

/* INT64_MAX when nothing waits. */
int64_t transcript_due(const struct transcript *t);

/* After a transcript_flush() at the end. */
void transcript_free(struct transcript *t);

/* The last line about a recipient, with advice when it failed. */
void transcript_result(struct transcript *t, const struct recipient *r);

#endif
