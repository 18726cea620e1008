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

/* Set the first six, zero the rest. */
struct transcript {
	FILE *to;
	bool colour;
	bool bodies;		/* message text, not only its size */
	bool plain;		/* without times, and without what was typed
				   where it is shown */
	struct wish wish;	/* for advice on failures */
	int64_t start;

	struct buf asked;	/* the questions about one name, gathered */
	int64_t asked_at;
	enum tls_level tls;	/* of the last plan; NONE = no plan yet */
	int64_t last;		/* when the line before was */
	unsigned lanes;		/* the highest number seen */
};

void transcript_event(struct transcript *t, const struct event *e);

/* Nothing more for now: print what was still gathered. */
void transcript_flush(struct transcript *t);

/*
 * Append "bob@example.org: delivered to mx1.example.org [192.0.2.1]:25,
 * TLSv1.3", or "verified by ..."; or "reached EHLO at ...", where it was to
 * stop before a recipient was named.
 */
void success_put(struct buf *b, const struct recipient *r);

/* The last line about a recipient, with advice when it failed. */
void transcript_result(struct transcript *t, const struct recipient *r);

#endif
