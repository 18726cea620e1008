/* SPDX-License-Identifier: ISC */
/* sink_store.c - see sink_store.h */
#include "serve/sink_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mail/unix_text.h"
#include "net/clock.h"
#include "net/file.h"

#define BLOCK	   65536
#define LOCK_TRIES 20 /* of 50 ms */

static bool
is_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

/* Without waiting for a reader, should it be a FIFO. */
static int
open_mbox(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY, 0600);
}

static const char *
check_mbox(const char *path)
{
	int fd = open_mbox(path);
	struct stat st;
	bool takes;

	if (fd < 0)
		return errno == ENXIO ? "it is no file" : strerror(errno);
	takes = fstat(fd, &st) == 0 &&
	    (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode));
	close(fd);
	return takes ? NULL : "it is no file";
}

/* It is made if it is not there. */
static const char *
check_folder(const char *path, mode_t mode)
{
	if ((mkdir(path, mode) == 0 || errno == EEXIST) &&
	    is_directory(path) && access(path, W_OK | X_OK) == 0)
		return NULL;
	return strerror(errno);
}

static const char *
check_maildir(const char *path)
{
	static const char *const parts[] = { "", "/tmp", "/new", "/cur" };
	const char *wrong = NULL;

	for (size_t i = 0; !wrong && i < sizeof parts / sizeof *parts; i++) {
		struct buf name = { 0 };

		buf_putf(&name, "%s%s", path, parts[i]);
		wrong = check_folder(buf_str(&name), 0700);
		buf_free(&name);
	}
	return wrong;
}

const char *
sink_store_check(const struct sink_store *s)
{
	if (s->mbox)
		return check_mbox(s->mbox);
	if (s->maildir)
		return check_maildir(s->maildir);
	return s->dir ? check_folder(s->dir, 0777) : NULL;
}

/* "20261122T090512Z-1234-000001": sorts by time, unique by process. */
static void
make_id(struct draft *d, struct sink_store *s)
{
	time_t now = (time_t)clock_wall().seconds;
	struct tm tm;
	char day[32];

	gmtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(d->id, sizeof d->id, "%s-%ld-%06u", day, (long)getpid(),
	    ++s->serial);
}

static void
put_trace(struct buf *b, const struct server_message *m, const char *end)
{
	buf_puts(b, "Return-Path: <");
	buf_put(b, buf_slice(&m->from));
	buf_putf(b, ">%s", end);
	for (size_t i = 0; i < m->nrcpts; i++) {
		if (m->rcpt[i].reply && m->rcpt[i].reply[0] != '2')
			continue;
		buf_puts(b, "X-Envelope-To: <");
		buf_put(b, buf_slice(&m->rcpt[i].to));
		buf_putf(b, ">%s", end);
	}
}

void
draft_open(struct draft *d, struct sink_store *s,
    const struct server_message *m)
{
	struct buf trace = { 0 };

	*d = DRAFT_NONE;
	d->dir = s->dir;
	make_id(d, s);
	if (s->dir)
		put_trace(&trace, m, "\r\n");
	draft_write(d, buf_slice(&trace));
	d->text_at = (off_t)trace.n;
	buf_free(&trace);
}

/* The path is the draft's from now on. */
static void
set_path(struct draft *d, const struct buf *path)
{
	free(d->path);
	d->path = mem_dup(buf_slice(path));
}

/* What has the hidden name gets this one. */
static bool
show(struct draft *d, struct buf *path)
{
	if (rename(d->path, buf_str(path)) != 0)
		return false;
	set_path(d, path);
	return true;
}

static bool
keep_file(struct draft *d, const char *dir)
{
	struct buf path = { 0 };
	bool kept;

	if (!draft_in_file(d))
		return false;
	buf_putf(&path, "%s/%s.eml", dir, d->id);
	kept = close(d->fd) == 0 && show(d, &path);
	d->fd = -1;
	buf_free(&path);
	return kept;
}

/* Read its file again, in blocks; what is last of its form is left in *out. */
static bool
copy_file(struct draft *d, int to, struct unix_text *t, struct buf *out)
{
	char *block = mem_alloc(BLOCK);
	off_t at = 0;
	ssize_t n;
	bool good = true;

	while (good && (n = pread(d->fd, block, BLOCK, at)) != 0) {
		if (n < 0 && errno != EINTR)
			good = false;
		if (n < 0)
			continue;
		at += n;
		unix_text_put(t, (struct slice){ block, (size_t)n }, out);
		good = file_write(to, buf_slice(out));
		buf_clear(out);
	}
	free(block);
	return good;
}

/*
 * Write the local form of the draft: after what is in *out, and before last.
 * What is in memory is one write.
 */
static bool
copy_text(struct draft *d, int to, struct unix_text *t, struct buf *out,
    const char *last)
{
	bool good = true;

	if (d->fd < 0)
		unix_text_put(t, buf_slice(&d->text), out);
	else
		good = copy_file(d, to, t, out);
	unix_text_end(t, out);
	buf_puts(out, last);
	return good && file_write(to, buf_slice(out));
}

