/* SPDX-License-Identifier: ISC */
/* door.c - see door.h */
#include "net/door.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/file.h"

/* The program's own folder, with its slash; empty when it is not known. */
static void
put_own_folder(struct buf *out)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path);
	const char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

	if (slash)
		buf_put(out,
		    (struct slice){ path, (size_t)(slash - path) + 1 });
}

/* Only the folder where we were built holds what we were linked from. */
static bool
is_build_folder(const struct buf *folder)
{
	struct buf object = { 0 };
	bool is;

	buf_put(&object, buf_slice(folder));
	buf_puts(&object, "src/net/door.o");
	is = access(buf_str(&object), F_OK) == 0;
	buf_free(&object);
	return is;
}

/* Whoever runs a set-user-ID program may not choose its folder (by a link). */
static void
put_folder(struct buf *path)
{
	if (getauxval(AT_SECURE) == 0)
		put_own_folder(path);
	if (path->n > 0 && is_build_folder(path))
		return;
	buf_clear(path);
	buf_puts(path, LIBDIR "/smtpsend/");
}

/* Is it this machine that is short of something? */
static int
shortage_in(const char *reason)
{
	static const int all[] = { EMFILE, ENFILE, ENOMEM, EIO };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strstr(reason, strerror(all[i])))
			return all[i];
	return 0;
}

static const void *
refuse(const struct door *d, const char *path, const char *reason,
    struct outcome *why)
{
	const char *shown = strstr(reason, path) ? "" : path;
	int error = shortage_in(reason);

	if (error != 0)
		file_fail(why, "cannot open the module", path, error);
	else
		outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
		    "cannot open the module %s%s%s (%s)", shown,
		    shown[0] ? ": " : "", reason, d->package);
	return NULL;
}

static const void *
look_inside(void *library, const char *path, const struct door *d,
    struct outcome *why)
{
	const char *build = dlsym(library, "smtpsend_build");
	const void *table = dlsym(library, d->symbol);
	char reason[160];

	if (table && build && strcmp(build, smtpsend_build) == 0)
		return table;
	snprintf(reason, sizeof reason, "it is of another build (%.40s) than "
	    "the program (%s)", build ? build : "unknown", smtpsend_build);
	dlclose(library);
	return refuse(d, path, reason, why);
}

/*
 * What is left of a file that was cut short would be mapped all the same, and
 * touching the rest kills us.  The section headers are the last of it; what is
 * no such file at all is for dlopen() to say.
 */
static bool
is_cut_short(int fd)
{
	ElfW(Ehdr) head;
	struct stat st;

	return fstat(fd, &st) == 0 &&
	    pread(fd, &head, sizeof head, 0) == (ssize_t)sizeof head &&
	    memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 &&
	    (head.e_shoff > (size_t)st.st_size ||
		(size_t)head.e_shnum * head.e_shentsize >
		    (size_t)st.st_size - head.e_shoff);
}

const void *
door_open_at(const char *path, const struct door *d, struct outcome *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *library;
	bool cut;

	if (fd < 0) /* dlerror() may forget which error it was */
		return refuse(d, path, strerror(errno), why);
	cut = is_cut_short(fd);
	close(fd);
	if (cut)
		return refuse(d, path, "it is cut short", why);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return refuse(d, path, dlerror(), why);
	return look_inside(library, path, d, why);
}

const void *
door_open(const struct door *d, struct outcome *why)
{
	struct buf path = { 0 };
	const void *table;

	put_folder(&path);
	buf_puts(&path, d->file);
	table = door_open_at(buf_str(&path), d, why);
	buf_free(&path);
	return table;
}
