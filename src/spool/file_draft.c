/* SPDX-License-Identifier: ISC */
/*
 * file_draft.c - a message on its way in: a file without a name.
 *
 * Of its text at most one block is kept in memory, and four octets for each
 * block that is in the file.  A message of less than a block is written in one
 * go when it is committed.
 */
#include "spool/file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/octets.h"
#include "net/clock.h"
#include "net/random.h"
#include "spool/name.h"
#include "spool/ulid.h"

#define RESERVE_OCTETS	 ((uint64_t)64 << 20)
#define RESERVE_INODES	 1000
#define RESERVE_PERCENT	 5
#define FIRST_TRY	 60 /* seconds: when, if the one at enqueue died */
#define ROOM_CHECK	 ((uint64_t)4 << 20) /* octets between two looks */

/* ---- room ---- */

static uint64_t
lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What is left alone, of so much in all. */
static uint64_t
reserve(const struct store *s, uint64_t all, uint64_t most)
{
	unsigned percent = s->config.reserve_percent;

	return lesser(most, all / 100 * (percent ? percent : RESERVE_PERCENT));
}

static bool
has_room(const struct store *s, struct outcome *why)
{
	struct store_space room;
	uint64_t octets = s->config.reserve ? s->config.reserve :
					      RESERVE_OCTETS;
	uint64_t inodes = s->config.reserve_inodes ?
	    s->config.reserve_inodes : RESERVE_INODES;

	if (!store_space(s, &room))
		return file_refuse(s, why, "ask for the room", errno);
	if (room.free_octets < reserve(s, room.octets, octets))
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 1),
		    "the disk of the spool %s is nearly full: %llu MiB left",
		    s->config.path,
		    (unsigned long long)(room.free_octets >> 20));
	if (room.free_inodes < reserve(s, room.inodes, inodes))
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 1),
		    "the disk of the spool %s has hardly any inodes left: "
		    "%llu", s->config.path,
		    (unsigned long long)room.free_inodes);
	return true;
}

/* ---- the file ---- */

/* Is it lack of a feature that O_TMPFILE fails for? */
static bool
is_missing(int error)
{
	return error == EOPNOTSUPP || error == EISDIR || error == ENOENT ||
	    error == EINVAL;
}

