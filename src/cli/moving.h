/* SPDX-License-Identifier: ISC */
/* moving.h - --import-config: another program's configuration as ours. */
#ifndef CLI_MOVING_H
#define CLI_MOVING_H

#include "config/settings.h"

/*
 * Print s->show.import ("FILE", or "FORMAT:FILE") as our configuration on
 * standard output.  An exit status: 66 when it cannot be read, 65 when nobody
 * knows what it is; said on standard error.
 */
int moving_run(const struct settings *s);

#endif
