/* SPDX-License-Identifier: ISC */
/*
 * secret_answer.c - what a token command printed: a token alone, or the answer
 * of an OAuth 2 server (RFC 6749 5.1) or of a cloud's tool, a JSON object.
 *
 * Only a string can be a token, and only visible ASCII (RFC 6750 2.1).
 */
#include "config/secret_parts.h"

#include <string.h>

#include "base/ascii.h"
#include "config/json.h"

/* Days from 1970 to a date of the Gregorian calendar. */
static int64_t
days_to(int64_t y, int64_t m, int64_t d)
{
	int64_t era_year = m <= 2 ? y - 1 : y;
	int64_t month = (m + 9) % 12; /* from March */

	return era_year * 365 + era_year / 4 - era_year / 100 +
	    era_year / 400 + (month * 153 + 2) / 5 + d - 1 - 719468;
}

/* Digits where the form has #, else its own octets. */
static bool
has_form(struct slice s, const char *form)
{
	size_t n = strlen(form);

	if (s.n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '#' ? !ascii_is_digit(s.p[i]) :
				     s.p[i] != form[i])
			return false;
	return true;
}

static int64_t
number_at(struct slice s, size_t at, size_t n)
{
	int64_t v = 0;

	for (size_t i = at; i < at + n; i++)
		v = v * 10 + (s.p[i] - '0');
	return v;
}

/* After the seconds: "Z", perhaps after a fraction. */
static bool
is_utc(struct slice s)
{
	size_t n = slice_starts(s, SLICE(".")) ? 1 : 0;

	while (n > 0 && n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n != 1 && slice_eq(slice_from(s, n), SLICE("Z"));
}

/* "2026-01-31T12:34:56Z" (RFC 3339), perhaps with a fraction; 0 = unknown. */
static int64_t
time_parse(struct slice s)
{
	int64_t y, mon, d, h, min, sec;

	if (!has_form(s, "####-##-##T##:##:##") || !is_utc(slice_from(s, 19)))
		return 0;
	y = number_at(s, 0, 4);
	mon = number_at(s, 5, 2);
	d = number_at(s, 8, 2);
	h = number_at(s, 11, 2);
	min = number_at(s, 14, 2);
	sec = number_at(s, 17, 2);
	if (mon < 1 || mon > 12 || d < 1 || d > 31 || h > 23 || min > 59 ||
	    sec > 60)
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

static bool
is_one_of(struct slice key, const char *names)
{
	struct slice rest = slice_of(names), name;

	while (slice_cut(&rest, ' ', &name))
		if (slice_eq(key, name))
			return true;
	return false;
}

/* False for a token that is none, or a second one. */
static bool
take_member(struct slice key, const struct json_value *v, int64_t now,
    struct token *t)
{
	uint64_t seconds;

	if (is_one_of(key, "access_token accessToken")) {
		if (v->kind != JSON_STRING || t->text.p)
			return false;
		t->text = v->text;
	} else if (is_one_of(key, "expires_in")) {
		if (slice_to_uint(v->text, UINT32_MAX, &seconds))
			t->expires = now + (int64_t)seconds;
	} else if (is_one_of(key, "expiry expires_at expires_on")) {
		t->expires = moment_parse(v->text);
	}
	return true;
}

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

static bool
answer_parse(char *out, size_t n, int64_t now, struct token *t)
{
	struct json_member m;
	struct json j;
	enum json_got got;

	json_begin(&j, out, n);
	while ((got = json_next(&j, &m)) == JSON_MEMBER)
		if (!take_member(m.key, &m.value, now, t))
			return false;
	return got == JSON_END && is_token(t->text);
}

/* A token in quotes, as jq(1) prints it. */
static bool
quoted_parse(char *out, size_t n, struct token *t)
{
	struct json_member m;
	struct json j;

	json_begin(&j, out, n);
	if (json_next(&j, &m) != JSON_MEMBER)
		return false;
	t->text = m.value.text;
	return is_token(t->text);
}

bool
token_parse(char *out, size_t n, int64_t now, struct token *t)
{
	struct slice all = { out, n }, text = slice_trim(all);

	*t = (struct token){ 0 };
	if (slice_starts(text, SLICE("{")) || slice_starts(text, SLICE("[")))
		return answer_parse(out, n, now, t);
	if (slice_starts(text, SLICE("\"")))
		return quoted_parse(out, n, t);
	t->text = slice_trim(slice_first(all, slice_find(all, '\n')));
	/* what jq prints where there is no token is none */
	return is_token(t->text) && !is_one_of(t->text, "null true false");
}
