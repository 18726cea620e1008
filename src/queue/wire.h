/* SPDX-License-Identifier: ISC */
/*
 * wire.h - one JSON object a line, as the control socket and histories have
 * them: keys into fields by a table, fields into members.
 */
#ifndef QUEUE_WIRE_H
#define QUEUE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum wire_kind {
	WIRE_KIND_TEXT,		/* struct slice */
	WIRE_KIND_NUMBER,	/* int64_t */
	WIRE_KIND_UINT,		/* unsigned */
	WIRE_KIND_FLAG,		/* bool */
	WIRE_KIND_ARRAY,	/* struct slice, as it stands */
};

/* A key, what it holds, where that goes.  A table ends with a zeroed one. */
struct wire_field {
	const char *key;
	enum wire_kind kind;
	void *to;
};

#define WIRE_TEXT(k, p)	  { (k), WIRE_KIND_TEXT, (struct slice *){ (p) } }
#define WIRE_NUMBER(k, p) { (k), WIRE_KIND_NUMBER, (int64_t *){ (p) } }
#define WIRE_UINT(k, p)	  { (k), WIRE_KIND_UINT, (unsigned *){ (p) } }
#define WIRE_FLAG(k, p)	  { (k), WIRE_KIND_FLAG, (bool *){ (p) } }
#define WIRE_ARRAY(k, p)  { (k), WIRE_KIND_ARRAY, (struct slice *){ (p) } }

/*
 * Read an object; the line is changed, and slices point into it.  Keys that the
 * table does not have are passed over, as a later version may have more.  False
 * when it is no object, or a value is not of its kind.
 */
bool wire_read(char *line, size_t n, const struct wire_field *fields);

/* Append ,"key":value; nothing for an empty text, a zero or false. */
void wire_put_text(struct buf *out, const char *key, struct slice text);
void wire_put_number(struct buf *out, const char *key, int64_t n);
void wire_put_flag(struct buf *out, const char *key, bool flag);

#endif
