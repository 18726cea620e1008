/* SPDX-License-Identifier: ISC */
/* help.h - --help and --version. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"

/* --help for a terminal of 80 columns; --version, three libraries and all. */
void help_put(struct buf *out);
void version_put(struct buf *out);

#endif
