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
#define NOTES_MAX ((size_t)4 << 20) /* the rest is not looked at */

/* ---- whose it is ---- */

/* Another for each time that the machine starts; empty: nobody knows. */
static void
put_boot(struct buf *out)
{
	struct buf id = { 0 };

	if (file_read("/proc/sys/kernel/random/boot_id", &id))
		buf_put(out, slice_trim(buf_slice(&id)));
	buf_free(&id);
}

/* A number that is in use may be another's since. */
static bool
is_of_another_boot(struct slice boot)
{
	struct buf now = { 0 };
	bool is;

	put_boot(&now);
	is = now.n > 0 && boot.n > 0 && !slice_eq(boot, buf_slice(&now));
	buf_free(&now);
	return is;
}

/* Of a process that is no more?  Without a number nobody knows. */
static bool
is_stale(struct slice *text)
{
	struct slice number, boot;
	uint64_t pid;

	if (!slice_cut(text, '\n', &number) ||
	    !slice_to_uint(slice_trim(number), INT32_MAX, &pid) || pid < 2)
		return false;
	if (!slice_cut(text, '\n', &boot))
		boot = (struct slice){ 0 };
	return is_of_another_boot(slice_trim(boot)) ||
	    (kill((pid_t)pid, 0) != 0 && errno == ESRCH);
}

static bool
is_named_still(const char *lock, const struct stat *read)
{
	struct stat st;

	return lstat(lock, &st) == 0 && st.st_ino == read->st_ino &&
	    st.st_dev == read->st_dev;
}

/* The place of a dead one is free then. */
static bool
clear(const char *lock, int fd, const struct dotlock_heir *heir)
{
	struct buf text = { .max = NOTES_MAX };
	struct slice rest;
	struct stat st;
	bool ok;

	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (file_read_all(fd, &text) || errno == EFBIG);
	rest = buf_slice(&text);
	ok = ok && is_stale(&rest) && is_named_still(lock, &st);
	if (ok && heir)
		heir->take(heir->self, rest, st.st_uid);
	ok = ok && is_named_still(lock, &st) && unlink(lock) == 0;
	buf_free(&text);
	return ok;
}

static bool
clear_stale(const char *lock, const struct dotlock_heir *heir)
{
	int fd = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool ok = fd >= 0 && clear(lock, fd, heir);

	if (fd >= 0)
		close(fd);
	return ok;
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
	put_boot(&text);
	buf_putc(&text, '\n');
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
link_it(struct buf *name, const char *lock, const struct dotlock_heir *heir)
{
	if (give_name(name, lock))
		return true;
	if (errno != EEXIST)
		return false;
	if (clear_stale(lock, heir))
		return give_name(name, lock);
	errno = EEXIST;
	return false;
}

/* Where no file can be made there is no such lock, for anybody. */
static bool
is_no_place(int error)
{
	return error == EACCES || error == EPERM || error == EROFS;
}

bool
dotlock_take(const char *path, const struct dotlock_heir *heir, int *fd)
{
	struct buf lock = { 0 }, name = { 0 };
	bool ok, made;
	int error;

	buf_putf(&lock, "%s.lock", path);
	*fd = open_either(buf_str(&lock), &name);
	made = *fd >= 0;
	ok = made && write_number(*fd) && link_it(&name, buf_str(&lock), heir);
	error = errno;
	if (made && is_named(&name))
		unlink(buf_str(&name));
	if (made && !ok) {
		close(*fd);
		*fd = -1;
	}
	buf_free(&lock);
	buf_free(&name);
	errno = error == EEXIST ? EAGAIN : error;
	return ok || (!made && is_no_place(error));
}

void
dotlock_drop(const char *path)
{
	struct buf lock = { 0 };

	buf_putf(&lock, "%s.lock", path);
	unlink(buf_str(&lock));
	buf_free(&lock);
}
