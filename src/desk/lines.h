/* SPDX-License-Identifier: ISC */
/* lines.h - a label and what belongs to it, broken to the terminal's width. */
#ifndef DESK_LINES_H
#define DESK_LINES_H

#include "base/buf.h"

#define LINES_INDENT 14 /* columns before the text of a labelled line */

/*
 * Append "  label       text", which is safe to show already, and a newline.
 * It is broken at blanks before `columns`; 0 = not at all.
 */
void line_put(struct buf *out, const char *label, struct slice text,
    size_t columns);

/* How many columns this text takes: characters of UTF-8, each as one. */
size_t columns_of(struct slice text);

#endif
