/* SPDX-License-Identifier: ISC */
/*
 * mbox_note.h - what the lock of a mailbox says of the append under way, so
 * that half a message of one who was killed does not stay there.
 *
 * The note says where the message begins, and the sums of what of it may be
 * there when its writer dies: up to the end of each write, and of each page
 * in between, which is where the kernel ends a write early.  Whoever takes
 * the place of the dead cuts off what has one of these lengths and its sum,
 * which is his and nothing else.  If another program has appended since, or
 * the mailbox was rewritten, nothing fits and nothing is cut.  A message
 * that is there whole stays: its next try finds it.
 */
#ifndef LOCAL_MBOX_NOTE_H
#define LOCAL_MBOX_NOTE_H

#include "local/mail.h"

/*
 * Append the note on a message that is to begin at that offset of that file.
 * False with *why when its text cannot be read.
 */
bool mbox_note_put(struct buf *out, const struct local_mail *m, uint64_t inode,
    uint64_t at, struct outcome *why);

/*
 * Where the file has to be cut off, by such a note: true with *at.  False: it
 * stays as it is; also for a note which is none, or broken off.
 */
bool mbox_note_tells(struct slice note, int fd, uint64_t *at);

#endif
