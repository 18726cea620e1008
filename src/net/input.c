/* SPDX-License-Identifier: ISC */
/* input.c - see input.h */
#include "net/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/limit.h"

/* Where it comes from, while it is read. */
struct source {
	int fd;
	const char *path; /* NULL = standard input */
	const char *what;
	bool typed;	  /* at a terminal, and a lone dot ends it */
	bool line_start;
	bool ended;	  /* ... by such a dot */
	struct stop *stop; /* or NULL */
	unsigned stopped;  /* by which signal; 0 = not */
};

static bool
open_fail(struct outcome *why, const struct source *from, const char *reason)
{
	if (!from->path)
		return outcome_fail(why, FAILED, STAGE_OPEN, ESC(5, 3, 0),
		    "standard input is %s", reason);
	return outcome_fail(why, FAILED, STAGE_OPEN, ESC(5, 3, 0),
	    "cannot read %s %s: %s", from->what, from->path, reason);
}

/* Our own shortage of descriptors or memory passes. */
static bool
open_errno(struct outcome *why, const struct source *from)
{
	if (limit_is_shortage(errno))
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "cannot open the message: %s", strerror(errno));
	return open_fail(why, from, errno == EBADF ? "closed"
						   : strerror(errno));
}

static bool
read_fail(struct outcome *why, const struct source *from)
{
	if (from->stopped != 0) {
		*why = stop_outcome(from->stopped);
		return false;
	}
	return outcome_fail(why, FAILED, STAGE_READ, ESC(5, 3, 0),
	    "reading %s%s%s: %s", from->path ? from->what : "standard input",
	    from->path ? " " : "", from->path ? from->path : "",
	    strerror(errno));
}

static bool
too_large(struct outcome *why, uint64_t max)
{
	return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 3, 4),
	    "the message is larger than %llu octets (max-size)",
	    (unsigned long long)max);
}

/* What is in memory becomes the beginning of a file. */
static bool
spill(struct input *in, const struct input_options *o, struct outcome *why)
{
	struct slice front = buf_slice(&in->memory);

	if (o->has_header && !o->has_header(front))
		return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
		    "header larger than 1 MiB");
	if (!spill_put(&in->spill, front, why))
		return false;
	buf_free(&in->memory);
	return true;
}

bool
input_put(struct input *in, const struct input_options *o, struct slice data,
    struct outcome *why)
{
	uint64_t max = o->max_size ? o->max_size : INPUT_COPIED;
	size_t room = INPUT_MEMORY - in->memory.n;

	in->content.length += data.n;
	if (in->content.length > max)
		return too_large(why, max);
	if (in->spill.fd < 0) {
		buf_put(&in->memory, slice_first(data, room));
		data = slice_from(data, room);
	}
	if (data.n == 0)
		return true;
	if (in->spill.fd < 0 && !spill(in, o, why))
		return false;
	return spill_put(&in->spill, data, why);
}

/* Wait for something to read; false when a signal says to stop. */
static bool
wait_to_read(struct source *from)
{
	int stop = from->stop ? from->stop->fd : -1;
	struct pollfd p[] = { { from->fd, POLLIN, 0 }, { stop, POLLIN, 0 } };

	poll(p, 2, -1);
	if (p[1].revents)
		from->stopped = stop_taken(from->stop);
	return from->stopped == 0;
}

/*
 * One read(2) that has something to say; 0 at the end, -1 with errno, or when
 * it was stopped.
 */
static ssize_t
read_some(struct source *from, char *to, size_t max)
{
	ssize_t n;

	while (wait_to_read(from)) {
		n = read(from->fd, to, max);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n;
	}
	return -1;
}

/* A terminal gives a line per read. */
static bool
is_typed_end(const struct source *from, struct slice line)
{
	return from->typed && from->line_start &&
	    (slice_eq(line, SLICE(".\n")) || slice_eq(line, SLICE(".\r\n")));
}

static bool
read_all(struct input *in, const struct input_options *o, struct source *from,
    struct outcome *why)
{
	char block[CONTENT_BLOCK];
	ssize_t n;

	while ((n = read_some(from, block, sizeof block)) > 0) {
		struct slice data = { block, (size_t)n };

		if (is_typed_end(from, data)) {
			from->ended = true;
			n = 0;
			break;
		}
		from->line_start = block[n - 1] == '\n';
		if (!input_put(in, o, data, why))
			return false;
	}
	in->content.fd = in->spill.fd;
	return n == 0 || read_fail(why, from);
}

/*
 * A large regular file is used where it lies, from its present offset on, which
 * moves to the end as if we had read it.  The input gets its own descriptor.
 */
static bool
use_in_place(struct input *in, const struct source *from,
    const struct stat *st, uint64_t offset, struct outcome *why)
{
	in->content.fd = in->fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 3);
	if (in->fd < 0)
		return open_errno(why, from);
	in->content.offset = offset;
	in->content.length = (uint64_t)st->st_size - offset;
	in->content.stamp = content_stamp(st);
	lseek(from->fd, st->st_size, SEEK_SET);
	return true;
}

