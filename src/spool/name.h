/* SPDX-License-Identifier: ISC */
/* name.h - how an open file of the spool gets its name, or another one. */
#ifndef SPOOL_NAME_H
#define SPOOL_NAME_H

#include <stdbool.h>

/*
 * Give fd a name in a folder, which must not be there: it has none yet (tmp
 * -1), or it has the name `old` in the folder tmp and loses it.  False with
 * errno; EEXIST: there is another of that name.
 */
bool name_give(int fd, int tmp, const char *old, int folder, const char *name);

/* The same instead of a file that may be there, by way of a name in tmp. */
bool name_replace(int fd, int tmp, int folder, const char *name);

/* Move a name to another that must not be there. */
bool name_move(int from, const char *old, int to, const char *name);

/* Can an open file without a name be given one here? */
bool name_can_come_later(void);

/* Is this still the name of fd? */
bool name_is_of(int fd, int folder, const char *name);

/* Are these two names of one file? */
bool name_is_same(int folder, const char *one, const char *other);

#endif
