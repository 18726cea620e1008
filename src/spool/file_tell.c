/* SPDX-License-Identifier: ISC */
/*
 * file_tell.c - last words of servers: a hidden file beside the message, which
 * is touched when they grow.
 */
#include "spool/file_impl.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/file.h"
#include "spool/ulid.h"

#define MOST ((off_t)64 << 10)

/* Too long: its newer half, from the beginning of a line, is enough. */
static void
drop_old(int fd, off_t size)
{
	char half[MOST / 2];
	struct slice keep = { half, sizeof half };

	if (!file_read_at(fd, (uint64_t)(size - MOST / 2), half, sizeof half))
		return;
	keep = slice_from(keep, slice_find(keep, '\n') + 1);
	if (ftruncate(fd, 0) == 0)
		file_write(fd, keep);
}

/* Half a line would spoil the next one. */
static void
write_or_not(int fd, struct slice line)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (!file_write(fd, line) && end >= 0 && ftruncate(fd, end) < 0)
		return; /* it may be lost, QUEUE.md */
}

/* Whoever looks at the message alone sees that something was told of it. */
static void
touch(int folder, const char *id)
{
	const struct timespec now[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_nsec = UTIME_NOW } };

	if (utimensat(folder, id, now, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* it has gone */
}

void
store_tell(struct store *s, const char *id, struct slice line)
{
	char name[JOB_NAME];
	struct buf whole = { 0 };
	struct stat st;
	int fd;

	file_words_name(name, id);
	if (!ulid_is_valid(slice_of(id)) || line.n >= (size_t)MOST / 2)
		return;
	fd = openat(s->folder[IN_QUEUE], name,
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size + (off_t)line.n + 1 > MOST)
		drop_old(fd, st.st_size);
	buf_put(&whole, line);
	if (line.n == 0 || line.p[line.n - 1] != '\n')
		buf_putc(&whole, '\n');
	write_or_not(fd, buf_slice(&whole));
	buf_free(&whole);
	close(fd);
	touch(s->folder[IN_QUEUE], id);
}

static bool
read_words(int folder, const char *name, struct buf *out)
{
	char block[8192];
	ssize_t n;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((n = read(fd, block, sizeof block)) > 0)
		buf_put(out, (struct slice){ block, (size_t)n });
	close(fd);
	return true;
}

static bool
told_in(struct store *s, enum folder which, const char *name, struct buf *out)
{
	struct outcome ignored;
	int folder = file_folder(s, which, &ignored);

	return folder >= 0 && read_words(folder, name, out);
}

void
store_told_at(struct store *s, enum store_place place, const char *id,
    struct buf *out)
{
	char name[JOB_NAME];

	if (!ulid_is_valid(slice_of(id)))
		return;
	file_words_name(name, id);
	told_in(s, file_folder_of(place), name, out);
}

void
store_told(struct store *s, const char *id, struct buf *out)
{
	char name[JOB_NAME];

	if (!ulid_is_valid(slice_of(id)))
		return;
	file_words_name(name, id);
	if (told_in(s, IN_QUEUE, name, out) ||
	    faccessat(s->folder[IN_QUEUE], id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	if (!told_in(s, IN_HELD, name, out))
		told_in(s, IN_CORRUPT, name, out);
}

/* Two changes this far apart never have the same time on any file system. */
#define APART 2 /* s */

bool
store_stamp(struct store *s, enum store_place place, const char *id,
    struct store_stamp *out)
{
	struct outcome ignored;
	int folder = file_folder(s, file_folder_of(place), &ignored);
	int64_t now = clock_wall_milliseconds() / 1000;
	struct stat st;

	*out = (struct store_stamp){ 0 };
	if (folder < 0 || !ulid_is_valid(slice_of(id)) ||
	    fstatat(folder, id, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	out->v[0] = st.st_ino;
	out->v[1] = (uint64_t)st.st_ctim.tv_sec * 1000000000 +
	    (uint64_t)st.st_ctim.tv_nsec;
	return st.st_ctim.tv_sec < now - APART;
}

void
file_forget_words(struct store *s, enum folder folder, const char *id)
{
	char name[JOB_NAME];

	file_words_name(name, id);
	unlinkat(s->folder[folder], name, 0);
}
