/* SPDX-License-Identifier: ISC */
/* markup.h - text within XML and HTML. */
#ifndef BASE_MARKUP_H
#define BASE_MARKUP_H

#include "base/buf.h"

/*
 * Append text for an element or a quoted value: what is markup is no longer.
 * All else stays, so controls are to be taken out before.
 */
void markup_put(struct buf *out, struct slice text);

#endif
