/* SPDX-License-Identifier: ISC */
/* mbox_file.c - see mbox_file.h */
#include "local/mbox_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "local/dotlock.h"
#include "local/mbox_note.h"
#include "net/file.h"

#define PAUSE 50 /* ms between two tries to lock */

static bool
fail(struct mbox_file *f, const char *what, int error, struct outcome *why)
{
	return local_fail(why, what, f->path, error);
}

/* ---- opening ---- */

/* A file of this user's alone, and no other thing. */
static int
check_kind(int fd, uid_t owner)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? EISDIR : ENXIO;
	if (st.st_nlink > 1)
		return EMLINK;
	return st.st_uid == owner ? 0 : EPERM;
}

static bool
open_it(struct mbox_file *f, struct outcome *why)
{
	const int how = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int error;

	f->fd = open(f->path, how);
	if (f->fd < 0 && errno == ENOENT) {
		f->is_new = true;
		f->fd = open(f->path, how | O_CREAT | O_EXCL, 0600);
	}
	if (f->fd < 0)
		return fail(f, "open", errno, why);
	error = check_kind(f->fd, f->owner);
	if (error == EPERM)
		return outcome_fail(why, FAILED, STAGE_LOCAL, ESC(5, 2, 0),
		    "open %s: it belongs to somebody else", f->path);
	return error == 0 || fail(f, "open", error, why);
}

/* ---- locking ---- */

static bool
is_locked_by_others(int error)
{
	return error == EAGAIN || error == EACCES;
}

/* The owner of a lock has died: half of his message goes with it. */
static void
take_place(void *self, struct slice notes, uid_t owner)
{
	const struct mbox_file *f = self;
	uint64_t at;

	if (owner == f->owner && mbox_note_tells(notes, f->fd, &at) &&
	    ftruncate(f->fd, (off_t)at) == 0)
		fsync(f->fd);
}

static bool
set_lock(const struct mbox_file *f, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(f->fd, F_OFD_SETLK, &lock) == 0;
}

/* Both locks, or none and errno; EAGAIN: somebody has one of them. */
static bool
try_lock(struct mbox_file *f)
{
	const struct dotlock_heir heir = { take_place, f };
	int error;

	if (!set_lock(f, F_WRLCK)) {
		errno = is_locked_by_others(errno) ? EAGAIN : errno;
		return false;
	}
	if (dotlock_take(f->path, &heir, &f->lock))
		return true;
	error = errno;
	set_lock(f, F_UNLCK);
	errno = error;
	return false;
}

static bool
lock(struct mbox_file *f, unsigned patience, struct outcome *why)
{
	for (unsigned waited = 0; !try_lock(f); waited += PAUSE) {
		if (errno != EAGAIN)
			return fail(f, "lock", errno, why);
		if (waited >= patience)
			return outcome_fail(why, DEFERRED, STAGE_LOCAL,
			    ESC(4, 2, 0), "lock %s: another program has it",
			    f->path);
		poll(NULL, 0, PAUSE);
	}
	return true;
}

/* Is the name still that of the file which is locked? */
static bool
is_same(struct mbox_file *f, struct stat *opened, struct outcome *why)
{
	struct stat named;

	if (fstat(f->fd, opened) != 0 || lstat(f->path, &named) != 0)
		return fail(f, "look at", errno, why);
	if (opened->st_ino == named.st_ino && opened->st_dev == named.st_dev)
		return true;
	return outcome_fail(why, DEFERRED, STAGE_LOCAL, ESC(4, 2, 0),
	    "write to %s: it was replaced meanwhile", f->path);
}

bool
mbox_open(struct mbox_file *f, const char *path, uid_t owner, unsigned patience,
    struct outcome *why)
{
	struct stat st;

	*f = (struct mbox_file){ .path = path,
		.owner = owner,
		.fd = -1,
		.lock = -1 };
	if (!open_it(f, why) || !lock(f, patience, why) ||
	    !is_same(f, &st, why)) {
		mbox_close(f);
		return false;
	}
	f->inode = st.st_ino;
	f->size = (uint64_t)st.st_size;
	return true;
}

