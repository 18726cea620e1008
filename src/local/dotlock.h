/* SPDX-License-Identifier: ISC */
/*
 * dotlock.h - PATH.lock, the lock of a mailbox between programs that know no
 * other.
 *
 * It is made in one step (a link to a file of another name), with our process
 * number in its first line, where others look for it, and in the second what
 * tells this run of the machine from others.  One whose process has gone is
 * removed; never for its age.  What its owner has written behind that (notes)
 * is told to who takes its place.
 */
#ifndef LOCAL_DOTLOCK_H
#define LOCAL_DOTLOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/slice.h"

/* Told of the notes of a dead one, while its lock still keeps others away. */
struct dotlock_heir {
	void (*take)(void *self, struct slice notes, uid_t owner);
	void *self;
};

/*
 * The caller has the mailbox's other lock (fcntl) already, so that no two of us
 * take the place of a dead one.  True: *fd is ours, for notes, to be closed
 * after dotlock_drop(); or -1, since nobody may make files in that folder.
 * False with errno; EAGAIN: another program has it.
 */
bool dotlock_take(const char *path, const struct dotlock_heir *heir, int *fd);
void dotlock_drop(const char *path);

#endif
