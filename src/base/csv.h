/* SPDX-License-Identifier: ISC */
/*
 * csv.h - rows of fields as text (RFC 4180), which are quoted where they hold a
 * delimiter, a line end or a quote, which is doubled then.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>

#include "base/buf.h"

#define CSV_FIELDS 256 /* of a row at most */

/* Zeroed but for the delimiter. */
struct csv {
	char delimiter;
	size_t line;	/* line ends so far */
};

/* Zero-initialise; reused from row to row. */
struct csv_row {
	struct buf text;	/* all fields, one behind the other, */
	size_t end[CSV_FIELDS];	/* ... and where each ends */
	size_t n;
	size_t line;		/* where it began, from 1 */
};

void csv_row_free(struct csv_row *row);
struct slice csv_field(const struct csv_row *row, size_t i);

enum csv_found {
	CSV_ROW,
	CSV_BAD,	/* more than CSV_FIELDS, or text behind a quoted field:
			   the row is passed over */
	CSV_MORE,	/* none is whole before more comes, or it is the end;
			   at_end with octets left: a quote is open */
};

/* Take the next row off the front of *in; empty lines are none. */
enum csv_found csv_next(struct csv *c, struct slice *in, bool at_end,
    struct csv_row *row);

/* Which of ',', ';' and tab the first row of a file has most of. */
char csv_delimiter(struct slice first);

#endif
