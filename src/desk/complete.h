/* SPDX-License-Identifier: ISC */
/* complete.h - what a line that was begun could become.  Pure. */
#ifndef DESK_COMPLETE_H
#define DESK_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define COMPLETE_LINES 200 /* the last that are remembered */

/* Lines that were said; zero-initialise. */
struct complete {
	char *said[COMPLETE_LINES];
	size_t n, next;
};

void complete_free(struct complete *c);

/* Remember a line; one that is there already is not there twice. */
void complete_said(struct complete *c, struct slice line);

/*
 * Number i, from 0, of the lines that begin with typed, whatever its case: the
 * commands of SMTP and of --talk, then what was said.  NULL: no more.
 */
const char *complete_at(const struct complete *c, struct slice typed,
    size_t i);

#endif
