/* SPDX-License-Identifier: ISC */
/* keycheck.h - --dkim-check: the keys that sign for a domain, and DNS. */
#ifndef CLI_KEYCHECK_H
#define CLI_KEYCHECK_H

#include "config/settings.h"

/*
 * Compare each key of the [dkim] section for s->dkim.domain with its record,
 * and print a line about it; of one that is not good what the record should be.
 * An exit status: 0 when all are good, 78 when one is not, 75 when a record
 * could not be asked for.
 */
int keycheck_run(const struct settings *s);

#endif
