/* SPDX-License-Identifier: ISC */
/*
 * sts_file.c - the cache of MTA-STS; see sts.h
 *
 * Who writes there says where mail may go, so folder and file must be our own,
 * and nobody else's to write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "deliver/sts.h"
#include "net/file.h"

#define HEAD_MAX 512 /* octets of a file before the policy */

static bool
is_own(int fd, mode_t kind)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind &&
	    st.st_uid == geteuid() && (st.st_mode & 022) == 0;
}

/* -1 with errno. */
static int
open_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !is_own(fd, S_IFDIR)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

/* Every folder of the path that is missing; what fails is seen later. */
static void
make_folders(const char *dir)
{
	char *path = mem_dup(slice_of(dir));

	for (char *slash = strchr(path + 1, '/'); slash;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
	free(path);
}

bool
sts_file_read(const char *dir, const char *domain, struct sts_entry *out)
{
	struct buf text = { .max = STS_TEXT_MAX + HEAD_MAX };
	int at = open_folder(dir);
	int fd = at < 0 ? -1 : openat(at, domain, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool good;

	*out = (struct sts_entry){ 0 };
	good = fd >= 0 && is_own(fd, S_IFREG) && file_read_all(fd, &text) &&
	    sts_entry_parse(buf_slice(&text), domain, out);
	if (fd >= 0)
		close(fd);
	if (at >= 0)
		close(at);
	buf_free(&text);
	return good;
}

/* A file beside it, then in its place: whole, or not there. */
static bool
write_at(int at, const char *domain, struct slice text)
{
	char name[64];
	int fd, error;
	bool good;

	snprintf(name, sizeof name, ".new-%ld", (long)getpid());
	unlinkat(at, name, 0); /* of a process that was killed */
	fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = file_write(fd, text);
	error = errno;
	if (close(fd) != 0 && good) {
		good = false;
		error = errno;
	}
	if (good && renameat(at, name, at, domain) == 0)
		return true;
	error = good ? errno : error;
	unlinkat(at, name, 0);
	errno = error;
	return false;
}

bool
sts_file_write(const char *dir, const char *domain, const struct sts_entry *e,
    struct slice text)
{
	struct buf file = { 0 };
	int at = open_folder(dir), error;
	bool good;

	if (at < 0 && errno == ENOENT) {
		make_folders(dir);
		at = open_folder(dir);
	}
	if (at < 0)
		return false;
	sts_entry_put(&file, domain, e, text);
	good = write_at(at, domain, buf_slice(&file));
	error = errno;
	close(at);
	buf_free(&file);
	errno = error;
	return good;
}
