/* SPDX-License-Identifier: ISC */
/*
 * phases.h - what the time went into: the events as stretches of time.
 *
 * DNS is one stretch for all questions of one time; a connection has one for
 * each thing that was waited for: connect, greeting, EHLO, STARTTLS, TLS, AUTH,
 * envelope (MAIL and RCPT), message (its text and the reply to it), QUIT.
 */
#ifndef REPORT_PHASES_H
#define REPORT_PHASES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"

enum phase_kind {
	PHASE_DNS,
	PHASE_CONNECT,
	PHASE_GREETING,
	PHASE_EHLO,
	PHASE_STARTTLS,
	PHASE_TLS,
	PHASE_AUTH,
	PHASE_ENVELOPE,
	PHASE_MESSAGE,
	PHASE_QUIT,
	NPHASES
};

/* All that is remembered; what comes later is not. */
#define PHASES_MAX 4096

struct phase {
	enum phase_kind kind;
	unsigned lane;		/* which connection; 0 = none */
	int64_t from, to;	/* microseconds on the loop's clock */
	bool open;		/* nothing has ended it yet */
	bool failed;
	char detail[80];	/* "mx1.example.org [192.0.2.1]:25", "TLSv1.3
				   (trusted)", ...; as it came */
};

/* Zero-initialise. */
struct phases {
	struct phase *phase;	/* in the order in which they began */
	size_t n, cap;
	size_t asked;		/* questions of DNS without an answer */
};

void phases_event(struct phases *p, const struct event *e);

/* What is open ends now. */
void phases_end(struct phases *p, int64_t now);

/*
 * The last connection to that address (as EVENT_CONNECT names it); 0 when there
 * is none.
 */
unsigned phases_lane_to(const struct phases *p, struct slice address);

/* Microseconds of all phases of a kind on that lane; -1 when there are none. */
int64_t phases_sum(const struct phases *p, unsigned lane,
    enum phase_kind kind);

/* "DNS", "connect", ... */
const char *phase_name(enum phase_kind kind);

void phases_free(struct phases *p);

#endif
