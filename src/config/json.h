/* SPDX-License-Identifier: ISC */
/*
 * json.h - a JSON text (RFC 8259), read strictly and in place.
 *
 * A text that is an object gives its members one after the other; another gives
 * its value.  What is not well-formed to its end, or deeper than 64, is BAD.
 * Strings are decoded where they stand: no escape is shorter than what it
 * stands for.
 *
 *	json_begin(&j, text, n);
 *	while ((got = json_next(&j, &m)) == JSON_MEMBER)
 *		... m.key, m.value
 *
 * What an array or an object within holds is read the same way, from its text.
 *
 * A library would cost each run its loading, for one object.
 */
#ifndef CONFIG_JSON_H
#define CONFIG_JSON_H

#include "base/slice.h"

enum json_kind {
	JSON_STRING,
	JSON_NUMBER,
	JSON_OTHER,	/* true, false, null, an array, an object */
};

struct json_value {
	enum json_kind kind;
	struct slice text;	/* of a string, decoded; else as it stands */
};

struct json_member {
	struct slice key;	/* empty where the text is no object */
	struct json_value value;
};

enum json_got { JSON_MEMBER, JSON_END, JSON_BAD };

struct json {
	char *p, *end;
	unsigned depth;		/* of arrays and objects, this one included */
	enum json_got state;	/* MEMBER: more may come */
	bool object, array;
	unsigned within;	/* that are passed over: nothing is decoded */
};

/* text is changed, and outlives what comes of it. */
void json_begin(struct json *j, char *text, size_t n);

/* The same for the elements of an array, which have no keys; another is BAD. */
void json_begin_array(struct json *j, char *text, size_t n);

/* The text of a value as what it is, a part of one that may be changed. */
static inline char *
json_inside(struct slice text)
{
	union {
		const char *is;
		char *was;
	} p = { text.p };

	return p.was;
}

enum json_got json_next(struct json *j, struct json_member *m);

#endif
