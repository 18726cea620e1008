/* SPDX-License-Identifier: ISC */
/*
 * own.c - see own.h
 *
 * The way is walked from the top, each folder opened in the one before and
 * looked at: what lies in a folder that only we can change stays what it is, so
 * there is no gap between looking and opening.
 */
#include "config/own.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"

#define ROOT_HOME "/root"

struct walk {
	char *real;		/* the path without links */
	struct slice rest;	/* of it: what is still to come */
	bool at_home;		/* it is below the home */
	int fd;			/* the folder we are in, or -1 */
	struct own_refusal *why;
};

/*
 * passwd's, unless HOME is the usual one already: asking costs a tenth of a
 * short run, and what lies there counts only if it is root's.
 */
static const char *
root_home(const char *home)
{
	const struct passwd *root;

	if (home && strcmp(home, ROOT_HOME) == 0)
		return ROOT_HOME;
	root = getpwuid(0);
	return root ? root->pw_dir : ROOT_HOME;
}

bool
own_home(struct buf *path)
{
	const char *home = secure_getenv("HOME");

	if (geteuid() == 0)
		home = root_home(home);
	if (!home || home[0] != '/')
		return false;
	buf_puts(path, home);
	return true;
}

bool
own_folder(enum own_base base, struct buf *path)
{
	static const struct {
		const char *variable, *usual;
	} folders[] = {
		[OWN_CONFIG] = { "XDG_CONFIG_HOME", "/.config" },
		[OWN_STATE] = { "XDG_STATE_HOME", "/.local/state" },
		[OWN_CACHE] = { "XDG_CACHE_HOME", "/.cache" },
		[OWN_RUNTIME] = { "XDG_RUNTIME_DIR", NULL },
	};
	const char *named = secure_getenv(folders[base].variable);

	if (named && named[0] == '/') {
		buf_puts(path, named);
		return true;
	}
	if (!folders[base].usual || !own_home(path))
		return false;
	buf_puts(path, folders[base].usual);
	return true;
}

static bool
fail(struct walk *w, int error)
{
	w->why->error = error;
	snprintf(w->why->text, sizeof w->why->text, "%s", strerror(error));
	return false;
}

/* what is "it" or "its folder /etc". */
static bool
distrust(struct walk *w, const char *what, const struct stat *st)
{
	struct own_refusal *why = w->why;

	why->error = 0;
	if (st->st_uid != 0 && st->st_uid != geteuid())
		snprintf(why->text, sizeof why->text, "%s belongs to user %u, "
		    "neither to you nor to root", what, (unsigned)st->st_uid);
	else
		snprintf(why->text, sizeof why->text, "%s may be written to "
		    "by others: its mode is %04o", what,
		    (unsigned)st->st_mode & 07777);
	return false;
}

/* Nobody but us and root can have written it, or what is in it. */
static bool
is_believed(const struct walk *w, const struct stat *st)
{
	bool sticky = S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return false;
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) || (sticky && !w->at_home);
}

/* Look at the folder we are in; the way to it ends where the rest begins. */
static bool
check_folder(struct walk *w)
{
	struct slice way = { w->real, (size_t)(w->rest.p - w->real) };
	char what[300];
	struct stat st;

	if (fstat(w->fd, &st) < 0)
		return fail(w, errno);
	if (is_believed(w, &st))
		return true;
	if (way.n > 1)
		way = slice_first(way, way.n - 1); /* without the last / */
	snprintf(what, sizeof what, "its folder %.*s", (int)way.n, way.p);
	return distrust(w, what, &st);
}

/* Into the folder of this name, in the one we are in. */
static bool
enter(struct walk *w, struct slice name)
{
	char *copy = mem_dup(name);
	int fd = openat(w->fd, copy, O_PATH | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	int error = errno;

	free(copy);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	return fd >= 0 ? check_folder(w) : fail(w, error);
}

/* To where the way begins: the home, or /. */
static bool
begin(struct walk *w)
{
	struct slice all = slice_of(w->real), top = { "/", 1 };
	struct buf home = { 0 };
	char *real = own_home(&home) ? realpath(buf_str(&home), NULL) : NULL;
	size_t n = real ? strlen(real) : 0;
	bool ok;

	w->rest = slice_from(all, 1);
	if (real && slice_starts(all, slice_of(real)) && all.n > n &&
	    all.p[n] == '/') {
		w->at_home = true;
		w->rest = slice_from(all, n + 1);
		top = slice_of(real);
	}
	ok = enter(w, top);
	free(real);
	buf_free(&home);
	return ok;
}

/* The way to the last name, which is left as the rest. */
static bool
walk(struct walk *w)
{
	bool ok = begin(w);

	while (ok && slice_find(w->rest, '/') < w->rest.n) {
		struct slice name = slice_first(w->rest,
		    slice_find(w->rest, '/'));

		w->rest = slice_from(w->rest, name.n + 1);
		ok = enter(w, name);
	}
	return ok;
}

static bool
check_file(struct walk *w, int fd, int flags)
{
	bool folder = flags & O_DIRECTORY;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(w, errno);
	if (!folder && !S_ISREG(st.st_mode)) {
		w->why->error = 0;
		snprintf(w->why->text, sizeof w->why->text,
		    "not a regular file");
		return false;
	}
	return is_believed(w, &st) || distrust(w, "it", &st);
}

static int
open_last(struct walk *w, int flags)
{
	const char *name = w->rest.n > 0 ? w->rest.p : ".";
	int fd = openat(w->fd, name, flags | O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fail(w, errno);
	if (fd >= 0 && !check_file(w, fd, flags)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int
own_open(const char *path, int flags, struct own_refusal *why)
{
	struct walk w = { .real = realpath(path, NULL), .fd = -1, .why = why };
	int fd = -1;

	if (!w.real)
		fail(&w, errno);
	else if (walk(&w))
		fd = open_last(&w, flags);
	if (w.fd >= 0)
		close(w.fd);
	free(w.real);
	return fd;
}

bool
own_is_absent(const struct own_refusal *why)
{
	return why->error == 0 || why->error == EACCES ||
	    why->error == ENOENT || why->error == ENOTDIR ||
	    why->error == ELOOP || why->error == ENAMETOOLONG;
}

bool
own_is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == ENOBUFS || error == EIO;
}
