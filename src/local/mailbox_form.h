/* SPDX-License-Identifier: ISC */
/*
 * mailbox_form.h - where users' mailboxes are, as a configuration says it:
 *
 *	mbox:/FOLDER	a file each, of the login's name
 *	mbox:~/FILE	the same below each one's home
 *	maildir:/FOLDER, maildir:~/FOLDER
 *	lmtp:unix:/SOCKET, lmtp:HOST[:PORT]
 *			the server there keeps them (RFC 2033)
 */
#ifndef LOCAL_MAILBOX_FORM_H
#define LOCAL_MAILBOX_FORM_H

#include <stdint.h>

#define MAILBOX_PORT 24 /* of LMTP, when none is given */

/* What is wanted in its place, as text; NULL when it is one of these. */
const char *mailbox_fault(const char *mailbox);

/* Where the server of an lmtp: form is. */
struct mailbox_server {
	char host[256];	/* without brackets, or the path of the socket */
	uint16_t port;	/* 0 of a socket */
};

/*
 * Read the form lmtp:.  NULL, or what is wanted instead; *out is of use only
 * then.  Of another form "" is returned.
 */
const char *mailbox_server_parse(const char *mailbox,
    struct mailbox_server *out);

/* "/SOCKET" or "HOST[:PORT]" as it was given; NULL for another form. */
const char *mailbox_server_shown(const char *mailbox);

/* What stands behind KIND ("mbox:"), or NULL when it is of another kind. */
const char *mailbox_of_kind(const char *mailbox, const char *kind);

#endif
