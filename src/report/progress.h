/* SPDX-License-Identifier: ISC */
/*
 * progress.h - what is under way, on the last line of a terminal.
 *
 * A bar while a long message goes out, once its text has taken more than a
 * second; drawn ten times a second at most.  When nothing moves for two
 * seconds, what is waited for and since when: "connecting to mx1.example.org
 * (port 25), 12 s".
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/awaited.h"
#include "base/buf.h"
#include "base/duration.h"
#include "report/lastline.h"

struct progress {
	struct lastline line;
	int64_t start;		/* of the run */
	int64_t began;		/* when the first octet went out; 0 = not yet */
	int64_t drawn;		/* when the line was drawn last */
	bool moving;		/* the bar has the line */
	bool hinted;		/* a hint was given already */
};

/* On stderr, when that is a terminal that can erase a line. */
void progress_init(struct progress *p, int64_t now);

#define PROGRESS_STEP SECONDS(1) /* how often the line is to be drawn anew */

/* Does anybody see it?  Then the loop wakes every PROGRESS_STEP. */
bool progress_is_seen(const struct progress *p);

/* Each turn: octets sent and in all, over all connections. */
void progress_update(struct progress *p, int64_t now, uint64_t sent,
    uint64_t size);

/* Is it time to ask what is waited for, for progress_await()? */
bool progress_is_due(const struct progress *p, int64_t now);

/*
 * Say what is waited for.  After five seconds without a greeting the hint, when
 * there is one, is printed once, to stay.
 */
void progress_await(struct progress *p, int64_t now, const struct awaited *a,
    const char *hint);

/* Erase it: before something else is printed, and at the end. */
void progress_erase(struct progress *p);

/*
 * The bar's text for so many octets in so many microseconds, in at most so many
 * columns: what there is no room for is left out, the bar first.
 */
void progress_put(struct buf *out, uint64_t sent, uint64_t size,
    int64_t elapsed, size_t columns);

/* The other line's text. */
void progress_put_awaited(struct buf *out, const struct awaited *a,
    int64_t seconds);

#endif