static bool
take(struct input *in, const struct input_options *o, struct source *from,
    struct outcome *why)
{
	struct stat st;
	off_t offset;

	if (fstat(from->fd, &st) != 0)
		return open_errno(why, from);
	if (fcntl(from->fd, F_GETFL) & O_PATH) /* main.c's stand-in */
		return open_fail(why, from, "closed");
	if (S_ISDIR(st.st_mode))
		return open_fail(why, from,
		    from->path ? "it is a directory" : "a directory");
	offset = S_ISREG(st.st_mode) ? lseek(from->fd, 0, SEEK_CUR) : -1;
	if (offset < 0 || st.st_size - offset <= INPUT_MEMORY)
		return read_all(in, o, from, why);
	if (o->max_size && (uint64_t)(st.st_size - offset) > o->max_size)
		return too_large(why, o->max_size);
	return use_in_place(in, from, &st, (uint64_t)offset, why);
}

/* As content_read(), but a message that cannot be read is not sent later. */
static bool
read_back(struct input *in, uint64_t at, char block[CONTENT_BLOCK],
    struct slice *out, struct outcome *why)
{
	if (content_read(&in->content, at, block, out, why))
		return true;
	why->verdict = FAILED;
	return false;
}

/* Whether there is an LF is mostly seen in the first block. */
static bool
find_line_ends(struct input *in, struct outcome *why)
{
	char block[CONTENT_BLOCK];
	uint64_t at = 0;
	struct slice s;

	do {
		if (!read_back(in, at, block, &s, why))
			return false;
		if (slice_find(s, '\n') < s.n)
			return true;
		at += s.n;
	} while (s.n > 0);
	in->cr_ends = true;
	return true;
}

/* The message without a last line of a single dot. */
static bool
drop_last_dot(struct input *in, struct outcome *why)
{
	char block[CONTENT_BLOCK], end = in->cr_ends ? '\r' : '\n';
	uint64_t from = in->content.length > 4 ? in->content.length - 4 : 0;
	struct slice s;

	if (!read_back(in, from, block, &s, why))
		return false;
	s = slice_first(s, s.n - slice_ends_nocase(s, SLICE("\n")));
	s = slice_first(s, s.n - slice_ends_nocase(s, SLICE("\r")));
	if (!slice_ends_nocase(s, SLICE(".")))
		return true;
	s.n--;
	if (s.n > 0 ? s.p[s.n - 1] == end : from == 0)
		in->content.length = from + s.n;
	return true;
}

/* Whoever writes it says that this was all, or else it was cut off. */
static bool
check_end(struct input *in, enum input_dots dots, struct outcome *why)
{
	uint64_t length = in->content.length;

	if (dots != DOTS_END && dots != DOTS_MUST_END)
		return true;
	if (!drop_last_dot(in, why))
		return false;
	return dots == DOTS_END || in->content.length < length ||
	    outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
	    "the message does not end with a line of a single dot: it was "
	    "cut off (require-eom)");
}

void
input_put_end(struct input *in)
{
	in->content.fd = in->spill.fd;
	if (in->content.fd < 0)
		in->content.memory = buf_slice(&in->memory);
}

static bool
finish(struct input *in, enum input_dots dots, bool may_be_empty,
    struct outcome *why)
{
	if (in->content.fd < 0)
		in->content.memory = buf_slice(&in->memory);
	if (!find_line_ends(in, why) ||
	    !check_end(in, dots, why))
		return false;
	in->content.memory = slice_first(in->content.memory,
	    (size_t)in->content.length);
	if (in->content.length == 0 && !may_be_empty)
		return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
		    "the message is empty");
	return true;
}

bool
input_read(struct input *in, const struct input_options *o,
    struct outcome *why)
{
	struct source from = { .path = o->path,
		.what = o->what ? o->what : "message file",
		.line_start = true, .stop = o->stop };
	bool ok;

	*in = (struct input){ .content.fd = -1, .spill.fd = -1, .fd = -1 };
	from.fd = o->path ? open(o->path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : 0;
	if (from.fd < 0)
		return open_errno(why, &from);
	from.typed = o->dots != DOTS_ARE_CONTENT && isatty(from.fd) == 1;
	ok = take(in, o, &from, why) &&
	    finish(in, from.ended ? DOTS_ARE_CONTENT : o->dots,
		o->may_be_empty, why);
	if (o->path)
		close(from.fd);
	return ok;
}

void
input_free(struct input *in)
{
	buf_free(&in->memory);
	spill_free(&in->spill);
	if (in->fd >= 0)
		close(in->fd);
	*in = (struct input){ .content.fd = -1, .spill.fd = -1, .fd = -1 };
}

off_t
input_begins_at(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)
	    ? lseek(STDIN_FILENO, 0, SEEK_CUR)
	    : -1;
}

void
input_give_back(off_t begins_at)
{
	if (begins_at >= 0)
		lseek(STDIN_FILENO, begins_at, SEEK_SET);
}
