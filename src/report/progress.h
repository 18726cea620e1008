/* SPDX-License-Identifier: ISC */
/*
 * progress.h - a bar on stderr while a long message is on its way.
 *
 * Only on a terminal, only once the message text has taken more than a second;
 * drawn ten times a second at most, and erased at the end.
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

struct progress {
	FILE *to;		/* NULL = no terminal: nothing is drawn */
	int64_t began;		/* when the first octet went out; 0 = not yet */
	int64_t drawn;		/* when the bar was drawn last */
	bool shown;
};

/* On stderr, when that is a terminal that can erase a line. */
void progress_init(struct progress *p);

/* Each turn: octets sent and in all, over all connections. */
void progress_update(struct progress *p, int64_t now, uint64_t sent,
    uint64_t size);

/* Erase it: before something else is printed, and at the end. */
void progress_erase(struct progress *p);

/* The bar's text for so many octets in so many microseconds (for tests). */
void progress_put(struct buf *out, uint64_t sent, uint64_t size,
    int64_t elapsed);

#endif
