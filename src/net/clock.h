/* SPDX-License-Identifier: ISC */
/* clock.h - the only place that asks what time it is. */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include <stdint.h>

#include "base/duration.h"

/*
 * Microseconds on the monotonic clock (CLOCK_BOOTTIME, so that a suspend
 * counts): what every `now` in this program is.
 */
int64_t clock_now(void);

/* Seconds since 1970 and the offset of local time from UTC in minutes. */
struct wall_time {
	int64_t seconds;
	int offset;
};

struct wall_time clock_wall(void);

/* The offset that local time had, or will have, then (TZ is the caller's). */
int clock_offset(int64_t seconds);

/* Milliseconds since 1970. */
int64_t clock_wall_milliseconds(void);

#endif
