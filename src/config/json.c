/* SPDX-License-Identifier: ISC */
/* json.c - see json.h */
#include "config/json.h"

#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"

#define DEPTH_MAX 64

static void
skip_white(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' ||
	    *j->p == '\r' || *j->p == '\n'))
		j->p++;
}

/* Is c next?  Then go past it and the white space around it. */
static bool
eat(struct json *j, char c)
{
	skip_white(j);
	if (j->p >= j->end || *j->p != c)
		return false;
	j->p++;
	skip_white(j);
	return true;
}

/* Four hexadecimal digits. */
static bool
take_hex(struct json *j, unsigned *out)
{
	int digit;

	*out = 0;
	for (int i = 0; i < 4; i++) {
		digit = j->p < j->end ? hex_value(*j->p++) : -1;
		if (digit < 0)
			return false;
		*out = *out * 16 + (unsigned)digit;
	}
	return true;
}

static char *
put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* After "\u": one character, or the first half of one and its second. */
static bool
take_character(struct json *j, char **to)
{
	unsigned c, low;

	if (!take_hex(j, &c) || (c >= 0xdc00 && c < 0xe000))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (j->end - j->p < 2 || j->p[0] != '\\' || j->p[1] != 'u')
			return false;
		j->p += 2;
		if (!take_hex(j, &low) || low < 0xdc00 || low >= 0xe000)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, c);
	return true;
}

/* After a backslash. */
static bool
take_escape(struct json *j, char **to)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char octets[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (j->p >= j->end || *j->p == '\0')
		return false;
	if (*j->p == 'u') {
		j->p++;
		return take_character(j, to);
	}
	at = strchr(letters, *j->p++);
	if (at)
		*(*to)++ = octets[at - letters];
	return at != NULL;
}

/* The next character of a string: to *to, or nowhere if it is passed over. */
static bool
take_next(struct json *j, char **to)
{
	char nowhere[4], *there = nowhere;

	if ((unsigned char)*j->p < ' ')
		return false;
	if (j->within > 0)
		to = &there;
	if (*j->p != '\\') {
		*(*to)++ = *j->p++;
		return true;
	}
	j->p++;
	return take_escape(j, to);
}

static bool
take_string(struct json *j, struct slice *out)
{
	char *to;

	if (j->p >= j->end || *j->p++ != '"')
		return false;
	*out = (struct slice){ to = j->p, 0 };
	while (j->p < j->end && *j->p != '"')
		if (!take_next(j, &to))
			return false;
	out->n = (size_t)(to - out->p);
	return eat(j, '"');
}

static size_t
take_digits(struct json *j)
{
	const char *begin = j->p;

	while (j->p < j->end && ascii_is_digit(*j->p))
		j->p++;
	return (size_t)(j->p - begin);
}

static bool
take_char(struct json *j, const char *of)
{
	bool ok = j->p < j->end && *j->p != '\0' && strchr(of, *j->p);

	j->p += ok;
	return ok;
}

/* -12.5e+3, without a 0 in front. */
static bool
take_number(struct json *j, struct slice *out)
{
	out->p = j->p;
	take_char(j, "-");
	if (!take_char(j, "0") && take_digits(j) == 0)
		return false;
	if (take_char(j, ".") && take_digits(j) == 0)
		return false;
	if (take_char(j, "eE")) {
		take_char(j, "+-");
		if (take_digits(j) == 0)
			return false;
	}
	out->n = (size_t)(j->p - out->p);
	return true;
}

static bool
take_name(struct json *j)
{
	static const char *const names[] = { "true", "false", "null" };
	struct slice rest = { j->p, (size_t)(j->end - j->p) };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_starts(rest, slice_of(names[i]))) {
			j->p += strlen(names[i]);
			return true;
		}
	return false;
}

static bool take_nested(struct json *j);

/* An array, an object or a name, as it stands. */
static bool
take_other(struct json *j, struct slice *out)
{
	bool nested = *j->p == '{' || *j->p == '[', ok;
	const char *end;

	out->p = j->p;
	j->within += nested;
	ok = nested ? take_nested(j) : take_name(j);
	j->within -= nested;
	for (end = j->p; end > out->p && strchr(" \t\r\n", end[-1]); end--)
		continue;
	out->n = (size_t)(end - out->p);
	return ok;
}

static bool
take_value(struct json *j, struct json_value *v)
{
	*v = (struct json_value){ JSON_OTHER, { 0 } };
	skip_white(j);
	if (j->p >= j->end)
		return false;
	if (*j->p == '"') {
		v->kind = JSON_STRING;
		return take_string(j, &v->text);
	}
	if (*j->p == '-' || ascii_is_digit(*j->p)) {
		v->kind = JSON_NUMBER;
		return take_number(j, &v->text);
	}
	return take_other(j, &v->text);
}

static bool
take_pair(struct json *j, struct json_member *m)
{
	return take_string(j, &m->key) && eat(j, ':') &&
	    take_value(j, &m->value);
}

/* An object or an array that is passed over, to its end. */
static bool
take_nested(struct json *j)
{
	bool object = *j->p == '{', over;
	char end = object ? '}' : ']';
	struct json_member m;

	eat(j, *j->p);
	if (++j->depth > DEPTH_MAX)
		return false;
	over = eat(j, end);
	while (!over) {
		if (!(object ? take_pair(j, &m) : take_value(j, &m.value)))
			return false;
		over = eat(j, end);
		if (!over && !eat(j, ','))
			return false;
	}
	j->depth--;
	return true;
}

/* The text must end here. */
static enum json_got
end(struct json *j)
{
	skip_white(j);
	return j->state = j->p == j->end ? JSON_END : JSON_BAD;
}

void
json_begin(struct json *j, char *text, size_t n)
{
	struct slice all = { text, n };

	*j = (struct json){ .p = text, .end = text + n };
	j->object = eat(j, '{');
	j->depth = j->object;
	j->state = utf8_is_valid(all) ? JSON_MEMBER : JSON_BAD;
	if (j->object && j->state == JSON_MEMBER && eat(j, '}'))
		end(j);
}

void
json_begin_array(struct json *j, char *text, size_t n)
{
	struct slice all = { text, n };

	*j = (struct json){ .p = text, .end = text + n, .array = true };
	j->depth = 1;
	j->state = utf8_is_valid(all) && eat(j, '[') ? JSON_MEMBER : JSON_BAD;
	if (j->state == JSON_MEMBER && eat(j, ']'))
		end(j);
}

/* A text that is no object is one value. */
static enum json_got
take_alone(struct json *j, struct json_member *m)
{
	m->key = (struct slice){ 0 };
	if (!take_value(j, &m->value) || end(j) == JSON_BAD)
		return j->state = JSON_BAD;
	return JSON_MEMBER;
}

enum json_got
json_next(struct json *j, struct json_member *m)
{
	if (j->state != JSON_MEMBER)
		return j->state;
	if (!j->object && !j->array)
		return take_alone(j, m);
	if (j->array)
		m->key = (struct slice){ 0 };
	if (!(j->array ? take_value(j, &m->value) : take_pair(j, m)))
		return j->state = JSON_BAD;
	if (eat(j, j->array ? ']' : '}'))
		end(j);
	else if (!eat(j, ','))
		j->state = JSON_BAD;
	return j->state == JSON_BAD ? JSON_BAD : JSON_MEMBER;
}