/* With a name in tmp/, which recovery removes unless it is locked. */
static int
open_named(struct store *s, struct draft *d, struct outcome *why)
{
	int tmp = file_folder(s, IN_TMP, why), fd;

	if (tmp < 0)
		return -1;
	fd = openat(tmp, d->mail.id,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	d->has_name = fd >= 0;
	if (fd < 0)
		file_refuse(s, why, "make a file", errno);
	return fd;
}

static bool
open_file(struct store *s, struct draft *d, struct outcome *why)
{
	if (name_can_come_later())
		d->fd = openat(s->folder[IN_QUEUE], ".",
		    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (d->fd < 0 && name_can_come_later() && !is_missing(errno))
		return file_refuse(s, why, "make a file", errno);
	if (d->fd < 0)
		d->fd = open_named(s, d, why);
	if (d->fd < 0)
		return false;
	if (fchmod(d->fd, 0600) < 0 || !job_lock(d->fd) ||
	    (d->has_name &&
		!name_is_of(d->fd, s->folder[IN_TMP], d->mail.id)))
		return file_refuse(s, why, "make a file", errno);
	return true;
}

/* ---- begin ---- */

static void
set_id(struct stored *m)
{
	int64_t now = clock_wall_milliseconds();
	unsigned char random[ULID_RANDOM];

	if (m->created == 0)
		m->created = now / 1000;
	if (m->id[0])
		return;
	random_draw(random, sizeof random);
	ulid_make(m->id, (uint64_t)now, random);
}

static bool
copy_facts(struct draft *d, const struct stored *m, struct outcome *why)
{
	d->mail = *m;
	d->mail.envelope = (struct envelope){ 0 };
	set_id(&d->mail);
	format_envelope_put(&d->records, &m->envelope);
	if (!ulid_is_valid(slice_of(d->mail.id)) ||
	    !layout_make(&d->layout, m->envelope.n, d->records.n, 0, 0))
		return outcome_fail(why, FAILED, STAGE_SYSTEM, ESC(5, 3, 4),
		    "this message cannot be stored");
	return true;
}

struct draft *
store_begin(struct store *s, const struct stored *m, struct outcome *why)
{
	struct draft *d;

	if (!m->may_fill && !has_room(s, why))
		return NULL;
	d = mem_alloc(sizeof *d);
	d->store = s;
	d->fd = -1;
	if (copy_facts(d, m, why) && open_file(s, d, why))
		return d;
	store_discard(s, d);
	return NULL;
}

const char *
draft_id(const struct draft *d)
{
	return d->mail.id;
}

struct stored *
draft_facts(struct draft *d)
{
	return &d->mail;
}

void
draft_states(struct draft *d, const struct mail_slot *mail,
    const struct slot *slots)
{
	size_t n = size_mul(d->layout.rcpts, sizeof *slots);

	free(d->slots);
	free(d->mail_slot);
	d->slots = mem_alloc(n);
	memcpy(d->slots, slots, n);
	d->mail_slot = mem_alloc(sizeof *mail);
	*d->mail_slot = *mail;
}

void
store_discard(struct store *s, struct draft *d)
{
	if (d->fd >= 0 && d->has_name &&
	    name_is_of(d->fd, s->folder[IN_TMP], d->mail.id))
		unlinkat(s->folder[IN_TMP], d->mail.id, 0);
	if (d->fd >= 0)
		close(d->fd);
	buf_free(&d->records);
	buf_free(&d->block);
	buf_free(&d->sums);
	free(d->slots);
	free(d->mail_slot);
	free(d);
}

/* ---- text ---- */

/* An error is final: nobody knows what is in the file then. */
static bool
write_at(struct draft *d, uint64_t at, struct slice data)
{
	while (data.n > 0) {
		ssize_t n = pwrite(d->fd, data.p, data.n, (off_t)at);

		if (n < 0 && errno != EINTR) {
			outcome_fail(&d->failed, DEFERRED, STAGE_SYSTEM,
			    errno == ENOSPC || errno == EDQUOT ? ESC(4, 3, 1) :
								 ESC(4, 3, 0),
			    "write message file %s: %s", d->mail.id,
			    strerror(errno));
			return false;
		}
		data = slice_from(data, n > 0 ? (size_t)n : 0);
		at += n > 0 ? (uint64_t)n : 0;
	}
	return true;
}

static void
put_sum(struct draft *d, struct slice block)
{
	char sum[4];

	octets_put(sum, sizeof sum, crc32c(0, block));
	buf_put(&d->sums, (struct slice){ sum, sizeof sum });
}

static bool
write_block(struct draft *d, struct slice block)
{
	put_sum(d, block);
	if (!write_at(d, d->layout.text + d->written, block))
		return false;
	d->written += block.n;
	return d->written % ROOM_CHECK != 0 || d->mail.may_fill ||
	    has_room(d->store, &d->failed);
}

/* The part of text that fills the block; what is whole goes to the file. */
static bool
take_part(struct draft *d, struct slice *text)
{
	struct slice part = slice_first(*text, FORMAT_BLOCK - d->block.n);

	*text = slice_from(*text, part.n);
	if (part.n == FORMAT_BLOCK)
		return write_block(d, part);
	buf_put(&d->block, part);
	if (d->block.n < FORMAT_BLOCK)
		return true;
	if (!write_block(d, buf_slice(&d->block)))
		return false;
	buf_clear(&d->block);
	return true;
}

bool
store_write(struct draft *d, struct slice text, struct outcome *why)
{
	while (d->failed.verdict == PENDING && text.n > 0)
		take_part(d, &text);
	if (d->failed.verdict != PENDING)
		*why = d->failed;
	return d->failed.verdict == PENDING;
}

/* ---- the rest of the file ---- */

/* What a message begins with: its first try is booked (QUEUE.md, Schedule). */
static struct mail_slot
first_slot(const struct stored *m)
{
	struct mail_slot s = { .held = m->hold };

	if (m->not_before > m->created)
		s.next_try = m->not_before;
	else if (!m->queue_only && !m->hold)
		s = (struct mail_slot){ .runs = 1,
			.next_try = m->created + FIRST_TRY };
	return s;
}

static void
put_banks(struct buf *out, const struct draft *d, const struct layout *l)
{
	const struct slot pending = { .state = SLOT_PENDING };
	struct mail_slot mail =
	    d->mail_slot ? *d->mail_slot : first_slot(&d->mail);
	struct slot_key key = { .seed = format_seed(&d->mail) };
	size_t size = (size_t)(l->bank[1] - l->bank[0]);
	char *to = buf_reserve(out, 2 * size);

	memset(to, 0, 2 * size);
	for (size_t bank = 0; bank < 2; bank++, to += size) {
		key.sequence = bank == 0;
		key.number = 0;
		format_mail_slot_put(to, key, &mail);
		for (size_t i = 1; i <= l->rcpts; i++) {
			key.number = (uint32_t)i;
			format_slot_put(to + i * FORMAT_SLOT, key,
			    d->slots ? &d->slots[i - 1] : &pending);
		}
	}
	buf_grow(out, 2 * size);
}

static void
put_front(struct buf *out, const struct draft *d, const struct layout *l)
{
	char header[FORMAT_HEADER];

	format_header_put(header, &d->mail, l,
	    crc32c(0, buf_slice(&d->records)));
	buf_put(out, (struct slice){ header, sizeof header });
	put_banks(out, d, l);
	buf_put(out, buf_slice(&d->records));
}

/* The last of the text, and what comes behind it. */
static void
put_back(struct buf *out, struct draft *d, const struct layout *l,
    struct slice redo)
{
	char trailer[FORMAT_TRAILER];

	if (d->block.n > 0)
		put_sum(d, buf_slice(&d->block));
	format_trailer_put(trailer, l, crc32c(0, buf_slice(&d->sums)),
	    crc32c(0, redo));
	buf_put(out, buf_slice(&d->block));
	buf_put(out, buf_slice(&d->sums));
	buf_put(out, redo);
	buf_put(out, (struct slice){ trailer, sizeof trailer });
}

static bool
write_rest(struct draft *d, const struct layout *l, struct slice redo)
{
	struct buf front = { 0 }, back = { 0 };
	bool ok;

	put_front(&front, d, l);
	put_back(d->written == 0 ? &front : &back, d, l, redo);
	ok = write_at(d, l->text + d->written, buf_slice(&back)) &&
	    write_at(d, 0, buf_slice(&front));
	buf_free(&front);
	buf_free(&back);
	return ok;
}

bool
file_draft_finish(struct draft *d, struct slice redo, size_t nredo,
    struct outcome *why)
{
	struct layout l;

	d->mail.size = d->written + d->block.n;
	if (d->mail.head > d->mail.size)
		d->mail.head = d->mail.size;
	if (d->failed.verdict == PENDING &&
	    layout_make(&l, d->layout.rcpts, d->records.n, d->mail.size,
		nredo) &&
	    write_rest(d, &l, redo))
		return true;
	*why = d->failed;
	return false;
}

void
file_draft_into(struct store *s, struct draft *d, struct job *job)
{
	job->fd[JOB_FILE] = d->fd;
	job->fd[JOB_TMP] = s->folder[IN_TMP];
	job->spec.has_name = d->has_name;
	snprintf(job->spec.id, sizeof job->spec.id, "%s", d->mail.id);
}

void
store_commit(struct store *s, struct draft *d, void *owner)
{
	struct request *r = file_request_new(s, JOB_COMMIT, owner);
	struct outcome why;

	r->draft = d;
	file_draft_into(s, d, &r->job);
	if (file_key_into(s, &d->mail, &r->job, &why) &&
	    file_draft_finish(d, (struct slice){ 0 }, 0, &why))
		file_request_start(s, r);
	else
		file_request_refuse(s, r, &why);
}
