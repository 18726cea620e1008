/* SPDX-License-Identifier: ISC */
/* limit.h - how many descriptors there are, and when there are no more. */
#ifndef NET_LIMIT_H
#define NET_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How many of `wanted` descriptors this process may have open: the soft limit
 * is raised for them, as far as the hard one lets us.  It is left alone when it
 * is enough, for the sake of what we start (select() ends at 1,024).
 */
size_t limit_descriptors(size_t wanted);

/*
 * Does this errno tell that this machine is short of descriptors or memory?
 * Then the fault is nobody else's, and it passes.
 */
bool limit_is_shortage(int error);

#endif
