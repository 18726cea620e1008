/* SPDX-License-Identifier: ISC */
/* help.h - --help. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"

/* --help for a terminal of 80 columns. */
void help_put(struct buf *out);

#endif
