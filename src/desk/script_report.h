/* SPDX-License-Identifier: ISC */
/* script_report.h - what a script expected and got, for programs. */
#ifndef DESK_SCRIPT_REPORT_H
#define DESK_SCRIPT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* One expectation that was met or missed. */
struct script_check {
	unsigned line;
	char *want;		/* "< 250" */
	char *got;		/* of the miss; NULL = it was met */
};

struct script_checks {
	struct script_check *v;
	size_t n;
};

/* want and got are copied; got NULL: met. */
void script_check(struct script_checks *c, unsigned line, struct slice want,
    const char *got);
void script_checks_free(struct script_checks *c);

/* Append all of them: TAP version 13; a JUnit suite as XML. */
void script_put_tap(struct buf *out, const struct script_checks *c,
    const char *file);
void script_put_junit(struct buf *out, const struct script_checks *c,
    const char *file);

#endif
