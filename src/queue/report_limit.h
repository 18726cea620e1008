/* SPDX-License-Identifier: ISC */
/*
 * report_limit.h - so many reports a minute about one user's messages, and no
 * more: who sends ten thousand messages to nobody floods no mailbox with what
 * becomes of them.
 *
 * A report over the limit is booked for the first moment at which it is within
 * it, so that each waits once and they come in the order of their bookings.
 */
#ifndef QUEUE_REPORT_LIMIT_H
#define QUEUE_REPORT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

/* Zero-initialise, but for the seed and the limit. */
struct report_limit {
	struct table table; /* of uids */
	unsigned most;      /* within a minute, of one uid; 0 = any number */
};

struct report_booking {
	int64_t at;    /* it may be made from then on; now: at once */
	bool is_first; /* ... of those that have to wait: to be logged */
};

/* Times are microseconds on the loop's clock. */
struct report_booking report_limit_book(struct report_limit *l, unsigned uid,
    int64_t now);

void report_limit_free(struct report_limit *l);

#endif
