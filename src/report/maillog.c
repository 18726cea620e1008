/* SPDX-License-Identifier: ISC */
/* maillog.c - see maillog.h */
#include "report/maillog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/duration.h"

#define FACILITY 2 /* mail */
#define PATIENCE SECONDS(1) /* of waiting, each ... */
#define MINUTE	 SECONDS(60)
#define PAUSE	 SECONDS(10) /* before what is broken is opened again */

/* How lines get to a kind of log. */
struct maillog_kind {
	const char *path;	/* NULL = the configuration's */
	int (*open)(const char *path);
	void (*heading)(const struct maillog *m, struct buf *out,
	    enum maillog_level level, int64_t at);
};

/* ---- opening ---- */

static int
connect_to(const char *path, int type)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -1;
	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Some daemons listen for streams. */
static int
open_socket(const char *path)
{
	int fd = connect_to(path, SOCK_DGRAM);

	if (fd < 0 && errno == EPROTOTYPE)
		fd = connect_to(path, SOCK_STREAM);
	return fd;
}

static bool
is_stream(int fd)
{
	int type = SOCK_STREAM;
	socklen_t n = sizeof type;

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n);
	return type == SOCK_STREAM;
}

/* A symbolic link counts when nobody else could have put it there. */
static int
may_follow(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
		return 0;
	return st.st_uid == 0 || st.st_uid == geteuid() ? 0 : O_NOFOLLOW;
}

/* Not blocking: it may be a FIFO, or a terminal that stands still. */
static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK | may_follow(path), 0600);
}

/* ---- headings ---- */

static struct tm
time_of(const struct maillog *m, int64_t at, int offset)
{
	const struct maillog_config *c = &m->config;
	time_t seconds = (time_t)(c->wall + (at - c->start) / SECONDS(1) +
	    (int64_t)offset * 60);
	struct tm tm = { 0 };

	gmtime_r(&seconds, &tm);
	return tm;
}

/* "<22>Nov 25 22:19:58 smtpsend/sendmail[123]: ", as syslog(3) sends it. */
static void
put_syslog_heading(const struct maillog *m, struct buf *out,
    enum maillog_level level, int64_t at)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm t = time_of(m, at, m->config.offset);

	buf_putf(out, "<%d>%.3s %2d %02d:%02d:%02d %s[%ld]: ",
	    FACILITY << 3 | (int)level, months + 3 * t.tm_mon, t.tm_mday,
	    t.tm_hour, t.tm_min, t.tm_sec, m->tag, (long)getpid());
}

static void
put_journal_heading(const struct maillog *m, struct buf *out,
    enum maillog_level level, int64_t at)
{
	(void)at; /* the journal has its own clock */
	buf_putf(out, "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=%s\n"
	    "SYSLOG_PID=%ld\nMESSAGE=", (int)level, FACILITY, m->tag,
	    (long)getpid());
}

static void
put_file_heading(const struct maillog *m, struct buf *out,
    enum maillog_level level, int64_t at)
{
	struct tm t = time_of(m, at, 0);

	(void)level;
	if (m->torn)
		buf_putc(out, '\n');
	buf_putf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ %s[%ld]: ",
	    t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
	    t.tm_sec, m->tag, (long)getpid());
}

static const struct maillog_kind to_syslog = { "/dev/log", open_socket,
	put_syslog_heading };
static const struct maillog_kind to_journal = { "/run/systemd/journal/socket",
	open_socket, put_journal_heading };
static const struct maillog_kind to_file = { NULL, open_file,
	put_file_heading };

/* ---- writing ---- */

/* Wait until it can be written to; false when the run's second is over. */
static bool
wait_for_room(struct maillog *m)
{
	struct pollfd p = { .fd = m->fd, .events = POLLOUT };
	int64_t before = m->config.clock();
	int n = 0;

	if (before - m->minute >= MINUTE) {
		m->minute = before;
		m->patience = PATIENCE;
	}
	if (m->patience > 0)
		n = poll(&p, 1, (int)(m->patience / MILLISECONDS(1)) + 1);
	m->patience -= m->config.clock() - before;
	return n > 0 || (n < 0 && errno == EINTR && m->patience > 0);
}

