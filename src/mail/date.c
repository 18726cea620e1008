/* SPDX-License-Identifier: ISC */
/* date.c - see date.h */
#include "mail/date.h"

#include "base/ascii.h"

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

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned
days_of_month(int64_t year, unsigned month)
{
	if (month == 2)
		return is_leap(year) ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Days since 1970 of a day that there is. */
static int64_t
days_since_1970(const struct civil *c)
{
	int64_t year = c->year - (c->month <= 2); /* which begins in March */
	int64_t month = c->month > 2 ? c->month - 3 : c->month + 9;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t in_era = year - era * 400;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 +
	    (153 * month + 2) / 5 + c->day - 1 - 719468;
}

bool
civil_to_seconds(const struct civil *c, int64_t *seconds)
{
	if (c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > days_of_month(c->year, c->month) || c->hour > 23 ||
	    c->minute > 59 || c->second > 60)
		return false;
	*seconds = days_since_1970(c) * DAY + c->hour * 3600 +
	    c->minute * 60 + c->second;
	return true;
}

/* Take n digits, and after them this octet unless it is '\0'. */
static bool
take_number(struct slice *s, size_t n, char after, unsigned *out)
{
	struct slice digits = slice_first(*s, n);
	uint64_t v;

	*s = slice_from(*s, n);
	if (digits.n != n || !slice_to_uint(digits, 9999, &v))
		return false;
	*out = (unsigned)v;
	if (after == '\0')
		return true;
	if (s->n == 0 || ascii_lower(s->p[0]) != after)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/* ".25" may stand there: a dot and digits. */
static bool
skip_fraction(struct slice *s)
{
	size_t n = 1;

	if (s->n == 0 || s->p[0] != '.')
		return true;
	while (n < s->n && ascii_is_digit(s->p[n]))
		n++;
	*s = slice_from(*s, n);
	return n > 1;
}

/* "Z", "+01:00", "-00:30": minutes east of UTC. */
static bool
take_offset(struct slice s, int *minutes)
{
	bool west = s.n > 0 && s.p[0] == '-';
	unsigned h = 0, m = 0;

	*minutes = 0;
	if (slice_eq_nocase(s, SLICE("Z")))
		return true;
	if (!west && (s.n == 0 || s.p[0] != '+'))
		return false;
	s = slice_from(s, 1);
	if (!take_number(&s, 2, ':', &h) || !take_number(&s, 2, '\0', &m) ||
	    s.n > 0 || h > 23 || m > 59)
		return false;
	*minutes = (int)(h * 60 + m) * (west ? -1 : 1);
	return true;
}

bool
date_parse_3339(struct slice s, int64_t *seconds)
{
	struct civil c = { 0 };
	unsigned year;
	int64_t at;
	int offset;

	if (!take_number(&s, 4, '-', &year) ||
	    !take_number(&s, 2, '-', &c.month) ||
	    !take_number(&s, 2, 't', &c.day) ||
	    !take_number(&s, 2, ':', &c.hour) ||
	    !take_number(&s, 2, ':', &c.minute) ||
	    !take_number(&s, 2, '\0', &c.second) || !skip_fraction(&s) ||
	    !take_offset(s, &offset))
		return false;
	c.year = year;
	if (!civil_to_seconds(&c, &at))
		return false;
	*seconds = at - (int64_t)offset * 60;
	return true;
}

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Which of these names of three letters it is, from 0; n when none. */
static unsigned
find_name(const char *names, unsigned n, struct slice s)
{
	unsigned i = 0;

	while (i < n &&
	    !slice_eq_nocase(s, (struct slice){ names + 3 * i, 3 }))
		i++;
	return i;
}

/* "09:20:00" or "09:20". */
static bool
take_clock(struct slice s, struct civil *c)
{
	if (!take_number(&s, 2, ':', &c->hour))
		return false;
	if (s.n == 2)
		return take_number(&s, 2, '\0', &c->minute);
	return take_number(&s, 2, ':', &c->minute) &&
	    take_number(&s, 2, '\0', &c->second) && s.n == 0;
}

static bool
is_zone(struct slice s)
{
	uint64_t v;

	if (slice_eq_nocase(s, SLICE("GMT")) || slice_eq_nocase(s, SLICE("UT")))
		return true;
	return s.n == 5 && (s.p[0] == '+' || s.p[0] == '-') &&
	    slice_to_uint(slice_from(s, 1), 9959, &v) && v % 100 < 60;
}

/* The next word behind blanks; empty at the end. */
static struct slice
take_word(struct slice *s)
{
	struct slice word = { 0 };

	*s = slice_trim(*s);
	slice_cut(s, ' ', &word);
	return word;
}

/* "Sun,": *day is 7 where there is none. */
static bool
take_weekday(struct slice *s, unsigned *day)
{
	struct slice word = slice_first(*s, 4);

	*day = 7;
	if (word.n < 4 || word.p[3] != ',')
		return true;
	*day = find_name(days, 7, slice_first(word, 3));
	*s = slice_from(*s, 4);
	return *day < 7;
}

bool
date_is_5322(struct slice s)
{
	struct civil c = { 0 };
	uint64_t day, year;
	unsigned weekday;
	int64_t at;

	if (!take_weekday(&s, &weekday) ||
	    !slice_to_uint(take_word(&s), 31, &day))
		return false;
	c.month = find_name(months, 12, take_word(&s)) + 1;
	if (!slice_to_uint(take_word(&s), 9999, &year) || year < 1900)
		return false;
	c.day = (unsigned)day;
	c.year = (int64_t)year;
	return take_clock(take_word(&s), &c) && is_zone(take_word(&s)) &&
	    slice_trim(s).n == 0 && civil_to_seconds(&c, &at) &&
	    (weekday == 7 || civil_from_seconds(at).weekday == weekday);
}

void
date_put(struct buf *out, int64_t seconds, int offset)
{
	struct civil c = civil_from_seconds(seconds + (int64_t)offset * 60);
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);

	buf_putf(out, "%.3s, %u %.3s %04lld %02u:%02u:%02u %c%02u%02u",
	    days + 3 * c.weekday, c.day, months + 3 * (c.month - 1),
	    (long long)c.year, c.hour, c.minute, c.second,
	    offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}
