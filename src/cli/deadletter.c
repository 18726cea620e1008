/* SPDX-License-Identifier: ISC */
/* deadletter.c - see deadletter.h */
#include "cli/deadletter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/enqueue.h"
#include "config/own.h"
#include "mail/unix_text.h"

#define FILE_NAME "dead.letter"

bool
dead_letter_is_for(unsigned uid)
{
	return own_is_person(uid);
}

static bool
fail(struct outcome *why, struct buf *path, const char *reason)
{
	return outcome_fail(why, FAILED, STAGE_SYSTEM, ESC(5, 3, 0),
	    "not saved in %s: %s", path->n > 0 ? buf_str(path) :
	    "~/" FILE_NAME, reason);
}

/* Nobody else can put a file there. */
static bool
is_private(int fd, unsigned uid, mode_t kind)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind &&
	    st.st_uid == uid && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	    (kind == S_IFDIR || st.st_nlink == 1);
}

static int
open_home(struct buf *path, unsigned uid, struct outcome *why)
{
	int home = open(buf_str(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (home < 0) {
		fail(why, path, strerror(errno));
		return -1;
	}
	if (is_private(home, uid, S_IFDIR))
		return home;
	close(home);
	fail(why, path, "this home belongs to somebody else, or others may "
	    "write to it");
	return -1;
}

/* Its owner's alone from now on, whatever it was. */
static int
open_file(int home, struct buf *path, unsigned uid, struct outcome *why)
{
	int fd = openat(home, FILE_NAME, O_WRONLY | O_APPEND | O_CREAT |
	    O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);

	if (fd < 0) {
		fail(why, path, strerror(errno));
		return -1;
	}
	if (is_private(fd, uid, S_IFREG) && fchmod(fd, 0600) == 0)
		return fd;
	close(fd);
	fail(why, path, "it is not your own file");
	return -1;
}

static int
open_for(const struct dead_letter *d, struct buf *path, struct outcome *why)
{
	int home, fd;

	if (!dead_letter_is_for(d->uid) || geteuid() != d->uid ||
	    !own_home(path) || path->n < 2) {
		buf_clear(path);
		fail(why, path, "this user has no home");
		return -1;
	}
	home = open_home(path, d->uid, why);
	if (home < 0)
		return -1;
	buf_puts(path, "/" FILE_NAME);
	fd = open_file(home, path, d->uid, why);
	close(home);
	return fd;
}

/* ---- what is in it ---- */

struct writer {
	int fd;
	int error; /* errno of the first failure */
	struct unix_text text;
	struct buf out;
};

static bool
write_all(struct writer *w)
{
	struct slice rest = buf_slice(&w->out);
	ssize_t n;

	while (rest.n > 0 && w->error == 0) {
		n = write(w->fd, rest.p, rest.n);
		if (n < 0 && errno != EINTR)
			w->error = errno;
		if (n > 0)
			rest = slice_from(rest, (size_t)n);
	}
	buf_clear(&w->out);
	return w->error == 0;
}

static void
put_names(struct buf *out, const struct envelope *e)
{
	const char *before = "X-Failed-Recipients: ";

	for (size_t i = 0; i < e->n; i++) {
		if (e->rcpts[i].verdict == DELIVERED)
			continue;
		buf_putf(out, "%s%s", before, e->rcpts[i].to.path);
		before = ",\n\t";
	}
	buf_puts(out, before[0] == ',' ? "\n" : "");
}

static void
put_from_line(struct buf *out, const struct dead_letter *d)
{
	const char *from = d->intake->envelope.from.path;
	time_t t = (time_t)d->now;
	struct tm tm;
	char date[40];

	if (!gmtime_r(&t, &tm) ||
	    strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm) == 0)
		date[0] = '\0';
	buf_putf(out, "From %s %s\n", from[0] ? from : "MAILER-DAEMON", date);
}

static bool
put_block(void *arg, struct slice text, struct outcome *why)
{
	struct writer *w = arg;

	(void)why;
	unix_text_put(&w->text, text, &w->out);
	return write_all(w);
}

static bool
put_message(struct writer *w, const struct dead_letter *d,
    struct outcome *why)
{
	struct form_sink text = { .put = put_block, .arg = w };

	put_from_line(&w->out, d);
	put_names(&w->out, &d->intake->envelope);
	if (!enqueue_text(&text, &d->intake->message, why))
		return false;
	unix_text_end(&w->text, &w->out);
	buf_putc(&w->out, '\n');
	return write_all(w);
}

/* Others of the same user wait; what was begun and not ended is cut off. */
static bool
append(int fd, const struct dead_letter *d, struct buf *path,
    struct outcome *why)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct writer w = { .fd = fd, .text.kind = TEXT_MBOX };
	struct stat st;
	bool ok = fcntl(fd, F_SETLKW, &lock) == 0 && fstat(fd, &st) == 0;

	if (!ok)
		return fail(why, path, strerror(errno));
	ok = put_message(&w, d, why);
	if (w.error == 0 && ok && fsync(fd) != 0 && errno != EINVAL)
		w.error = errno;
	if ((!ok || w.error != 0) && ftruncate(fd, st.st_size) != 0)
		w.error = errno;
	buf_free(&w.out);
	return w.error == 0 ? ok : fail(why, path, strerror(w.error));
}

bool
dead_letter_save(const struct dead_letter *d, struct buf *path,
    struct outcome *why)
{
	int fd = open_for(d, path, why);
	bool ok = fd >= 0 && append(fd, d, path, why);

	if (fd >= 0)
		close(fd);
	return ok;
}
