/* SPDX-License-Identifier: ISC */
/* spool.h - a store in a folder of its own, for tests. */
#ifndef SUPPORT_SPOOL_H
#define SUPPORT_SPOOL_H

#include "spool/store.h"

/* How many recorders those opened from here on have; 0 at first. */
extern unsigned spool_recorders;

/* Make the folder (name ends in XXXXXX) and open it; aborts if it cannot. */
struct store *spool_new(char *path);

/* Another store on the same folder. */
struct store *spool_again(const char *path);

/* Wait for the next answer, 20 seconds at most; false when none is owed. */
bool spool_await(struct store *s, struct store_answer *out);

/* Facts of a message from a@example.org to n recipients r0@example.net ... */
struct stored spool_mail(size_t n);

/* Add it with this text; its id to id.  Was it answered ok? */
bool spool_add(struct store *s, const struct stored *m, struct slice text,
    char id[STORE_ID + 1]);

/* Remove e, and release it; false: it cannot be. */
bool spool_remove(struct store *s, struct entry *e);

/* Add one for n recipients, "Subject: x\r\n\r\nhello\r\n". */
void spool_add_some(struct store *s, size_t n, char id[STORE_ID + 1]);

#endif
