/* SPDX-License-Identifier: ISC */
/*
 * own.c - see own.h
 *
 * The way is walked from the top, name by name, each folder opened in the one
 * before and looked at: what lies in a folder that only we can change stays
 * what it is, so there is no gap between looking and opening.  A link is one of
 * the names: who made it chose where it leads, and its target is walked in its
 * place.
 */
#include "config/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"

#define ROOT_HOME "/root"
#define LINKS_MAX 40 /* as the kernel follows */

struct walk {
	struct buf text;	/* the path, a link replaced by its target */
	struct slice rest;	/* of it: what is still to come */
	struct buf way;		/* the folder we are in, for messages */
	bool at_home;		/* it is below the home */
	unsigned links;		/* that were followed */
	int fd;			/* the folder we are in, or -1 */
	struct own_refusal *why;
};

bool
own_is_person(unsigned uid)
{
	return uid >= 1000 && (uid < 61184 || uid > 65535);
}

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

/* what is "it", "its folder /etc" or "its link /etc/x". */
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

static bool
is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* Nobody but us and root can have written it, or what is in it. */
static bool
is_believed(const struct walk *w, const struct stat *st)
{
	bool sticky = S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;

	return is_ours(st) && (!(st->st_mode & (S_IWGRP | S_IWOTH)) ||
	    (sticky && !w->at_home));
}

/* Go into a folder, which is looked at. */
static bool
enter(struct walk *w, int fd, struct slice name)
{
	char what[300];
	struct stat st;

	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	if (w->way.n != 1) /* "/" */
		buf_putc(&w->way, '/');
	buf_put(&w->way, name);
	if (fstat(fd, &st) < 0)
		return fail(w, errno);
	if (is_believed(w, &st))
		return true;
	snprintf(what, sizeof what, "its folder %s", buf_str(&w->way));
	return distrust(w, what, &st);
}

static bool
is_below(struct slice path, const char *top)
{
	size_t n = strlen(top);

	return n > 1 && path.n > n && path.p[n] == '/' &&
	    slice_starts(path, slice_of(top));
}

static bool
begin_at(struct walk *w, const char *top)
{
	int fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);

	buf_clear(&w->way);
	return fd >= 0 ? enter(w, fd, slice_from(slice_of(top), 1)) :
			 fail(w, errno);
}

/* To where the way begins: the home, or /. */
static bool
begin(struct walk *w)
{
	struct buf home = { 0 };
	char *real = own_home(&home) ? realpath(buf_str(&home), NULL) : NULL;
	size_t n = 0;
	bool ok;

	if (real && is_below(w->rest, buf_str(&home)))
		n = home.n;
	else if (real && is_below(w->rest, real))
		n = strlen(real);
	w->at_home = n > 0;
	w->rest = slice_from(w->rest, n);
	ok = begin_at(w, n > 0 ? real : "/");
	free(real);
	buf_free(&home);
	return ok;
}

/* Put the link's target before the rest. */
static bool
follow(struct walk *w, int link, struct slice name, const struct stat *st)
{
	char target[PATH_MAX], what[300];
	struct buf text = { 0 };
	ssize_t n;

	if (!is_ours(st)) {
		snprintf(what, sizeof what, "its link %s/%.*s",
		    buf_str(&w->way), (int)name.n, name.p);
		return distrust(w, what, st);
	}
	n = readlinkat(link, "", target, sizeof target);
	if (n < 0 || ++w->links > LINKS_MAX)
		return fail(w, n < 0 ? errno : ELOOP);
	buf_put(&text, (struct slice){ target, (size_t)n });
	buf_putc(&text, '/');
	buf_put(&text, w->rest);
	buf_free(&w->text);
	w->text = text;
	w->rest = slice_of(buf_str(&w->text));
	return target[0] != '/' || begin(w);
}

/* The next name of the way; none at its end. */
static struct slice
next_name(struct walk *w)
{
	struct slice name = { 0 };

	while (name.n == 0 && slice_cut(&w->rest, '/', &name))
		;
	while (w->rest.n > 0 && w->rest.p[0] == '/')
		w->rest = slice_from(w->rest, 1);
	return name;
}

/* It will be opened: a regular file, or a folder where one is wanted. */
static bool
check_last(struct walk *w, int flags, const struct stat *st)
{
	bool folder = flags & O_DIRECTORY;

	if (!folder && !S_ISREG(st->st_mode)) {
		w->why->error = 0;
		snprintf(w->why->text, sizeof w->why->text,
		    "not a regular file");
		return false;
	}
	return is_believed(w, st) || distrust(w, "it", st);
}

static int
open_last(struct walk *w, const char *name, int flags)
{
	int fd = openat(w->fd, name, flags | O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fail(w, errno);
	return fd;
}

/* What the name of the way is, in the folder we are in: its O_PATH. */
static int
look(struct walk *w, const char *name, struct stat *st)
{
	int fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0) {
		fail(w, errno);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* One name on; true at the end of the way, with *file, or -1 for a refusal. */
static bool
step(struct walk *w, int flags, int *file)
{
	struct slice name = next_name(w);
	bool last = w->rest.n == 0, ok;
	char *copy = mem_dup(name.n > 0 ? name : SLICE("."));
	struct stat st;
	int fd = look(w, copy, &st);

	ok = fd >= 0;
	*file = -1;
	if (ok && S_ISLNK(st.st_mode)) {
		ok = follow(w, fd, name, &st);
		last = false;
	} else if (ok && !last) {
		ok = S_ISDIR(st.st_mode) ? enter(w, fd, name) :
					   fail(w, ENOTDIR);
		fd = w->fd == fd ? -1 : fd;
	} else if (ok && check_last(w, flags, &st)) {
		*file = open_last(w, copy, flags);
	}
	if (fd >= 0)
		close(fd);
	free(copy);
	return !ok || last;
}

/* A relative path begins in the working directory. */
static void
put_whole(struct buf *text, const char *path)
{
	char *here = path[0] == '/' ? NULL : realpath(".", NULL);

	if (here)
		buf_putf(text, "%s/", here);
	buf_puts(text, path);
	free(here);
}

int
own_open(const char *path, int flags, struct own_refusal *why)
{
	struct walk w = { .fd = -1, .why = why };
	int file = -1;

	put_whole(&w.text, path);
	w.rest = slice_of(buf_str(&w.text));
	if (begin(&w))
		while (!step(&w, flags, &file))
			;
	if (w.fd >= 0)
		close(w.fd);
	buf_free(&w.text);
	buf_free(&w.way);
	return file;
}

bool
own_is_absent(const struct own_refusal *why)
{
	return why->error == 0 || why->error == EACCES ||
	    why->error == ENOENT || why->error == ENOTDIR ||
	    why->error == ELOOP || why->error == ENAMETOOLONG;
}
