/* SPDX-License-Identifier: ISC */
/*
 * tls_days.h - what came of TLS, day by day, in files of the spool's folder
 * tlsrpt/:
 *
 *	2026-11-27.counts	lines of tlsrpt/tally.h, appended by all runners
 *	2026-11-27.sent		what was done with the reports of that day
 *	lock			who makes reports has it
 *
 * Nothing here is synced: power that fails may cost counts, or have a report
 * sent twice.  Each write is one write(2) of whole lines, so that those of
 * several processes never mix; it begins with an LF, so that what one who died
 * left of a line ends there.
 */
#ifndef SPOOL_TLS_DAYS_H
#define SPOOL_TLS_DAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/outcome.h"

#define TLS_DAYS_OCTETS	 (32 << 20)	/* of a file: more is not written */
#define TLS_DAYS_KEPT	 7		/* days that are looked at afterwards */

enum tls_days_file { TLS_DAYS_COUNTS, TLS_DAYS_SENT };

/* Append lines, each with its LF; false with *why (DEFERRED, STAGE_SYSTEM). */
bool tls_days_append(const char *spool, int64_t day, enum tls_days_file file,
    struct slice lines, struct outcome *why);

/* Append what such a file has to *out; nothing where there is none. */
bool tls_days_read(const char *spool, int64_t day, enum tls_days_file file,
    struct buf *out, struct outcome *why);

/*
 * Days of which there are counts, from the first on, at most n; 0 where there
 * are none.  Files of days before `oldest` are removed.
 */
size_t tls_days_list(const char *spool, int64_t oldest, int64_t *day,
    size_t n);

/*
 * Be the only one who makes reports: a descriptor that is to be closed, or -1
 * with *why; another one is there: STAGE_NONE.
 */
int tls_days_lock(const char *spool, struct outcome *why);

#endif
