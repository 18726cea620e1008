/* SPDX-License-Identifier: ISC */
/* maildir.c - see maildir.h */
#include "local/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/file.h"

struct maildir {
	const char *path;
	int tmp, new, cur; /* the folders */
	struct buf name;
};

static bool
fail(struct maildir *d, const char *what, int error, struct outcome *why)
{
	return local_fail(why, what, d->path, error);
}

/* ---- folders ---- */

static int
open_folder(int at, const char *name)
{
	const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, how);

	if (fd >= 0 || errno != ENOENT || mkdirat(at, name, 0700) != 0)
		return fd;
	return openat(at, name, how);
}

static bool
open_all(struct maildir *d, struct outcome *why)
{
	int top = open_folder(AT_FDCWD, d->path);

	d->tmp = top < 0 ? -1 : open_folder(top, "tmp");
	d->new = top < 0 ? -1 : open_folder(top, "new");
	d->cur = top < 0 ? -1 : open_folder(top, "cur");
	if (d->tmp < 0 || d->new < 0 || d->cur < 0)
		fail(d, "open the Maildir", errno, why);
	if (top >= 0)
		close(top);
	return d->tmp >= 0 && d->new >= 0 && d->cur >= 0;
}

static void
close_all(struct maildir *d)
{
	const int fds[] = { d->tmp, d->new, d->cur };

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	buf_free(&d->name);
}

/* ---- names ---- */

/* '/' and ':' mean something in it; they are written in octal. */
static void
put_host(struct buf *out, const char *host)
{
	for (; *host; host++)
		if (*host == '/')
			buf_puts(out, "\\057");
		else if (*host == ':')
			buf_puts(out, "\\072");
		else
			buf_putc(out, *host);
}

static void
put_name(struct buf *out, const struct local_request *r, const char *host)
{
	buf_putf(out, "%lld.%s.", (long long)r->created, r->id);
	put_host(out, host[0] ? host : "localhost");
}

/* It has flags when it was read: "NAME:2,S". */
static bool
is_it(const char *entry, const struct buf *name)
{
	struct slice n = buf_slice(name);

	return slice_starts(slice_of(entry), n) &&
	    (entry[n.n] == '\0' || entry[n.n] == ':');
}

/* False with *why when the folder cannot be read. */
static bool
search(struct maildir *d, int folder, bool *found, struct outcome *why)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *e;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return fail(d, "read the Maildir", errno, why);
	}
	errno = 0;
	while (!*found && (e = readdir(dir)) != NULL)
		*found = is_it(e->d_name, &d->name);
	if (errno != 0 && !*found)
		fail(d, "read the Maildir", errno, why);
	closedir(dir);
	return *found || why->verdict == PENDING;
}

/* ---- writing ---- */

struct writer {
	int fd;
	int error;
};

static bool
put(void *self, struct slice s)
{
	struct writer *w = self;

	if (!file_write(w->fd, s))
		w->error = errno;
	return w->error == 0;
}

static bool
write_text(struct maildir *d, int fd, const struct local_mail *m,
    struct outcome *why)
{
	struct writer w = { .fd = fd };
	const struct local_sink sink = { put, &w };

	if (local_mail_copy(m, LOCAL_PLAIN, &sink, why))
		return fsync(fd) == 0 || fail(d, "sync", errno, why);
	return w.error ? fail(d, "write to", w.error, why) : false;
}

/* The link is what delivers it: before, nobody sees it. */
static bool
show(struct maildir *d, struct outcome *why)
{
	const char *name = buf_str(&d->name);

	if (linkat(d->tmp, name, d->new, name, 0) != 0 && errno != EEXIST)
		return fail(d, "write to", errno, why);
	if (fsync(d->new) == 0)
		return true;
	fail(d, "sync", errno, why);
	unlinkat(d->new, name, 0);
	return false;
}

/* What is there under this name is of a try that was killed. */
static bool
write_new(struct maildir *d, const struct local_mail *m, struct outcome *why)
{
	const char *name = buf_str(&d->name);
	int fd;
	bool ok;

	unlinkat(d->tmp, name, 0);
	fd = openat(d->tmp, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(d, "write to", errno, why);
	ok = write_text(d, fd, m, why);
	if (close(fd) != 0 && ok)
		ok = fail(d, "write to", errno, why);
	ok = ok && show(d, why);
	unlinkat(d->tmp, name, 0);
	return ok;
}

/* A try that was killed had shown it: all but that was missing. */
static bool
end_earlier(struct maildir *d, struct outcome *why)
{
	unlinkat(d->tmp, buf_str(&d->name), 0);
	return fsync(d->new) == 0 || fail(d, "sync", errno, why);
}

bool
maildir_deliver(const char *path, const char *host, const struct local_mail *m,
    struct outcome *why)
{
	struct maildir d = { .path = path };
	bool found = false, ok;

	*why = (struct outcome){ 0 };
	put_name(&d.name, m->request, host);
	ok = open_all(&d, why) && search(&d, d.new, &found, why) &&
	    search(&d, d.cur, &found, why);
	if (ok && found)
		ok = end_earlier(&d, why);
	else if (ok)
		ok = write_new(&d, m, why);
	close_all(&d);
	return ok;
}
