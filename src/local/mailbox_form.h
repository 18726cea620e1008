/* SPDX-License-Identifier: ISC */
/*
 * mailbox_form.h - where users' mailboxes are, as a configuration says it:
 *
 *	mbox:/FOLDER	a file each, of the login's name
 *	mbox:~/FILE	the same below each one's home
 *	maildir:/FOLDER, maildir:~/FOLDER
 */
#ifndef LOCAL_MAILBOX_FORM_H
#define LOCAL_MAILBOX_FORM_H

#include <stdbool.h>

bool mailbox_is_known(const char *mailbox);

/* What stands behind KIND ("mbox:"), or NULL when it is of another kind. */
const char *mailbox_of_kind(const char *mailbox, const char *kind);

#endif