/* Write it whole; false with errno. */
static bool
write_line(struct maillog *m, struct slice line)
{
	ssize_t n;

	while ((n = write(m->fd, line.p, line.n)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || !wait_for_room(m))
			return false;
	}
	m->torn = false;
	if ((size_t)n == line.n)
		return true;
	if (m->kind == &to_file)
		m->torn = true;
	else
		maillog_close(m); /* of a stream nobody knows the lines now */
	errno = ENOSPC;
	return false;
}

static bool
open_log(struct maillog *m)
{
	bool broken = m->state == MAILLOG_BROKEN;

	if (m->state == MAILLOG_CLOSED ||
	    (broken && m->config.clock() >= m->again)) {
		m->fd = m->kind->open(maillog_path(m));
		m->state = m->fd < 0 ? MAILLOG_BROKEN : MAILLOG_OPEN;
		if (m->fd < 0)
			m->again = m->config.clock() + PAUSE;
		m->stream = m->fd >= 0 && is_stream(m->fd);
	}
	return m->state == MAILLOG_OPEN;
}

/* A daemon that was started anew has another socket of the same name. */
static bool
reopen(struct maillog *m)
{
	if (errno != ECONNREFUSED && errno != ENOTCONN && errno != ECONNRESET)
		return false;
	maillog_close(m);
	return open_log(m);
}

static bool
write_or_reopen(struct maillog *m, struct slice line)
{
	if (!open_log(m))
		return false;
	return write_line(m, line) || (reopen(m) && write_line(m, line));
}

/* A datagram to /dev/log needs no end; in a stream it is a NUL. */
static void
put_end(const struct maillog *m, struct buf *b)
{
	if (m->kind != &to_syslog)
		buf_putc(b, '\n');
	else if (m->stream)
		buf_putc(b, '\0');
}

void
maillog_put(struct maillog *m, enum maillog_level level, int64_t at,
    struct slice line)
{
	struct buf b = { 0 };

	if (!m->kind)
		return;
	errno = 0;
	open_log(m);
	m->kind->heading(m, &b, level, at);
	buf_put(&b, line);
	put_end(m, &b);
	if (!write_or_reopen(m, buf_slice(&b))) {
		m->lost++;
		if (m->error == 0)
			m->error = errno;
	}
	buf_free(&b);
}

enum maillog_level
maillog_level_of(enum verdict verdict)
{
	return verdict == FAILED   ? MAILLOG_WARNING :
	    verdict == DEFERRED ? MAILLOG_NOTICE : MAILLOG_INFO;
}

/* ---- beginning and end ---- */

/* A tag comes from a caller: only what no reader of logs takes amiss. */
static bool
is_tag(const char *tag)
{
	struct slice s = slice_of(tag);

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '-' &&
		    s.p[i] != '_' && s.p[i] != '.' && s.p[i] != '/')
			return false;
	return s.n > 0 && s.n <= 32;
}

static void
set_tag(struct maillog *m)
{
	const struct maillog_config *c = &m->config;
	const char *program = c->program ? c->program : "smtpsend";

	if (c->tag && is_tag(c->tag))
		snprintf(m->tag, sizeof m->tag, "%s", c->tag);
	else if (strcmp(program, "smtpsend") == 0)
		snprintf(m->tag, sizeof m->tag, "smtpsend");
	else
		snprintf(m->tag, sizeof m->tag, "smtpsend/%.32s", program);
}

void
maillog_init(struct maillog *m, const struct maillog_config *config)
{
	const char *to = config->to ? config->to : "none";

	*m = (struct maillog){ .config = *config, .fd = -1,
		.patience = PATIENCE, .minute = config->start };
	m->kind = strcmp(to, "none") == 0 ? NULL :
	    strcmp(to, "syslog") == 0	  ? &to_syslog :
	    strcmp(to, "journal") == 0	  ? &to_journal :
					    &to_file;
	set_tag(m);
}

const char *
maillog_path(const struct maillog *m)
{
	return m->kind && m->kind->path ? m->kind->path : m->config.to;
}

void
maillog_close(struct maillog *m)
{
	if (m->state == MAILLOG_OPEN)
		close(m->fd);
	m->fd = -1;
	m->state = MAILLOG_CLOSED;
}
