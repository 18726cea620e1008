/* SPDX-License-Identifier: ISC */
/* mimetype.h - Content-Type and Content-Transfer-Encoding (RFC 2045). */
#ifndef MAIL_MIMETYPE_H
#define MAIL_MIMETYPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

#define BOUNDARY_MAX 200 /* RFC 2046 5.1.1 allows 70; some write more */
#define CHARSET_MAX  40 /* as long as RFC 2978 3.1 allows */

struct mimetype {
	struct slice type, subtype; /* of the value that was parsed */
	char boundary[BOUNDARY_MAX + 1]; /* empty when missing or unusable */
	char charset[CHARSET_MAX + 1];	 /* likewise */
};

/* Read an unfolded Content-Type; what cannot be read stays empty. */
void mimetype_parse(struct slice value, struct mimetype *out);

/*
 * Take the next ";name=value" off *rest: *name is empty when there was junk
 * instead; *value, which is cleared first, has no quotes.  False at the end.
 */
bool mimetype_next(struct slice *rest, struct slice *name, struct buf *value);

/*
 * What charset text is in that is no UTF-8, beside a header with this
 * Content-Type: the one that is declared, if it can be that; else
 * "unknown-8bit" (RFC 1428).
 */
const char *mimetype_charset(const struct mimetype *t);

enum cte { CTE_7BIT, CTE_8BIT, CTE_BINARY, CTE_QP, CTE_BASE64, CTE_OTHER };

/* Of an unfolded Content-Transfer-Encoding. */
enum cte cte_parse(struct slice value);

#endif
