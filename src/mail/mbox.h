/* SPDX-License-Identifier: ISC */
/*
 * mbox.h - the lines that stand before a header in mailboxes and in UUCP mail.
 *
 *	From alice Sun Nov 22 09:00:00 2026 remote from host
 *	>From bob Sun Nov 22 08:00:00 2026 remote from other
 */
#ifndef MAIL_MBOX_H
#define MAIL_MBOX_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Is the first line of a message one of them; or a later one, after those? */
bool mbox_is_from(struct slice line, bool first);

/*
 * Append the sender that the lines at the front of a raw message tell, as a
 * mail address: who sent it first, at the host that the way there began with
 * ("<>" for nobody).  False when there are none.
 */
bool mbox_sender(struct slice raw, struct buf *out);

/* Append a UUCP path as a mail address: "a!b!user" is user@b. */
void mbox_put_path(struct buf *out, struct slice path);

#endif