/* Other programs that know the mbox lock it too. */
static bool
lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (fcntl(fd, F_SETLK, &whole) == 0)
			return true;
		if (errno != EACCES && errno != EAGAIN)
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* "From a@x Sun Nov 22 09:05:12 2026", then the trace. */
static void
put_from_line(struct buf *b, const struct server_message *m)
{
	time_t now = (time_t)clock_wall().seconds;
	struct tm tm;
	char day[32];

	gmtime_r(&now, &tm);
	buf_puts(b, "From ");
	buf_put(b, m->from.n ? buf_slice(&m->from) : SLICE("MAILER-DAEMON"));
	buf_putf(b, " %s", asctime_r(&tm, day));
	put_trace(b, m, "\n");
}

/* What was begun and not finished is cut off again. */
static bool
append(struct draft *d, int fd, const struct server_message *m)
{
	struct unix_text text = { .kind = TEXT_MBOX };
	struct buf out = { 0 };
	struct stat before = { 0 };
	bool good = fstat(fd, &before) == 0;
	int error;

	put_from_line(&out, m);
	good = good && copy_text(d, fd, &text, &out, "\n");
	error = errno;
	if (!good && S_ISREG(before.st_mode) && ftruncate(fd, before.st_size))
		error = errno;
	errno = error;
	buf_free(&out);
	return good;
}

static bool
keep_in_mbox(struct draft *d, const char *mbox, const struct server_message *m)
{
	int fd = open_mbox(mbox);
	int error;
	bool good;

	if (fd < 0)
		return false;
	good = lock(fd) && append(d, fd, m);
	error = errno;
	if (close(fd) != 0 && good)
		return false;
	errno = error;
	return good;
}

static bool
write_maildir(struct draft *d, const char *path, const struct server_message *m)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct unix_text text = { .kind = TEXT_PLAIN };
	struct buf out = { 0 };
	bool good;

	if (fd < 0)
		return false;
	put_trace(&out, m, "\n");
	good = copy_text(d, fd, &text, &out, "");
	buf_free(&out);
	return close(fd) == 0 && good;
}

static bool
keep_in_maildir(struct draft *d, const struct sink_store *s,
    const struct server_message *m)
{
	struct buf name = { 0 }, path = { 0 };
	bool good;

	buf_putf(&name, "%lld.%s.%s", (long long)clock_wall().seconds, d->id,
	    s->host);
	buf_putf(&path, "%s/tmp/%s", s->maildir, buf_str(&name));
	set_path(d, &path);
	buf_clear(&path);
	buf_putf(&path, "%s/new/%s", s->maildir, buf_str(&name));
	good = write_maildir(d, d->path, m) && show(d, &path);
	buf_free(&name);
	buf_free(&path);
	return good;
}

static void
put_path(struct buf *b, const char *what, const struct buf *path,
    const struct buf *params)
{
	buf_puts(b, what);
	text_escape(b, buf_slice(path));
	buf_putc(b, '>');
	text_escape(b, buf_slice(params));
	buf_putc(b, '\n');
}

static void
put_heading(struct buf *b, const struct draft *d,
    const struct serve_mail *mail)
{
	const struct server_message *m = mail->message;

	buf_putf(b, "--- %s, %llu octets, %s", d->id,
	    (unsigned long long)m->size, mail->tls ? mail->tls : "no TLS");
	buf_puts(b, mail->login.n > 0 ? ", logged in as " : "");
	text_escape(b, mail->login);
	buf_putc(b, '\n');
	put_path(b, "--- from <", &m->from, &m->from_params);
	for (size_t i = 0; i < m->nrcpts; i++)
		put_path(b, "--- to <", &m->rcpt[i].to, &m->rcpt[i].params);
}

static bool
print(struct draft *d, struct sink_store *s, const struct serve_mail *mail)
{
	struct unix_text text = { .kind = TEXT_PLAIN };
	struct buf out = { 0 };
	bool good;

	if (s->terminal)
		text.kind = TEXT_TERMINAL;
	put_heading(&out, d, mail);
	good = fflush(s->to) == 0 &&
	    copy_text(d, fileno(s->to), &text, &out, "\n");
	buf_free(&out);
	return good;
}

bool
draft_keep(struct draft *d, struct sink_store *s,
    const struct serve_mail *mail)
{
	bool good = d->error == 0;

	errno = 0;
	if (good && s->dir)
		good = keep_file(d, s->dir);
	else if (good && s->maildir)
		good = keep_in_maildir(d, s, mail->message);
	else if (good && s->mbox)
		good = keep_in_mbox(d, s->mbox, mail->message);
	else if (good && s->to)
		good = print(d, s, mail);
	if (!good && d->error == 0)
		d->error = errno ? errno : EIO;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	d->kept = good;
	s->kept += good;
	return good;
}
