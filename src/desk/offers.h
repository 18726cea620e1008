/* SPDX-License-Identifier: ISC */
/* offers.h - what EHLO replies offer, and where they differ. */
#ifndef DESK_OFFERS_H
#define DESK_OFFERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define OFFERS_MAX 64 /* keywords that are compared */

/* Keywords with their parameters, as they were first met. */
struct offers {
	struct slice v[OFFERS_MAX]; /* borrowed from the replies */
	size_t n;
};

/* Add those of a reply's text, each once; its first line is a name. */
void offers_add(struct offers *o, struct slice reply_text);

/* Is that line among a reply's keywords?  Case does not matter. */
bool offers_has(struct slice reply_text, struct slice keyword);

/* The next keyword of a reply's text; *rest is the text at first. */
bool offers_next(struct slice *rest, bool *begun, struct slice *keyword);

/* Append them, joined by ", ", escaped. */
void offers_put(struct buf *out, struct slice reply_text);

#endif
