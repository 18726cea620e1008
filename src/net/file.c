/* SPDX-License-Identifier: ISC */
/* file.c - see file.h */
#include "net/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/limit.h"

#define BLOCK 65536

/* One read; what it said, and never EINTR. */
static ssize_t
read_block(int fd, struct buf *out)
{
	char *to = buf_reserve(out, BLOCK);
	ssize_t n;

	if (!to) {
		errno = EFBIG;
		return -1;
	}
	do {
		n = read(fd, to, BLOCK);
	} while (n < 0 && errno == EINTR);
	buf_grow(out, n > 0 ? (size_t)n : 0);
	return n;
}

/* Room for all of it at once, where that is known. */
static void
make_room(int fd, struct buf *out)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    buf_room(out) > BLOCK &&
	    (uintmax_t)st.st_size < buf_room(out) - BLOCK)
		buf_reserve(out, (size_t)st.st_size + BLOCK);
}

/* Where there is no O_TMPFILE. */
static int
open_and_unlink(const char *dir)
{
	struct buf path = { 0 };
	char *name;
	int fd;

	buf_putf(&path, "%s/smtpsend.XXXXXX", dir);
	name = mem_dup(buf_slice(&path));
	buf_free(&path);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

int
file_open_unseen(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : open_and_unlink(dir);
}

bool
file_read_all(int fd, struct buf *out)
{
	ssize_t n = 1;

	make_room(fd, out);
	while (n > 0)
		n = read_block(fd, out);
	return n == 0;
}

static void
close_quietly(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

bool
file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return false;
	ok = file_read_all(fd, out);
	close_quietly(fd);
	return ok;
}

int
file_open_plain(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		if (S_ISREG(st.st_mode))
			return fd;
		errno = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
	}
	close_quietly(fd);
	return -1;
}

const char *
file_error(int error)
{
	if (error == ENOTSUP || error == ENXIO)
		return "it is no regular file";
	return strerror(error);
}

bool
file_write(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return false;
		s = slice_from(s, n > 0 ? (size_t)n : 0);
	}
	return true;
}

bool
file_is_shortage(int error)
{
	return error == EIO || limit_is_shortage(error);
}

bool
file_fail(struct outcome *why, const char *what, const char *path,
    int error)
{
	if (file_is_shortage(error))
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "%s %s: %s", what, path, strerror(error));
	return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
	    "%s %s: %s", what, path, strerror(error));
}
