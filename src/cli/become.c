/* SPDX-License-Identifier: ISC */
/* become.c - see become.h */
#include "cli/become.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_folder(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && S_ISDIR(st->st_mode);
}

enum spool_reach
spool_reach(const char *path)
{
	struct stat st;

	if (!is_folder(path, &st))
		return SPOOL_ABSENT;
	return st.st_uid == geteuid() || geteuid() == 0 ? SPOOL_OURS :
							  SPOOL_OTHERS;
}

static bool
fail(struct outcome *why, const char *path, const char *what, int error)
{
	return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
	    "%s %s: %s", what, path, strerror(error));
}

/* None of the three may be left as it was, nor be had again. */
static bool
become(const struct stat *st)
{
	return setgroups(1, &st->st_gid) == 0 &&
	    setresgid(st->st_gid, st->st_gid, st->st_gid) == 0 &&
	    setresuid(st->st_uid, st->st_uid, st->st_uid) == 0 &&
	    (st->st_uid == 0 || setuid(0) != 0);
}

bool
become_owner_of(const char *path, struct outcome *why)
{
	struct stat st;

	if (!is_folder(path, &st))
		return fail(why, path, "cannot look at the spool",
		    errno ? errno : ENOTDIR);
	if (st.st_uid == geteuid())
		return true;
	errno = EPERM;
	return become(&st) ||
	    fail(why, path, "cannot become the owner of the spool", errno);
}
