/* SPDX-License-Identifier: ISC */
/* content.c - see content.h */
#include "net/content.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t
content_stamp(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static bool
changed_fail(struct outcome *why, const char *how)
{
	return outcome_fail(why, DEFERRED, STAGE_READ, ESC(4, 3, 0),
	    "the message file %s while it was being read", how);
}

static bool
pread_all(int fd, uint64_t from, char *to, size_t n, struct outcome *why)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)from);

		if (got == 0)
			return changed_fail(why, "became shorter");
		if (got < 0 && errno != EINTR)
			return outcome_fail(why, DEFERRED, STAGE_READ,
			    ESC(4, 3, 0), "reading the message file: %s",
			    strerror(errno));
		if (got < 0)
			continue;
		to += got;
		from += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

/* Asked after the read, so that no changed octet gets through. */
static bool
is_unchanged(const struct content *c)
{
	struct stat st;

	return c->stamp == 0 ||
	    (fstat(c->fd, &st) == 0 && content_stamp(&st) == c->stamp);
}

bool
content_read(const struct content *c, uint64_t at, char block[CONTENT_BLOCK],
    struct slice *out, struct outcome *why)
{
	uint64_t left = at < c->length ? c->length - at : 0;
	size_t n = left < CONTENT_BLOCK ? (size_t)left : CONTENT_BLOCK;

	if (c->fd < 0) {
		*out = slice_first(slice_from(c->memory, (size_t)at), n);
		return true;
	}
	*out = (struct slice){ block, n };
	if (!pread_all(c->fd, c->offset + at, block, n, why))
		return false;
	return is_unchanged(c) || changed_fail(why, "changed");
}
