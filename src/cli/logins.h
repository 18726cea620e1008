/* SPDX-License-Identifier: ISC */
/*
 * logins.h - the secrets that a delivery wants, read one beside the other and
 * beside all else: a slow password-command delays nobody but its relay.
 */
#ifndef CLI_LOGINS_H
#define CLI_LOGINS_H

#include "base/list.h"
#include "deliver/deliver.h"

/* Zero-initialise. */
struct logins {
	struct list jobs;
};

/*
 * After each deliver_step(): begin what it asks for, hand over what is there.
 * A token that was kept and has been refused is dropped, and its command is run
 * once more.
 */
void logins_step(struct logins *l, struct deliver *d, const struct wait *w,
    int64_t now);
void logins_wait(struct logins *l, struct wait *w, int64_t now);

/* Commands that still run are killed. */
void logins_free(struct logins *l);

#endif
