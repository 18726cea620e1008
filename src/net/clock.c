/* SPDX-License-Identifier: ISC */
/* clock.c - see clock.h */
#include "net/clock.h"

#include <time.h>

int64_t
clock_now(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_BOOTTIME, &t) != 0)
		clock_gettime(CLOCK_MONOTONIC, &t);
	return SECONDS(t.tv_sec) + t.tv_nsec / 1000;
}

int
clock_offset(int64_t seconds)
{
	time_t t = seconds;
	struct tm local;

	return localtime_r(&t, &local) ? (int)(local.tm_gmtoff / 60) : 0;
}

struct wall_time
clock_wall(void)
{
	time_t now = time(NULL);

	return (struct wall_time){ now, clock_offset(now) };
}

int64_t
clock_wall_milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
