/* SPDX-License-Identifier: ISC */
/*
 * bulk.h - --mbox: many messages in one run, over the same connections.
 *
 * Each is read, completed and sent as one message alone would be, to its own
 * recipients; what is wrong with one is told, and stops no other.  So many are
 * on their way at once, never all of them.
 */
#ifndef CLI_BULK_H
#define CLI_BULK_H

#include "config/settings.h"

/* The exit status, which the worst of all recipients decides. */
int bulk_run(const struct settings *s);

#endif
