/* SPDX-License-Identifier: ISC */
/* mbox_note.c - see mbox_note.h */
#include "local/mbox_note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"

#define PAGE  4096 /* octets, or a part of a larger one */
#define BLOCK 65536
#define WORD  "append" /* what a note begins with, and its form */

/* ---- writing ---- */

struct summer {
	struct buf *out;
	uint64_t at; /* where the message begins */
	uint64_t n;  /* octets of it so far */
	uint32_t sum;
};

static void
add(struct summer *s, struct slice octets)
{
	s->sum = crc32c(s->sum, octets);
	s->n += octets.n;
}

static void
put_line(struct summer *s)
{
	buf_putf(s->out, "%" PRIu64 " %" PRIu32 "\n", s->n, s->sum);
}

static bool
sum_up(void *self, struct slice octets)
{
	struct summer *s = self;

	if (s->n > 0)
		put_line(s); /* a write has ended, and another comes */
	while (octets.n > 0) {
		size_t room = PAGE - (size_t)((s->at + s->n) % PAGE);

		add(s, slice_first(octets, room));
		octets = slice_from(octets, room);
		if (octets.n > 0)
			put_line(s);
	}
	return true;
}

bool
mbox_note_put(struct buf *out, const struct local_mail *m, uint64_t inode,
    uint64_t at, struct outcome *why)
{
	struct summer s = { .out = out, .at = at };
	const struct local_sink sink = { sum_up, &s };

	buf_putf(out, WORD " %" PRIu64 " %" PRIu64 "\n", inode, at);
	return local_mail_copy(m, LOCAL_MBOX, &sink, why);
}

/* ---- reading ---- */

/* Two numbers with a blank between them. */
static bool
two_numbers(struct slice line, uint64_t *a, uint64_t *b)
{
	struct slice first;

	return slice_cut(&line, ' ', &first) &&
	    slice_to_uint(first, UINT64_MAX, a) &&
	    slice_to_uint(line, UINT64_MAX, b);
}

/* What was broken off within a line is none. */
static bool
whole_line(struct slice *rest, struct slice *line)
{
	return slice_find(*rest, '\n') < rest->n && slice_cut(rest, '\n', line);
}

static bool
begins(struct slice *note, uint64_t *inode, uint64_t *at)
{
	struct slice line;

	return whole_line(note, &line) && slice_starts(line, SLICE(WORD " ")) &&
	    two_numbers(slice_from(line, sizeof WORD), inode, at);
}

/* The sum of so many octets of the message. */
static bool
find_sum(struct slice note, uint64_t n, uint64_t *sum)
{
	struct slice line;
	uint64_t of;

	while (whole_line(&note, &line))
		if (two_numbers(line, &of, sum) && of == n)
			return true;
	return false;
}

static bool
sum_of_file(int fd, uint64_t at, uint64_t end, uint32_t *sum)
{
	char *block = mem_alloc(BLOCK);
	ssize_t n = 1;

	*sum = 0;
	for (; at < end && n > 0; at += (uint64_t)n) {
		uint64_t want = end - at < BLOCK ? end - at : BLOCK;

		n = pread(fd, block, (size_t)want, (off_t)at);
		if (n > 0)
			*sum = crc32c(*sum, (struct slice){ block, (size_t)n });
		else
			n = 0;
	}
	free(block);
	return at == end;
}

bool
mbox_note_tells(struct slice note, int fd, uint64_t *at)
{
	uint64_t inode, end, want;
	struct stat st;
	uint32_t sum;

	if (!begins(&note, &inode, at) || fstat(fd, &st) != 0)
		return false;
	end = (uint64_t)st.st_size;
	return inode == st.st_ino && *at < end &&
	    find_sum(note, end - *at, &want) &&
	    sum_of_file(fd, *at, end, &sum) && sum == want;
}
