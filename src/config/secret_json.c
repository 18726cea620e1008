/* SPDX-License-Identifier: ISC */
/*
 * secret_json.c - what a token command printed: a token alone, or the answer of
 * an OAuth 2 server (RFC 6749 5.1) or of a cloud's tool, a JSON object.
 *
 * Only the members of the outermost object count: others are skipped by their
 * brackets and strings.  Not a validator: the token must be one (RFC 6750 2.1).
 */
#include "config/secret_parts.h"

#include <string.h>

#include "base/ascii.h"

struct json {
	char *p, *end;
};

static void
skip_white(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' ||
	    *j->p == '\r' || *j->p == '\n'))
		j->p++;
}

static bool
eat(struct json *j, char c)
{
	skip_white(j);
	if (j->p >= j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

/*
 * A string, its backslashes taken out in place: of the escapes only those that
 * stand for themselves can be in a token; another leaves its letter behind.
 */
static bool
take_string(struct json *j, struct slice *out)
{
	char *to;

	if (!eat(j, '"'))
		return false;
	*out = (struct slice){ j->p, 0 };
	for (to = j->p; j->p < j->end && *j->p != '"'; j->p++) {
		if (*j->p == '\\' && j->p + 1 < j->end)
			j->p++;
		*to++ = *j->p;
	}
	out->n = (size_t)(to - out->p);
	return eat(j, '"');
}

/* A number, true, false or null. */
static bool
take_word(struct json *j, struct slice *out)
{
	*out = (struct slice){ j->p, 0 };
	while (j->p < j->end && (ascii_is_alnum(*j->p) || *j->p == '.' ||
	    *j->p == '-' || *j->p == '+')) {
		j->p++;
		out->n++;
	}
	return out->n > 0;
}

/* An object or array, with all that is in it. */
static bool
skip_nested(struct json *j)
{
	struct slice unused;
	size_t depth = 0;

	do {
		skip_white(j);
		if (j->p >= j->end)
			return false;
		if (*j->p == '"') {
			if (!take_string(j, &unused))
				return false;
			continue;
		}
		depth += *j->p == '{' || *j->p == '[';
		depth -= *j->p == '}' || *j->p == ']';
		j->p++;
	} while (depth > 0);
	return true;
}

static bool
take_value(struct json *j, struct slice *out)
{
	*out = (struct slice){ 0 };
	skip_white(j);
	if (j->p >= j->end)
		return false;
	if (*j->p == '"')
		return take_string(j, out);
	if (*j->p == '{' || *j->p == '[')
		return skip_nested(j);
	return take_word(j, out);
}

/* Days from 1970 to a date of the Gregorian calendar. */
static int64_t
days_to(int64_t y, int64_t m, int64_t d)
{
	int64_t era_year = m <= 2 ? y - 1 : y;
	int64_t month = (m + 9) % 12; /* from March */

	return era_year * 365 + era_year / 4 - era_year / 100 +
	    era_year / 400 + (month * 153 + 2) / 5 + d - 1 - 719468;
}

static bool
number_at(struct slice s, size_t at, size_t n, int64_t *out)
{
	uint64_t v;

	if (!slice_to_uint(slice_first(slice_from(s, at), n), 9999, &v) ||
	    s.n < at + n)
		return false;
	*out = (int64_t)v;
	return true;
}

/* "2026-01-31T12:34:56Z" (RFC 3339), perhaps with a fraction; 0 = unknown. */
static int64_t
time_parse(struct slice s)
{
	int64_t y, mon, d, h, min, sec;

	if (s.n < 20 || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != 'T' ||
	    s.p[13] != ':' || s.p[16] != ':' || s.p[s.n - 1] != 'Z')
		return 0;
	if (!number_at(s, 0, 4, &y) || !number_at(s, 5, 2, &mon) ||
	    !number_at(s, 8, 2, &d) || !number_at(s, 11, 2, &h) ||
	    !number_at(s, 14, 2, &min) || !number_at(s, 17, 2, &sec))
		return 0;
	return days_to(y, mon, d) * 86400 + h * 3600 + min * 60 + sec;
}

/* Seconds since 1970, as a number or a time. */
static int64_t
moment_parse(struct slice s)
{
	uint64_t v;

	return slice_to_uint(s, UINT32_MAX, &v) ? (int64_t)v : time_parse(s);
}

static void
take_member(struct slice key, struct slice value, int64_t now,
    struct token *t)
{
	uint64_t seconds;

	if (slice_eq(key, SLICE("access_token")) ||
	    slice_eq(key, SLICE("accessToken")))
		t->text = value;
	else if (slice_eq(key, SLICE("expires_in")) &&
	    slice_to_uint(value, UINT32_MAX, &seconds))
		t->expires = now + (int64_t)seconds;
	else if (slice_eq(key, SLICE("expiry")) ||
	    slice_eq(key, SLICE("expires_at")) ||
	    slice_eq(key, SLICE("expires_on")))
		t->expires = moment_parse(value);
}

static bool
object_parse(struct json *j, int64_t now, struct token *t)
{
	struct slice key, value;

	if (!eat(j, '{'))
		return false;
	do {
		if (!take_string(j, &key) || !eat(j, ':') ||
		    !take_value(j, &value))
			return false;
		take_member(key, value, now, t);
	} while (eat(j, ','));
	return eat(j, '}');
}

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

bool
token_parse(char *out, size_t n, int64_t now, struct token *t)
{
	struct json j = { out, out + n };

	*t = (struct token){ 0 };
	skip_white(&j);
	if (j.p < j.end && *j.p == '{')
		return object_parse(&j, now, t) && is_token(t->text);
	t->text = (struct slice){ out, n };
	t->text = slice_trim(slice_first(t->text,
	    slice_find(t->text, '\n')));
	return is_token(t->text);
}
