/* SPDX-License-Identifier: ISC */
/*
 * key.h - messages that name a key: the same key twice is one message.
 *
 * A file in keys/ is a further name of the message's file.  It is made before
 * the name in the queue; after delivery the text is cut off, and it stays for
 * as long as the key is remembered.
 */
#ifndef SPOOL_KEY_H
#define SPOOL_KEY_H

#include "spool/format.h"
#include "spool/job.h"

/* The file of a user's key; key is no longer than stored.key. */
void key_name(char out[JOB_KEY], unsigned uid, const char *key);

/* Its text was cut off behind what l says: the message is over. */
static inline bool
key_is_over(const struct layout *l, uint64_t size)
{
	return size == l->text && l->total > l->text;
}

enum key_found { KEY_OURS, KEY_DUPLICATE, KEY_BUSY, KEY_FAILED };

/*
 * Give j's file its key's name and sync the folder.  Is one there, then it is a
 * duplicate, and what its maker may have left undone is done; j->result.id is
 * its id.  KEY_BUSY: its maker is about to, and some milliseconds were
 * not enough.
 */
enum key_found key_take(struct job *j);

/* Its name is given up again. */
void key_drop(struct job *j);

/* Another file of the message j->spec.id has its key, since an edit was not
 * finished: that one keeps no text, or the key is given up. */
void key_cut_other(struct job *j);

/* An edited file takes over its key's name; false with errno. */
bool key_replace(struct job *j);

#endif
