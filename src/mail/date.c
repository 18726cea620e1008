/* SPDX-License-Identifier: ISC */
/* date.c - see date.h */
#include "mail/date.h"

#define DAY 86400

/* Day of month and month, counted from 1 March, so leap days come last. */
static void
set_day(struct civil *c, int64_t days)
{
	int64_t era, in_era, year, in_year, month;

	days += 719468; /* 1 March of the year 0 */
	era = (days >= 0 ? days : days - 146096) / 146097;
	in_era = days - era * 146097;
	year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) /
	    365;
	in_year = in_era - (365 * year + year / 4 - year / 100);
	month = (5 * in_year + 2) / 153;
	c->day = (unsigned)(in_year - (153 * month + 2) / 5 + 1);
	c->month = (unsigned)(month < 10 ? month + 3 : month - 9);
	c->year = year + era * 400 + (c->month <= 2);
}

struct civil
civil_from_seconds(int64_t seconds)
{
	int64_t days = seconds / DAY, rest = seconds % DAY;
	struct civil c;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	set_day(&c, days);
	c.hour = (unsigned)(rest / 3600);
	c.minute = (unsigned)(rest / 60 % 60);
	c.second = (unsigned)(rest % 60);
	c.weekday = (unsigned)(((days + 4) % 7 + 7) % 7); /* a Thursday */
	return c;
}

void
date_put(struct buf *out, int64_t seconds, int offset)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = civil_from_seconds(seconds + (int64_t)offset * 60);
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);

	buf_putf(out, "%.3s, %u %.3s %04lld %02u:%02u:%02u %c%02u%02u",
	    days + 3 * c.weekday, c.day, months + 3 * (c.month - 1),
	    (long long)c.year, c.hour, c.minute, c.second,
	    offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}
