/* SPDX-License-Identifier: ISC */
/*
 * dotlock.h - PATH.lock, the lock of a mailbox between programs that know no
 * other.
 *
 * It is made in one step (a link to a file of another name), with our process
 * number in it.  One whose process has gone is removed; never for its age.
 */
#ifndef LOCAL_DOTLOCK_H
#define LOCAL_DOTLOCK_H

#include <stdbool.h>

/*
 * True: *taken, and it is ours; or not taken, since nobody may make files in
 * that folder.  False with errno; EAGAIN: another program has it.
 */
bool dotlock_take(const char *path, bool *taken);
void dotlock_drop(const char *path);

#endif
