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

struct wall_time
clock_wall(void)
{
	time_t now = time(NULL);
	struct tm local;

	if (!localtime_r(&now, &local))
		return (struct wall_time){ .seconds = now };
	return (struct wall_time){
		.seconds = now,
		.offset = (int)(local.tm_gmtoff / 60),
	};
}
