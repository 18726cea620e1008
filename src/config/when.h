/* SPDX-License-Identifier: ISC */
/* when.h - a point in time as people write it. */
#ifndef CONFIG_WHEN_H
#define CONFIG_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "18:00" (today, or else tomorrow), "2027-01-31", "2027-01-31T08:00" or with a
 * blank, "+2h", "@1800000000"; in local time.  now and *at are seconds since
 * 1970.  False when it is none of these; a time that has passed is one.
 */
bool when_parse(const char *text, int64_t now, int64_t *at);

#endif
