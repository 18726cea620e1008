/* SPDX-License-Identifier: ISC */
/* content.c - see content.h */
#include "net/content.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"

int64_t
content_stamp(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Of the content, not of the system. */
static const struct esc damaged = ESC(4, 6, 0);

bool
content_is_damaged(const struct outcome *why)
{
	return why->stage == STAGE_READ && why->esc.subject == damaged.subject;
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

/* What lies in the file for block i. */
static bool
read_sum(const struct content *c, uint64_t i, uint32_t *out,
    struct outcome *why)
{
	unsigned char b[4];

	if (!pread_all(c->fd, c->sums + 4 * i, (char *)b, sizeof b, why))
		return false;
	*out = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	    (uint32_t)b[3] << 24;
	return true;
}

/*
 * The summed block that octet `at` of the content is in is read as a whole and
 * checked; *out is what is asked for of it.
 */
static bool
read_summed(const struct content *c, uint64_t at, char block[CONTENT_BLOCK],
    struct slice *out, struct outcome *why)
{
	uint64_t from = c->offset + at, i, start;
	size_t n = CONTENT_SUMMED;
	uint32_t sum;

	i = (from - c->summed) / CONTENT_SUMMED;
	start = c->summed + i * CONTENT_SUMMED;
	if (c->sums - start < n)
		n = (size_t)(c->sums - start);
	if (!pread_all(c->fd, start, block, n, why) ||
	    !read_sum(c, i, &sum, why))
		return false;
	if (crc32c(0, (struct slice){ block, n }) != sum)
		return outcome_fail(why, DEFERRED, STAGE_READ, damaged,
		    "the message file is damaged: octets %llu to %llu are "
		    "not what was written",
		    (unsigned long long)start, (unsigned long long)start + n);
	*out = slice_from((struct slice){ block, n }, (size_t)(from - start));
	if (out->n > c->length - at)
		*out = slice_first(*out, (size_t)(c->length - at));
	return true;
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
	if (c->sums > 0 && n > 0)
		return read_summed(c, at, block, out, why);
	if (!pread_all(c->fd, c->offset + at, block, n, why))
		return false;
	return is_unchanged(c) || changed_fail(why, "changed");
}
