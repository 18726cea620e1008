/* SPDX-License-Identifier: ISC */
/*
 * own_queue.h - a queue of the user's own: `user-queue = yes`.
 *
 * Mail that goes by the configuration of the user, with his relay and his
 * password, cannot ride in the queue of the machine.  It is kept in a spool of
 * his own, $XDG_STATE_HOME/smtpsend/queue, which is like any other and where a
 * daemon of his has its sockets too.
 *
 * Root and system users have none, for their homes are nobody's or everybody's;
 * nor has the owner of the machine's queue, nor anybody whose spool would lie
 * below a home that is /, missing or somebody else's.
 */
#ifndef CONFIG_OWN_QUEUE_H
#define CONFIG_OWN_QUEUE_H

#include "base/buf.h"
#include "config/settings.h"

/* Can the effective user have one on this machine?  False with the reason
 * appended to *why, as a sentence. */
bool own_queue_may_be(const struct queue_settings *machine, struct buf *why);

/*
 * Put its folder into *path, which is empty: it is there, his, and closed to
 * all others (0700); make it, if so wanted: folders that were made are durable
 * then.  False with *why.
 */
bool own_queue_path(const struct queue_settings *machine, bool make,
    struct buf *path, struct buf *why);

/*
 * Settings whose queue is the one at this path, which outlives them.  Nothing
 * of it is for mailboxes of the machine, or for its postmaster.
 */
void own_queue_use(struct settings *s, const char *path);

#endif
