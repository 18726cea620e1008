/* SPDX-License-Identifier: ISC */
/*
 * lastline.h - the last line of a terminal, painted and erased again.
 *
 * The one who paints it: the progress bar and the line that says what is waited
 * for.  A line never fills the terminal's width, since what wraps cannot be
 * erased.  Whoever prints something else erases it first.
 */
#ifndef REPORT_LASTLINE_H
#define REPORT_LASTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct lastline {
	FILE *to;	/* NULL = no terminal: nothing is painted */
	bool shown;
};

/* On stderr, when that is a terminal that can erase a line. */
void lastline_init(struct lastline *l);

/* How many columns a line may have. */
size_t lastline_columns(const struct lastline *l);

/* Paint this over what was there, cut to the columns; ASCII, safe to show. */
void lastline_paint(struct lastline *l, const char *text);
void lastline_erase(struct lastline *l);

#endif