void
mbox_close(struct mbox_file *f)
{
	if (f->lock >= 0) {
		dotlock_drop(f->path);
		close(f->lock);
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = f->lock = -1;
}

/* ---- an earlier try ---- */

/* Is what would be written what is there? */
struct reader {
	int fd;
	uint64_t at;
	bool ends; /* the file did before the message */
	int error;
};

static bool
compare(void *self, struct slice s)
{
	struct reader *r = self;
	char octets[4096];

	while (s.n > 0) {
		size_t want = s.n < sizeof octets ? s.n : sizeof octets;
		ssize_t n = pread(r->fd, octets, want, (off_t)r->at);

		if (n < 0)
			r->error = errno;
		r->ends = n == 0;
		if (n <= 0 || memcmp(octets, s.p, (size_t)n) != 0)
			return false;
		r->at += (uint64_t)n;
		s = slice_from(s, (size_t)n);
	}
	return true;
}

/* It goes where the file ends. */
static void
append(struct mbox_file *f)
{
	f->at = f->size;
}

/*
 * With an empty line at its end it may be all of somebody's mail, which is how
 * ours begins: that is not cut off for our word alone.
 */
static bool
may_be_whole(const struct mbox_file *f, uint64_t at)
{
	char last[2] = "";

	return f->size >= at + 2 &&
	    (pread(f->fd, last, 2, (off_t)(f->size - 2)) != 2 ||
		(last[0] == '\n' && last[1] == '\n'));
}

static bool
cut_earlier(struct mbox_file *f, uint64_t at, struct outcome *why)
{
	if (ftruncate(f->fd, (off_t)at) != 0)
		return fail(f, "cut off half of an earlier try in", errno, why);
	f->size = f->at = at;
	return true;
}

static bool
look_at_earlier(struct mbox_file *f, const struct local_mail *m,
    struct outcome *why)
{
	const uint64_t at = m->request->at;
	struct reader r = { .fd = f->fd, .at = at };
	const struct local_sink sink = { compare, &r };

	f->is_there = local_mail_copy(m, LOCAL_MBOX, &sink, why);
	if (f->is_there)
		f->at = at;
	else if (r.error)
		return fail(f, "read", r.error, why);
	else if (why->verdict != PENDING)
		return false;
	else if (r.ends && !may_be_whole(f, at))
		return cut_earlier(f, at, why);
	else
		append(f);
	return true;
}

/* What an empty line must stand before: how many line ends are missing. */
static bool
missing_ends(struct mbox_file *f, unsigned *n, struct outcome *why)
{
	char last[2] = "\n\n";
	size_t want = f->size < 2 ? (size_t)f->size : 2;

	if (pread(f->fd, last + 2 - want, want, (off_t)(f->size - want)) !=
	    (ssize_t)want)
		return fail(f, "read", errno ? errno : EIO, why);
	*n = last[1] != '\n' ? 2 : last[0] != '\n' ? 1 : 0;
	return true;
}

static bool
end_last(struct mbox_file *f, struct outcome *why)
{
	unsigned n = 0;

	if (!missing_ends(f, &n, why))
		return false;
	if (lseek(f->fd, (off_t)f->size, SEEK_SET) < 0 ||
	    !file_write(f->fd, slice_first(SLICE("\n\n"), n)))
		return fail(f, "write to", errno, why);
	f->at = f->size + n;
	return true;
}

/* What was begun and not ended is nobody's mail. */
static bool
cut_off(struct mbox_file *f)
{
	return ftruncate(f->fd, (off_t)f->size) == 0 && fsync(f->fd) == 0;
}

bool
mbox_find(struct mbox_file *f, const struct local_mail *m, struct outcome *why)
{
	const struct local_request *r = m->request;

	append(f);
	if (r->inode == f->inode && r->inode != 0 && r->at <= f->size &&
	    !look_at_earlier(f, m, why))
		return false;
	if (f->is_there || f->at != f->size || end_last(f, why))
		return true;
	cut_off(f);
	return false;
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
sync_folder(const char *path)
{
	char *copy = mem_dup(slice_of(path));
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(copy);
	return ok;
}

static bool
make_durable(struct mbox_file *f, struct outcome *why)
{
	if (fsync(f->fd) != 0 || (f->is_new && !sync_folder(f->path)))
		return fail(f, "sync", errno, why);
	return true;
}

/* Where there is no room for it, it is left away. */
static bool
note_it(const struct mbox_file *f, const struct local_mail *m,
    struct outcome *why)
{
	struct buf note = { 0 };
	bool ok;

	if (f->lock < 0)
		return true;
	ok = mbox_note_put(&note, m, f->inode, f->at, why);
	if (ok)
		(void)file_write(f->lock, buf_slice(&note));
	buf_free(&note);
	return ok;
}

static bool
write_it(struct mbox_file *f, const struct local_mail *m, struct outcome *why)
{
	struct writer w = { .fd = f->fd };
	const struct local_sink sink = { put, &w };

	if (!note_it(f, m, why))
		return false;
	if (lseek(f->fd, (off_t)f->at, SEEK_SET) < 0)
		return fail(f, "write to", errno, why);
	if (local_mail_copy(m, LOCAL_MBOX, &sink, why))
		return true;
	return w.error ? fail(f, "write to", w.error, why) : false;
}

/* Not everybody who replaces a mailbox locks it. */
bool
mbox_write(struct mbox_file *f, const struct local_mail *m, struct outcome *why)
{
	struct stat st;

	if (is_same(f, &st, why) && (f->is_there || write_it(f, m, why)) &&
	    make_durable(f, why) && is_same(f, &st, why))
		return true;
	if (!f->is_there && !cut_off(f))
		outcome_fail(why, DEFERRED, STAGE_LOCAL, ESC(4, 3, 0),
		    "write to %s: it ends in half of a message now, which "
		    "could not be cut off: %s",
		    f->path, strerror(errno));
	return false;
}
