/* SPDX-License-Identifier: ISC */
/* source_folder.c - the messages of a Maildir, or of a folder of .eml files. */
#include "bulk/source_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/file.h"

/* ---- the names ---- */

static void
add_name(struct source *s, const char *sub, const char *name)
{
	struct buf path = { 0 };

	if ((s->n & (s->n - 1)) == 0)
		s->name = mem_resize(s->name, s->n ? size_mul(s->n, 2) : 1,
		    sizeof *s->name);
	buf_putf(&path, "%s%s", sub, name);
	s->name[s->n++] = mem_dup(buf_slice(&path));
	buf_free(&path);
}

static bool
list_fail(struct outcome *why, const struct source *s, const char *sub)
{
	return outcome_fail(why, FAILED, STAGE_OPEN, ESC(5, 3, 0),
	    "cannot read the folder %s%s%s: %s", s->path, *sub ? "/" : "", sub,
	    strerror(errno));
}

/* sub: "", or "new/" and "cur/", where each name counts. */
static bool
list(struct source *s, const char *sub, struct outcome *why)
{
	int fd = openat(s->fd, *sub ? sub : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		list_fail(why, s, sub);
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0)
		if (e->d_name[0] != '.' && (*sub ||
		    slice_ends_nocase(slice_of(e->d_name), SLICE(".eml"))))
			add_name(s, sub, e->d_name);
	if (errno != 0)
		list_fail(why, s, sub);
	fd = errno;
	closedir(dir);
	return fd == 0;
}

static bool
has_folder(const struct source *s, const char *name)
{
	struct stat st;

	return fstatat(s->fd, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* A Maildir's names begin with the time they came, in new/ and in cur/. */
static int
by_name(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	const char *p = strchr(x, '/'), *q = strchr(y, '/');

	return strcmp(p ? p : x, q ? q : y);
}

bool
source_folder_open(struct source *s, struct outcome *why)
{
	bool is_maildir = has_folder(s, "cur") && has_folder(s, "new");
	bool good = is_maildir ? list(s, "cur/", why) && list(s, "new/", why) :
				 list(s, "", why);

	if (s->n > 0)
		qsort(s->name, s->n, sizeof *s->name, by_name);
	return good;
}

/* ---- a message ---- */

/* Is it a file, and can it be read?  Nothing there may keep us waiting. */
static bool
is_readable(const char *path, struct outcome *why)
{
	int fd = file_open_plain(path);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || outcome_fail(why, FAILED, STAGE_OPEN, ESC(5, 3, 0),
	    "cannot read message file %s: %s", path, file_error(errno));
}

enum source_got
source_folder_next(struct source *s, struct source_item *item,
    struct outcome *why)
{
	struct input_options o = { .dots = DOTS_ARE_CONTENT };
	struct buf path = { 0 };

	if (s->number == s->n)
		return SOURCE_END;
	buf_putf(&path, "%s/%s", s->path, s->name[s->number++]);
	item->label = mem_dup(buf_slice(&path));
	buf_free(&path);
	o.path = item->label;
	if (is_readable(item->label, why) &&
	    input_read(&item->input, &o, why) && source_sum(item, why))
		return SOURCE_MESSAGE;
	input_free(&item->input);
	return SOURCE_BAD;
}
