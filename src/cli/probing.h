/* SPDX-License-Identifier: ISC */
/* probing.h - --probe: what servers are like; nothing is sent. */
#ifndef CLI_PROBING_H
#define CLI_PROBING_H

#include "config/settings.h"

/* Visit what the words name, or --server, and print it; the exit status. */
int probing_run(const struct settings *s);

#endif
