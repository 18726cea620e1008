/* SPDX-License-Identifier: ISC */
/* dotlock.c - see dotlock.h */
#include "local/dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/file.h"

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

/* A file with our number under a name that nobody else uses. */
static bool
make(const char *name)
{
	struct buf text = { 0 };
	int fd = open(name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	bool ok;
	int error;

	if (fd < 0)
		return false;
	buf_putf(&text, "%ld\n", (long)getpid());
	ok = file_write(fd, buf_slice(&text));
	error = errno;
	buf_free(&text);
	close(fd);
	if (!ok)
		unlink(name);
	errno = error;
	return ok;
}

static bool
link_it(const char *name, const char *lock)
{
	bool ok = link(name, lock) == 0;

	if (!ok && errno == EEXIST && is_stale(lock)) {
		unlink(lock);
		ok = link(name, lock) == 0;
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
	bool made;
	int error;

	buf_putf(&lock, "%s.lock", path);
	buf_putf(&name, "%s.%ld", buf_str(&lock), (long)getpid());
	unlink(buf_str(&name));
	made = make(buf_str(&name));
	*taken = made && link_it(buf_str(&name), buf_str(&lock));
	error = errno;
	if (made)
		unlink(buf_str(&name));
	buf_free(&lock);
	buf_free(&name);
	errno = error == EEXIST ? EAGAIN : error;
	return *taken || (!made && is_no_place(error));
}

void
dotlock_drop(const char *path)
{
	struct buf lock = { 0 };

	buf_putf(&lock, "%s.lock", path);
	unlink(buf_str(&lock));
	buf_free(&lock);
}
