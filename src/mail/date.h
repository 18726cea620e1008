/* SPDX-License-Identifier: ISC */
/* date.h - RFC 5322 dates, without the C library's time zones. */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A day and time as people write them. */
struct civil {
	int64_t year;
	unsigned month, day, hour, minute, second; /* months and days from 1 */
	unsigned weekday;			   /* 0 = Sunday */
};

/* From seconds since 1970; the proleptic Gregorian calendar, in UTC. */
struct civil civil_from_seconds(int64_t seconds);

/* The reverse; false for what is no day or time.  A leap second is the next. */
bool civil_to_seconds(const struct civil *c, int64_t *seconds);

/*
 * "2026-11-22T09:20:00Z", "2026-11-22t10:20:00.5+01:00" (RFC 3339 5.6), in
 * seconds since 1970, fractions cut off; false, *seconds untouched, for
 * anything else.
 */
bool date_parse_3339(struct slice s, int64_t *seconds);

/* Is it a date as RFC 5322 3.3 writes one, without comments? */
bool date_is_5322(struct slice s);

/* "Sun, 22 Nov 2026 09:20:00 +0100": offset is in minutes east of UTC. */
void date_put(struct buf *out, int64_t seconds, int offset);

#endif
