/* SPDX-License-Identifier: ISC */
/*
 * become.h - whose process this is.
 *
 * All of a spool belongs to one user, smtpsend, or root where a machine has no
 * such user.  A root process becomes that user, for good, after it has opened
 * its input and its configuration and before it opens anything in the spool:
 * so nothing there ever belongs to somebody else.  Who that is, the folder
 * says: no database of users is asked.
 */
#ifndef CLI_BECOME_H
#define CLI_BECOME_H

#include <stdbool.h>

#include "base/outcome.h"

/* What somebody of our user can do with a spool. */
enum spool_reach {
	SPOOL_ABSENT,		/* there is none, or it cannot be seen */
	SPOOL_OURS,		/* its owner's, as we are, or can become */
	SPOOL_OTHERS,		/* there is one, and it is not for us */
};

enum spool_reach spool_reach(const char *path);

/*
 * Become the owner of this folder: groups, group and user, for good.  True at
 * once when that is who we are.  False with *why (DEFERRED, STAGE_SYSTEM); then
 * nothing may be opened there, and the process is good for nothing else.
 */
bool become_owner_of(const char *path, struct outcome *why);

#endif
