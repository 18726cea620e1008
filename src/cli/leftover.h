/* SPDX-License-Identifier: ISC */
/* leftover.h - mail that waits in the spools of other programs. */
#ifndef CLI_LEFTOVER_H
#define CLI_LEFTOVER_H

#include "base/buf.h"

/*
 * Comment lines, one for each spool that is there: how many messages it has,
 * and how they are sent before the change.  root is put before all paths ("").
 */
void leftover_put(struct buf *out, const char *root);

#endif
