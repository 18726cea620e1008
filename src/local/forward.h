/* SPDX-License-Identifier: ISC */
/*
 * forward.h - a user's own ~/.forward: where his mail goes instead.
 *
 * It counts when it is a file of his or root's that nobody else may write to,
 * in a home of which that is so too; no link leads to it, it is not too long,
 * and all of it can be understood.  Otherwise his mail goes to his mailbox as
 * if there were none, and why is told: a fault in it never costs a message.
 */
#ifndef LOCAL_FORWARD_H
#define LOCAL_FORWARD_H

#include <pwd.h>
#include <stdbool.h>

#include "local/aliases.h"

#define FORWARD_SIZE	((size_t)32 << 10) /* octets, at most */
#define FORWARD_TARGETS 100                /* ... and so many of them */

enum forward_found {
	FORWARD_NONE,    /* there is none, or nothing in it */
	FORWARD_USED,    /* its targets are in v */
	FORWARD_USELESS, /* it does not count, *why */
	FORWARD_LATER,   /* it could not be read now, *why */
};

/* Zero-initialise; forward_free() it whatever was found. */
struct forward {
	struct aliases list;
	const struct alias_target *v;
	size_t n;
	struct buf why;
};

/*
 * Read that of this user, as whom this process acts.  commands: may he have
 * targets that are |commands and /files?  Root and who has no login shell
 * (getusershell(3)) never may.
 */
enum forward_found forward_read(struct forward *f, const struct passwd *user,
    bool commands);
void forward_free(struct forward *f);

/* Is this "\login", his own mailbox? */
bool forward_is_own(const struct alias_target *t, const struct passwd *user);

#endif
