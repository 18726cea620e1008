/* SPDX-License-Identifier: ISC */
/* tls_days.c - see tls_days.h */
#include "spool/tls_days.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/file.h"
#include "tlsrpt/report.h"

#define FOLDER "tlsrpt"

static const char *const endings[] = {
	[TLS_DAYS_COUNTS] = ".counts",
	[TLS_DAYS_SENT] = ".sent",
};

static bool
fail(struct outcome *why, const char *spool, const char *what, int error)
{
	return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
	    "%s/" FOLDER ": %s: %s", spool, what, file_error(error));
}

/* Made when it is not there and make is set. */
static int
open_folder(const char *spool, bool make)
{
	struct buf path = { 0 };
	int fd;

	buf_putf(&path, "%s/" FOLDER, spool);
	if (make)
		mkdir(buf_str(&path), 0700);
	fd = open(buf_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
	buf_free(&path);
	return fd;
}

static int
open_day(const char *spool, int64_t day, enum tls_days_file file, bool make)
{
	int folder = open_folder(spool, make), fd = -1, error;
	int how = make ? O_WRONLY | O_APPEND | O_CREAT : O_RDONLY;
	struct buf name = { 0 };

	tlsrpt_day_put(&name, day);
	buf_puts(&name, endings[file]);
	if (folder >= 0)
		fd = openat(folder, buf_str(&name), how | O_CLOEXEC |
		    O_NOFOLLOW | O_NONBLOCK, 0600);
	error = errno;
	if (folder >= 0)
		close(folder);
	buf_free(&name);
	errno = error;
	return fd;
}

/* One write, begun anew where it is interrupted before the first octet. */
static bool
write_once(int fd, struct slice lines)
{
	struct buf text = { 0 };
	ssize_t n;

	buf_putc(&text, '\n');
	buf_put(&text, lines);
	do
		n = write(fd, buf_str(&text), text.n);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n < text.n)
		errno = ENOSPC;
	n = n == (ssize_t)text.n;
	buf_free(&text);
	return n;
}

bool
tls_days_append(const char *spool, int64_t day, enum tls_days_file file,
    struct slice lines, struct outcome *why)
{
	int fd = open_day(spool, day, file, true), error;
	struct stat st;
	bool ok;

	if (fd < 0)
		return fail(why, spool, "cannot write", errno);
	ok = fstat(fd, &st) == 0;
	if (ok && !S_ISREG(st.st_mode)) {
		errno = ENOTSUP;
		ok = false;
	} else if (ok && st.st_size > TLS_DAYS_OCTETS) {
		errno = EFBIG;
		ok = false;
	}
	ok = ok && write_once(fd, lines);
	error = errno;
	close(fd);
	return ok || fail(why, spool, "cannot write", error);
}

bool
tls_days_read(const char *spool, int64_t day, enum tls_days_file file,
    struct buf *out, struct outcome *why)
{
	int fd = open_day(spool, day, file, false), error;
	bool ok;

	if (fd < 0)
		return errno == ENOENT || fail(why, spool, "cannot read",
		    errno);
	ok = file_read_all(fd, out);
	error = errno;
	close(fd);
	return ok || fail(why, spool, "cannot read", error);
}

/* ---- which there are ---- */

/* The day of a file, and whether it is one of counts. */
static bool
read_name(const char *name, int64_t *day, bool *counts)
{
	struct slice s = slice_of(name);

	*counts = strcmp(name + (s.n < 10 ? s.n : 10),
	    endings[TLS_DAYS_COUNTS]) == 0;
	return (*counts || strcmp(name + (s.n < 10 ? s.n : 10),
	    endings[TLS_DAYS_SENT]) == 0) &&
	    tlsrpt_day_parse(slice_first(s, 10), day);
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

size_t
tls_days_list(const char *spool, int64_t oldest, int64_t *day, size_t n)
{
	int fd = open_folder(spool, false);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int64_t one = 0;
	bool counts;
	size_t found = 0;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && (e = readdir(dir))) {
		if (!read_name(e->d_name, &one, &counts))
			continue;
		if (one < oldest)
			unlinkat(dirfd(dir), e->d_name, 0);
		else if (counts && found < n)
			day[found++] = one;
	}
	if (dir)
		closedir(dir);
	if (found > 1)
		qsort(day, found, sizeof *day, compare);
	return found;
}

int
tls_days_lock(const char *spool, struct outcome *why)
{
	int folder = open_folder(spool, true);
	int fd = folder < 0 ? -1 : openat(folder, "lock", O_RDWR | O_CREAT |
	    O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	int error = errno;

	if (folder >= 0)
		close(folder);
	if (fd < 0) {
		fail(why, spool, "cannot make lock", error);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	error = errno;
	close(fd);
	if (error == EWOULDBLOCK)
		outcome_fail(why, DEFERRED, STAGE_NONE, ESC(4, 3, 0),
		    "somebody else is making reports");
	else
		fail(why, spool, "cannot lock", error);
	return -1;
}
