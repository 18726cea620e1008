/* SPDX-License-Identifier: ISC */
/* wire.c - see wire.h */
#include "queue/wire.h"

#include "config/json.h"
#include "report/json.h"

/* A whole number that fits; JSON's fractions and exponents are none. */
static bool
take_number(struct slice text, uint64_t max, int64_t *out)
{
	bool minus = slice_starts(text, SLICE("-"));
	uint64_t n;

	if (!slice_to_uint(slice_from(text, minus), max, &n))
		return false;
	*out = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

static bool
take_unsigned(struct slice text, unsigned *out)
{
	uint64_t n;

	if (!slice_to_uint(text, UINT32_MAX, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static bool
take_flag(struct slice text, bool *out)
{
	*out = slice_eq(text, SLICE("true"));
	return *out || slice_eq(text, SLICE("false"));
}

/* null is as good as nothing. */
static bool
take(const struct wire_field *f, const struct json_value *v)
{
	bool other = v->kind == JSON_OTHER;

	if (other && slice_eq(v->text, SLICE("null")))
		return true;
	switch (f->kind) {
	case WIRE_KIND_TEXT:
		*(struct slice *)f->to = v->text;
		return v->kind == JSON_STRING;
	case WIRE_KIND_NUMBER:
		return v->kind == JSON_NUMBER &&
		    take_number(v->text, INT64_MAX, f->to);
	case WIRE_KIND_UINT:
		return v->kind == JSON_NUMBER && take_unsigned(v->text, f->to);
	case WIRE_KIND_FLAG:
		return other && take_flag(v->text, f->to);
	case WIRE_KIND_ARRAY:
		*(struct slice *)f->to = v->text;
		return other && slice_starts(v->text, SLICE("["));
	}
	return false;
}

static bool
take_member(const struct json_member *m, const struct wire_field *fields)
{
	for (; fields->key; fields++)
		if (slice_eq(m->key, slice_of(fields->key)))
			return take(fields, &m->value);
	return true;
}

bool
wire_read(char *line, size_t n, const struct wire_field *fields)
{
	struct json_member m;
	struct json j;
	enum json_got got;

	json_begin(&j, line, n);
	if (!j.object)
		return false;
	while ((got = json_next(&j, &m)) == JSON_MEMBER)
		if (!take_member(&m, fields))
			return false;
	return got == JSON_END;
}

void
wire_put_text(struct buf *out, const char *key, struct slice text)
{
	if (text.n == 0)
		return;
	buf_putf(out, ",\"%s\":", key);
	json_put_string(out, text);
}

void
wire_put_number(struct buf *out, const char *key, int64_t n)
{
	if (n != 0)
		buf_putf(out, ",\"%s\":%lld", key, (long long)n);
}

void
wire_put_flag(struct buf *out, const char *key, bool flag)
{
	if (flag)
		buf_putf(out, ",\"%s\":true", key);
}
