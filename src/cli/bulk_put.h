/* SPDX-License-Identifier: ISC */
/* bulk_put.h - what became of many messages, for who reads it. */
#ifndef CLI_BULK_PUT_H
#define CLI_BULK_PUT_H

#include "bulk/tally.h"
#include "config/settings.h"
#include "report/report.h"

/*
 * The summary of a run that took so many microseconds: as an object with
 * --json; else on stderr, where a terminal is or not all were delivered to, or
 * with -v or --brief.
 */
void bulk_put(struct report *r, const struct tally *t, const struct settings *s,
    int64_t took);

#endif
