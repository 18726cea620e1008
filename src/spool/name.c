/* SPDX-License-Identifier: ISC */
/*
 * name.c - see name.h
 *
 * linkat() of a descriptor needs a capability before Linux 6.10, and the way
 * round it needs /proc.
 */
#include "spool/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROC "/proc/self/fd"

bool
name_can_come_later(void)
{
	return access(PROC, X_OK) == 0;
}

bool
name_is_of(int fd, int folder, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	    fstatat(folder, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* What failed may have been done before: by us, interrupted, or by one who died
 * and whose job this was. */
static bool
was_done(int fd, int folder, const char *name, int error)
{
	bool done = name_is_of(fd, folder, name);

	errno = error;
	return done;
}

static bool
link_open_file(int fd, int folder, const char *name)
{
	char path[sizeof PROC + 12];
	int n;

	snprintf(path, sizeof path, PROC "/%d", fd);
	do {
		n = linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW);
	} while (n < 0 && errno == EINTR);
	return n == 0 || was_done(fd, folder, name, errno);
}

/* By link and unlink where the file system cannot do better. */
static bool
move_by_link(int from, const char *old, int to, const char *name)
{
	if (linkat(from, old, to, name, 0) < 0)
		return false;
	return unlinkat(from, old, 0) == 0;
}

bool
name_move(int from, const char *old, int to, const char *name)
{
	int n;

	do {
		n = renameat2(from, old, to, name, RENAME_NOREPLACE);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EINVAL || errno == ENOSYS))
		return move_by_link(from, old, to, name);
	return n == 0;
}

bool
name_give(int fd, int tmp, const char *old, int folder, const char *name)
{
	if (tmp < 0)
		return link_open_file(fd, folder, name);
	return name_move(tmp, old, folder, name) ||
	    was_done(fd, folder, name, errno);
}

bool
name_replace(int fd, int tmp, int folder, const char *name)
{
	int error;

	if (name_is_of(fd, folder, name))
		return true;
	if (!name_is_of(fd, tmp, name)) {
		unlinkat(tmp, name, 0);
		if (!link_open_file(fd, tmp, name))
			return false;
	}
	if (renameat(tmp, name, folder, name) == 0)
		return true;
	error = errno;
	unlinkat(tmp, name, 0);
	errno = error;
	return false;
}

bool
name_is_same(int folder, const char *one, const char *other)
{
	struct stat a, b;

	return fstatat(folder, one, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(folder, other, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
