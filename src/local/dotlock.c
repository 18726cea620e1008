/* SPDX-License-Identifier: ISC */
/* dotlock.c - see dotlock.h */
#include "local/dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/file.h"

#define OWN_FILES "/proc/self/fd"

/* Of a process that is no more?  Without a number nobody knows. */
static bool
is_stale(const char *lock)
{
	char text[16] = "";
	int fd = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	uint64_t pid;

	if (fd >= 0)
		close(fd);
	if (n <= 0 ||
	    !slice_to_uint(slice_trim((struct slice){ text, (size_t)n }),
		INT32_MAX, &pid) ||
	    pid < 2)
		return false;
	return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* ---- a file with our number ---- */

/* Ready to be given its name; until then a kill leaves nothing of it. */
static int
open_nameless(const char *lock)
{
	char *copy = mem_dup(slice_of(lock));
	int fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0444);

	free(copy);
	return fd;
}

/* Not every file system has such, and its name needs /proc. */
static int
open_either(const char *lock, struct buf *name)
{
	const int how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = access(OWN_FILES, X_OK) == 0 ? open_nameless(lock) : -1;

	if (fd >= 0) {
		buf_putf(name, OWN_FILES "/%d", fd);
		return fd;
	}
	buf_putf(name, "%s.%ld", lock, (long)getpid());
	unlink(buf_str(name)); /* of one that was killed */
	return open(buf_str(name), how, 0444);
}

static bool
write_number(int fd)
{
	struct buf text = { 0 };
	bool ok;

	buf_putf(&text, "%ld\n", (long)getpid());
	ok = file_write(fd, buf_slice(&text));
	buf_free(&text);
	return ok;
}

/* ---- its name ---- */

static bool
is_named(const struct buf *name)
{
	return !slice_starts(buf_slice(name), SLICE(OWN_FILES "/"));
}

static bool
give_name(struct buf *name, const char *lock)
{
	return linkat(AT_FDCWD, buf_str(name), AT_FDCWD, lock,
		   is_named(name) ? 0 : AT_SYMLINK_FOLLOW) == 0;
}

static bool
link_it(struct buf *name, const char *lock)
{
	bool ok = give_name(name, lock);

	if (!ok && errno == EEXIST && is_stale(lock)) {
		unlink(lock);
		ok = give_name(name, lock);
	}
	return ok;
}

/* Where no file can be made there is no such lock, for anybody. */
static bool
is_no_place(int error)
{
	return error == EACCES || error == EPERM || error == EROFS;
}

bool
dotlock_take(const char *path, bool *taken)
{
	struct buf lock = { 0 }, name = { 0 };
	int fd, error;

	buf_putf(&lock, "%s.lock", path);
	fd = open_either(buf_str(&lock), &name);
	*taken = fd >= 0 && write_number(fd) && link_it(&name, buf_str(&lock));
	error = errno;
	if (fd >= 0) {
		close(fd);
		if (is_named(&name))
			unlink(buf_str(&name));
	}
	buf_free(&lock);
	buf_free(&name);
	errno = error == EEXIST ? EAGAIN : error;
	return *taken || (fd < 0 && is_no_place(error));
}

void
dotlock_drop(const char *path)
{
	struct buf lock = { 0 };

	buf_putf(&lock, "%s.lock", path);
	unlink(buf_str(&lock));
	buf_free(&lock);
}
