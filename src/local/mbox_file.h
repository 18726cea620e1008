/* SPDX-License-Identifier: ISC */
/*
 * mbox_file.h - a mailbox in mbox form, and one message more in it.
 *
 * It is locked in both ways that others know (fcntl(2) and PATH.lock), nothing
 * is followed through links, and what could not be written whole is cut off
 * again.  Where an earlier try was is looked at first: a message that is there
 * already is not written twice, half of one is cut off, unless it looks whole:
 * then it may be another's.  Half of one, whichever, is also cut off by what a
 * lock that was left says of it (mbox_note.h).
 */
#ifndef LOCAL_MBOX_FILE_H
#define LOCAL_MBOX_FILE_H

#include <sys/types.h>

#include "local/mail.h"

struct mbox_file {
	const char *path;
	uid_t owner;
	int fd;
	int lock; /* PATH.lock, for notes; -1 = there is none */
	bool is_new;
	uint64_t inode;
	uint64_t size; /* before us */
	uint64_t at;   /* where the message begins */
	bool is_there; /* ... and it does so already, whole */
};

/*
 * Open or make it, and lock it: so many milliseconds are waited for others.
 * owner: whose it must be.  False with *why, and nothing is left open.
 */
bool mbox_open(struct mbox_file *f, const char *path, uid_t owner,
    unsigned patience, struct outcome *why);

/*
 * Find where the message belongs (f->inode, f->at), by what the request says of
 * an earlier try.
 */
bool mbox_find(struct mbox_file *f, const struct local_mail *m,
    struct outcome *why);

/* Write it there and make it durable, unless it is_there; false with *why, and
 * the mailbox is as it was. */
bool mbox_write(struct mbox_file *f, const struct local_mail *m,
    struct outcome *why);

/* Unlock and close. */
void mbox_close(struct mbox_file *f);

#endif
