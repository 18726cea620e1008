/* SPDX-License-Identifier: ISC */
/*
 * file_recover.c - what the dead have left, tidied up once at a runner's start.
 *
 * Whatever is in use is locked, and left alone.
 */
#include "spool/file_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "spool/name.h"
#include "spool/ulid.h"

/* Call visit with each name in a folder; it may change what is there. */
static void
each_name(struct store *s, enum folder which,
    void (*visit)(struct store *s, const char *name, int64_t now),
    int64_t now)
{
	int fd = openat(s->folder[which], ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d && fd >= 0)
		close(fd);
	while (d && (entry = readdir(d)) != NULL)
		visit(s, entry->d_name, now);
	if (d)
		closedir(d);
}

/* A draft in tmp/ whose maker died. */
static void
remove_draft(struct store *s, const char *name, int64_t now)
{
	int tmp = s->folder[IN_TMP];
	int fd = openat(tmp, name,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	(void)now;
	if (fd < 0)
		return;
	if (job_lock(fd) && name_is_of(fd, tmp, name))
		unlinkat(tmp, name, 0);
	close(fd);
}

/* A folder that nobody has needed is not made for this. */
static bool
is_there(struct store *s, enum folder which)
{
	struct outcome ignored;

	return s->folder[which] >= 0 ||
	    (faccessat(s->folder[IN_ROOT], file_folder_name(which), F_OK, 0) ==
		0 && file_folder(s, which, &ignored) >= 0);
}

/*
 * It was put aside when it could not be marked: now it is, and its report gets
 * its name.  Else a person who puts it back would have it reported once more.
 * True: the report is not to be sent without it.
 */
static bool
finish_in(struct store *s, enum store_place place, const char *id)
{
	struct outcome ignored;
	struct entry *e;
	enum file_left left;

	switch (store_take_at(s, place, id, &e, &ignored)) {
	case STORE_TAKEN:
		left = file_finish_bounce(s, (struct file_entry *)e, &ignored);
		store_release(s, e);
		return left != LEFT_NOTHING;
	case STORE_BUSY:
	case STORE_UNREADABLE:
	case STORE_REFUSED:
		return true;
	case STORE_GONE:
	case STORE_CORRUPT:
	case STORE_NEWER:
		break;
	}
	return false;
}

static bool
finish_aside(struct store *s, const char *id)
{
	return (is_there(s, IN_HELD) && finish_in(s, STORE_HELD, id)) ||
	    (is_there(s, IN_CORRUPT) && finish_in(s, STORE_BAD, id));
}

/* A report that was to be sent, and whose parent has gone, or is damaged. */
static void
name_report(struct store *s, const char *name)
{
	int queue = s->folder[IN_QUEUE];
	int fd = openat(queue, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct file_entry *report;
	struct outcome ignored;

	if (fd < 0)
		return;
	if (file_load(s, fd, NULL, &report, &ignored) != STORE_TAKEN) {
		close(fd);
		return;
	}
	name_move(queue, name, queue, report->entry.mail.id);
	fsync(queue);
	file_entry_free(report);
}

/* ".ID.why" or ".ID.N" whose message is no longer here. */
static void
tidy_hidden(struct store *s, const char *name, int64_t now)
{
	char id[STORE_ID + 1];

	(void)now;
	if (name[0] != '.' || strlen(name) < STORE_ID + 3 ||
	    name[STORE_ID + 1] != '.')
		return;
	memcpy(id, name + 1, STORE_ID);
	id[STORE_ID] = '\0';
	if (!ulid_is_valid(slice_of(id)) ||
	    faccessat(s->folder[IN_QUEUE], id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	if (strcmp(name + STORE_ID + 2, "why") == 0)
		unlinkat(s->folder[IN_QUEUE], name, 0);
	else if (!finish_aside(s, id))
		name_report(s, name);
}

void
store_recover(struct store *s, int64_t now)
{
	each_name(s, IN_QUEUE, tidy_hidden, now);
	if (is_there(s, IN_TMP))
		each_name(s, IN_TMP, remove_draft, now);
	if (is_there(s, IN_KEYS))
		each_name(s, IN_KEYS, file_key_recover, now);
}
