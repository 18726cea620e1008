/* SPDX-License-Identifier: ISC */
/* own_queue.c - see own_queue.h */
#include "config/own_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/own.h"

#define FOLDER "/smtpsend/queue"

static bool
refuse(struct buf *why, const char *path, const char *text)
{
	if (path[0])
		buf_putf(why, "%s: ", path);
	buf_puts(why, text);
	return false;
}

/* ---- for whom ---- */

bool
own_queue_may_be(const struct queue_settings *machine, struct buf *why)
{
	uid_t uid = geteuid();
	struct stat st;

	if (!machine->user_queue)
		return refuse(why, "", "user-queue is off on this machine");
	if (!own_is_person(uid) || getuid() != uid)
		return refuse(why, "", "a system user can have none");
	if (stat(machine->path, &st) == 0 && st.st_uid == uid)
		return refuse(why, machine->path, "this user owns the queue of "
		    "the machine");
	return true;
}

/* ---- where ---- */

static bool
check_home(const char *home, struct buf *why)
{
	struct stat st;
	char *real = realpath(home, NULL);
	bool is_root = real && strcmp(real, "/") == 0;

	free(real);
	if (stat(home, &st) != 0)
		return refuse(why, home, strerror(errno));
	if (is_root || !S_ISDIR(st.st_mode))
		return refuse(why, home, "this is no home");
	return st.st_uid == geteuid() ||
	    refuse(why, home, "this home belongs to somebody else");
}

static bool
is_below(struct slice path, struct slice top)
{
	while (top.n > 0 && top.p[top.n - 1] == '/')
		top.n--;
	return slice_starts(path, top) && path.n > top.n &&
	    path.p[top.n] == '/';
}

static bool
put_place(struct buf *path, struct buf *why)
{
	struct buf home = { 0 };
	bool ok = own_folder(OWN_STATE, path), has_home = own_home(&home);

	if (!ok)
		refuse(why, "", "HOME names no folder");
	else if (has_home && is_below(buf_slice(path), buf_slice(&home)))
		ok = check_home(buf_str(&home), why);
	buf_puts(path, FOLDER);
	buf_free(&home);
	return ok;
}

/* ---- made ---- */

/* Its name is durable. */
static bool
sync_parent(const char *path)
{
	const char *end = strrchr(path, '/');
	struct buf parent = { 0 };
	int fd;
	bool ok;

	buf_put(&parent, (struct slice){ path, (size_t)(end - path) });
	fd = open(parent.n > 0 ? buf_str(&parent) : "/",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	buf_free(&parent);
	return ok;
}

/* Who made it before may have died before it was durable. */
static bool
make_folder(const char *path)
{
	struct stat st;
	int error;

	if (mkdir(path, 0700) == 0)
		return sync_parent(path);
	error = errno;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		errno = error == EEXIST ? ENOTDIR : error;
		return false;
	}
	if (st.st_uid == geteuid())
		sync_parent(path);
	return true;
}

/* With all above it.  The path is as it was afterwards. */
static bool
make_folders(char *path)
{
	bool ok = true;
	char end = path[0];

	for (char *at = path + 1; ok && end; at++) {
		end = *at;
		if (end && end != '/')
			continue;
		*at = '\0';
		ok = make_folder(path);
		*at = end;
	}
	return ok;
}

/* What the store makes first, it makes in a folder that is durable. */
static bool
is_made(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool made = fd >= 0 && faccessat(fd, "queue", F_OK, 0) == 0;

	if (fd >= 0)
		close(fd);
	return made;
}

static bool
check_folder(const char *path, struct buf *why)
{
	struct own_refusal no;
	struct stat st;
	int fd = own_open(path, O_DIRECTORY, &no);
	bool ok;

	if (fd < 0)
		return refuse(why, path, no.text);
	ok = fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0;
	close(fd);
	return ok || refuse(why, path, "the folder must be yours, with mode "
	    "0700");
}

bool
own_queue_path(const struct queue_settings *machine, bool make,
    struct buf *path, struct buf *why)
{
	char *place;
	bool ok;

	if (!own_queue_may_be(machine, why) || !put_place(path, why))
		return false;
	place = mem_dup(buf_slice(path));
	if (make && !is_made(place) && !make_folders(place))
		ok = refuse(why, place, strerror(errno));
	else
		ok = check_folder(place, why);
	free(place);
	return ok;
}

void
own_queue_use(struct settings *s, const char *path)
{
	struct queue_settings *q = &s->queue;

	q->path = q->run = path;
	q->listen = q->postmaster = q->metrics_file = NULL;
	s->local.deliver = false;
	s->own_way = false;
}
