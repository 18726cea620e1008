/* SPDX-License-Identifier: ISC */
/* when.c - see when.h */
#include "config/when.h"

#include <string.h>
#include <time.h>

#include "base/slice.h"
#include "config/option_take.h"

/* The number of n digits that stands here, and what follows it. */
static bool
read_digits(const char **text, size_t n, char before, int *out)
{
	struct slice s = slice_of(*text);
	uint64_t value;

	if (before != '\0' && (s.n == 0 || s.p[0] != before))
		return false;
	s = slice_from(s, before != '\0');
	if (s.n < n || !slice_to_uint(slice_first(s, n), 9999, &value))
		return false;
	*text = s.p + n;
	*out = (int)value;
	return true;
}

/* "08:00" or "08:00:30", to its end. */
static bool
read_clock(const char *text, struct tm *tm)
{
	tm->tm_sec = 0;
	if (!read_digits(&text, 2, '\0', &tm->tm_hour) ||
	    !read_digits(&text, 2, ':', &tm->tm_min))
		return false;
	if (*text != '\0' && !read_digits(&text, 2, ':', &tm->tm_sec))
		return false;
	return *text == '\0' && tm->tm_hour < 24 && tm->tm_min < 60 &&
	    tm->tm_sec < 60;
}

/* What has another form than it was written in is no date: 31 February. */
static bool
settle(struct tm tm, int64_t *at)
{
	struct tm same = tm;
	time_t t;

	same.tm_isdst = -1;
	t = mktime(&same);
	*at = t;
	return t != (time_t)-1 && same.tm_mday == tm.tm_mday &&
	    same.tm_mon == tm.tm_mon;
}

static bool
read_date(const char *text, int64_t *at)
{
	struct tm tm = { 0 };

	if (!read_digits(&text, 4, '\0', &tm.tm_year) ||
	    !read_digits(&text, 2, '-', &tm.tm_mon) ||
	    !read_digits(&text, 2, '-', &tm.tm_mday) || tm.tm_year < 1970)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (*text != '\0' && ((*text != 'T' && *text != ' ') ||
	    !read_clock(text + 1, &tm)))
		return false;
	return settle(tm, at);
}

static bool
read_today(const char *text, int64_t now, int64_t *at)
{
	time_t t = (time_t)now;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !read_clock(text, &tm) || !settle(tm, at))
		return false;
	if (*at > now)
		return true;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	*at = mktime(&tm);
	return true;
}

bool
when_parse(const char *text, int64_t now, int64_t *at)
{
	unsigned seconds;
	uint64_t n;

	if (text[0] == '+') {
		if (!duration_parse(text + 1, 1, &seconds))
			return false;
		*at = now + seconds;
		return true;
	}
	if (text[0] == '@') {
		if (!slice_to_uint(slice_of(text + 1), INT32_MAX * 8LL, &n))
			return false;
		*at = (int64_t)n;
		return true;
	}
	return strchr(text, '-') ? read_date(text, at) :
				   read_today(text, now, at);
}
