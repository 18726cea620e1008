/* SPDX-License-Identifier: ISC */
/* file_tell.c - last words of servers: a hidden file beside the message. */
#include "spool/file_impl.h"

#include <errno.h>
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
#define APART 2000 /* ms */

/* A file's number and when it was changed; there may be none. */
static bool
stamp(int folder, const char *name, uint64_t v[2], bool must)
{
	int64_t now = clock_wall_milliseconds(), changed;
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return !must && errno == ENOENT;
	v[0] = st.st_ino;
	v[1] = (uint64_t)st.st_ctim.tv_sec * 1000000000 +
	    (uint64_t)st.st_ctim.tv_nsec;
	changed = (int64_t)st.st_ctim.tv_sec * 1000;
	return changed < now - APART;
}

bool
store_stamp(struct store *s, enum store_place place, const char *id,
    struct store_stamp *out)
{
	struct outcome ignored;
	char name[JOB_NAME];
	int folder = file_folder(s, file_folder_of(place), &ignored);

	*out = (struct store_stamp){ 0 };
	if (folder < 0 || !ulid_is_valid(slice_of(id)))
		return false;
	file_words_name(name, id);
	return stamp(folder, id, out->v, true) &&
	    stamp(folder, name, out->v + 2, false);
}

void
file_forget_words(struct store *s, enum folder folder, const char *id)
{
	char name[JOB_NAME];

	file_words_name(name, id);
	unlinkat(s->folder[folder], name, 0);
}
