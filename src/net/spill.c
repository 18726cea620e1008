/* SPDX-License-Identifier: ISC */
/* spill.c - see spill.h */
#include "net/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/file.h"

#define BLOCK 65536

enum place { PLACE_TMPDIR, PLACE_VAR_TMP, PLACE_TMP, PLACE_MEMORY, NPLACES };

void
spill_free(struct spill *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	buf_free(&s->why);
}

static const char *
place_name(enum place p)
{
	const char *dir = getenv("TMPDIR");

	switch (p) {
	case PLACE_TMPDIR:
		return dir && dir[0] == '/' ? dir : NULL;
	case PLACE_VAR_TMP:
		return "/var/tmp";
	case PLACE_TMP:
		return "/tmp";
	case PLACE_MEMORY:
	case NPLACES:
		break;
	}
	return "memory";
}

static int
open_place(enum place p)
{
	return p == PLACE_MEMORY ? memfd_create("smtpsend", MFD_CLOEXEC)
				 : file_open_unseen(place_name(p));
}

/* The first n octets of a file, into another. */
static bool
copy(int from, uint64_t n, int to)
{
	char block[BLOCK];
	uint64_t at = 0;

	while (at < n) {
		size_t want = n - at < BLOCK ? (size_t)(n - at) : BLOCK;
		ssize_t got = pread(from, block, want, (off_t)at);

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		if (got > 0 && !file_write(to, (struct slice){ block,
			(size_t)got }))
			return false;
		at += got > 0 ? (uint64_t)got : 0;
	}
	return true;
}

static void
note(struct spill *s, enum place p, const char *reason)
{
	buf_putf(&s->why, "%s%s: %s", s->why.n > 0 ? "; " : "", place_name(p),
	    reason);
}

/* Is the place at hand to be passed over without a word? */
static bool
is_none(enum place p)
{
	const char *name = place_name(p);

	return !name || (p != PLACE_TMPDIR && place_name(PLACE_TMPDIR) &&
	    strcmp(name, place_name(PLACE_TMPDIR)) == 0);
}

/* More than this place may hold? */
static bool
is_too_much(const struct spill *s, size_t more)
{
	return s->place == PLACE_MEMORY && s->n + more > SPILL_MEMORY;
}

/* Open the place at hand and bring there what we have; false with errno. */
static bool
move(struct spill *s)
{
	int fd = is_too_much(s, 0) ? -1 : open_place(s->place);

	if (is_too_much(s, 0))
		errno = EFBIG;
	if (fd < 0)
		return false;
	if (s->n > 0 && !copy(s->fd, s->n, fd)) {
		close(fd);
		return false;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	return true;
}

/* Go to the place at hand or the next that will have us; false for nowhere. */
static bool
move_on(struct spill *s)
{
	for (; s->place < NPLACES; s->place++) {
		if (is_none(s->place))
			continue;
		if (move(s))
			return true;
		note(s, s->place, strerror(errno));
	}
	return false;
}

/* Append where we are; a part of it may be there when that fails. */
static bool
append(struct spill *s, struct slice data)
{
	if (is_too_much(s, data.n)) {
		errno = EFBIG;
		return false;
	}
	if (!file_write(s->fd, data))
		return false;
	s->n += data.n;
	return true;
}

bool
spill_put(struct spill *s, struct slice data, struct outcome *why)
{
	bool open = s->fd >= 0 || move_on(s);

	while (open && !append(s, data)) {
		note(s, s->place, strerror(errno));
		s->place++;
		open = move_on(s);
	}
	return open || outcome_fail(why, FAILED, STAGE_SYSTEM, ESC(5, 3, 1),
	    "no room for a large message: %s", buf_str(&s->why));
}
