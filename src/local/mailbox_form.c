/* SPDX-License-Identifier: ISC */
/* mailbox_form.c - see mailbox_form.h */
#include "local/mailbox_form.h"

#include <string.h>

const char *
mailbox_of_kind(const char *mailbox, const char *kind)
{
	size_t n = strlen(kind);

	return strncmp(mailbox, kind, n) == 0 ? mailbox + n : NULL;
}

bool
mailbox_is_known(const char *mailbox)
{
	const char *path = mailbox_of_kind(mailbox, "mbox:");

	if (!path)
		path = mailbox_of_kind(mailbox, "maildir:");
	return path &&
	    (path[0] == '/' ||
		(path[0] == '~' && path[1] == '/' && path[2] != '\0'));
}
