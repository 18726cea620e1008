/* SPDX-License-Identifier: ISC */
/*
 * file_load.c - from the file of a message to an entry.
 *
 * Header, banks and envelope of an ordinary message come with one read.  What
 * the file says of lengths is believed only as far as the file is long.
 */
#include "spool/file_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "net/random.h"
#include "spool/key.h"

#define FIRST_READ 16384

/* What precedes the text, in memory. */
struct front {
	char first[FIRST_READ];
	char *more;	/* all of it where it is longer; or NULL */
	const char *p;
	size_t n;	/* as much as there is of it in p */
};

bool
file_read_at(int fd, uint64_t at, char *to, size_t n)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)at);

		if (got == 0)
			errno = ENODATA;
		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		if (got < 0)
			continue;
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

void
stored_free(struct stored *m)
{
	envelope_free(&m->envelope);
	*m = (struct stored){ 0 };
}

void
file_entry_free(struct file_entry *e)
{
	if (e->fd >= 0)
		close(e->fd);
	stored_free(&e->entry.mail);
	free(e->entry.slots);
	free(e->where);
	free(e);
}

/* ---- what is said when it cannot be ---- */

static enum store_take
broken(struct outcome *why, const char *id, const char *what)
{
	outcome_fail(why, FAILED, STAGE_READ, ESC(5, 3, 0),
	    "the message file %s is damaged: %s", id ? id : "of a report",
	    what);
	return STORE_CORRUPT;
}

/* It became shorter since it was measured, or the disk refuses. */
static enum store_take
unreadable(struct outcome *why, const char *id)
{
	int error = errno;

	if (error == ENODATA)
		return broken(why, id, "it is too short");
	outcome_fail(why, DEFERRED, STAGE_READ, ESC(4, 3, 0),
	    "read message file %s: %s", id ? id : "of a report",
	    strerror(error));
	return error == EIO ? STORE_UNREADABLE : STORE_REFUSED;
}

/* ---- the parts ---- */

static bool
read_first(int fd, uint64_t size, struct front *f)
{
	f->more = NULL;
	f->p = f->first;
	f->n = size < FIRST_READ ? (size_t)size : FIRST_READ;
	return file_read_at(fd, 0, f->first, f->n);
}

/* All up to n, which the file has. */
static bool
read_more(int fd, uint64_t n, struct front *f)
{
	if (n <= f->n)
		return true;
	f->more = mem_alloc((size_t)n);
	memcpy(f->more, f->first, f->n);
	f->p = f->more;
	if (!file_read_at(fd, f->n, f->more + f->n, (size_t)n - f->n))
		return false;
	f->n = (size_t)n;
	return true;
}

/* The twins of a slot; which counts, or NULL. */
static const char *
pick(struct file_entry *e, const char *front, size_t number)
{
	const char *const twin[2] = {
		front + e->layout.bank[0] + number * FORMAT_SLOT,
		front + e->layout.bank[1] + number * FORMAT_SLOT,
	};
	struct slot_key key = { .seed = e->seed, .number = (uint32_t)number };
	int which = format_slot_pick(twin, &key);

	e->where[number].sequence = key.sequence;
	e->where[number].bank = which == 1;
	return which < 0 ? NULL : twin[which];
}

/* Of whom both are bad nobody knows whether he had it: he is held. */
static void
read_slots(struct file_entry *e, const char *front)
{
	struct entry *entry = &e->entry;
	const char *slot = pick(e, front, 0);
	bool lost = !slot;

	if (slot)
		format_mail_slot_get(slot, &entry->slot);
	for (size_t i = 0; i < e->layout.rcpts; i++) {
		slot = pick(e, front, i + 1);
		if (slot && format_slot_get(slot, &entry->slots[i]))
			continue;
		entry->slots[i] = (struct slot){ .state = SLOT_HELD };
		lost = true;
	}
	entry->slot.held |= lost;
}

bool
file_is_settled(const struct file_entry *e)
{
	for (size_t i = 0; i < e->layout.rcpts; i++)
		if (e->entry.slots[i].state != SLOT_DELIVERED &&
		    e->entry.slots[i].state != SLOT_BOUNCED)
			return false;
	return true;
}

static bool
read_envelope(struct file_entry *e, const char *front, uint32_t sum)
{
	struct envelope *envelope = &e->entry.mail.envelope;
	struct slice records = { front + e->layout.envelope,
		(size_t)(e->layout.text - e->layout.envelope) };

	if (crc32c(0, records) != sum)
		return false;
	envelope->key = e->hash;
	return format_envelope_get(records, e->layout.rcpts, envelope);
}

static enum store_take
check_trailer(struct file_entry *e, const struct front *f, struct outcome *why)
{
	uint64_t at = e->layout.trailer;
	char trailer[FORMAT_TRAILER];
	uint32_t sums, redo;

	if (e->layout.total <= f->n)
		memcpy(trailer, f->p + at, sizeof trailer);
	else if (!file_read_at(e->fd, at, trailer, sizeof trailer))
		return unreadable(why, e->entry.mail.id);
	if (!format_trailer_get(trailer, &e->layout, &sums, &redo))
		return broken(why, e->entry.mail.id, "its end");
	return STORE_TAKEN;
}

/* ---- the whole ---- */

static void
set_text(struct file_entry *e)
{
	const struct layout *l = &e->layout;

	e->entry.text = (struct content){
		.fd = e->fd,
		.offset = l->text,
		.length = e->over ? 0 : l->sums - l->text,
		.summed = l->text,
		.sums = l->sums,
	};
}

/* Header and length agree; the text may have been cut off behind it. */
static enum store_take
check_header(struct file_entry *e, const struct front *f, const char *id,
    uint64_t size, uint32_t *sum, struct outcome *why)
{
	const struct layout *l = &e->layout;

	if (f->n < FORMAT_HEADER)
		return broken(why, id, "it is too short");
	switch (format_header_get(f->p, &e->entry.mail, &e->layout, sum)) {
	case FORMAT_OK:
		break;
	case FORMAT_NEWER:
		outcome_fail(why, DEFERRED, STAGE_READ, ESC(4, 3, 0),
		    "the message file %s is of a later version",
		    id ? id : "of a report");
		return STORE_NEWER;
	case FORMAT_BROKEN:
		return broken(why, id, "its header");
	}
	e->over = key_is_over(l, size);
	if (size != l->total && !e->over)
		return broken(why, id, "its length is not what it was");
	if (id && strcmp(e->entry.mail.id, id) != 0)
		return broken(why, id, "it is of another message");
	return STORE_TAKEN;
}

static enum store_take
load(struct file_entry *e, struct front *f, const char *id, uint64_t size,
    struct outcome *why)
{
	enum store_take result;
	uint32_t sum;

	if (!read_first(e->fd, size, f))
		return unreadable(why, id);
	result = check_header(e, f, id, size, &sum, why);
	if (result != STORE_TAKEN)
		return result;
	if (!read_more(e->fd, e->layout.text, f))
		return unreadable(why, id);
	if (!read_envelope(e, f->p, sum))
		return broken(why, id, "its envelope");
	e->seed = format_seed(&e->entry.mail);
	e->entry.slots = mem_alloc(
	    size_mul(e->layout.rcpts, sizeof *e->entry.slots));
	e->where = mem_alloc(
	    size_mul(e->layout.rcpts + 1, sizeof *e->where));
	read_slots(e, f->p);
	set_text(e);
	if (e->over)
		return file_is_settled(e) ? STORE_TAKEN :
		    broken(why, id, "its text is missing");
	return check_trailer(e, f, why);
}

/* One for all messages of a store: to draw it is a system call. */
static struct hash_key
hash_key(struct store *s)
{
	if (s->hash.k[0] == 0)
		random_draw(&s->hash, sizeof s->hash);
	return s->hash;
}

enum store_take
file_load(struct store *s, int fd, const char *id, struct file_entry **out,
    struct outcome *why)
{
	struct file_entry *e = mem_alloc(sizeof *e);
	enum store_take result;
	struct front front;
	struct stat st;

	e->fd = fd;
	e->hash = hash_key(s);
	front.more = NULL;
	if (fstat(fd, &st) < 0)
		result = unreadable(why, id);
	else if (!S_ISREG(st.st_mode))
		result = broken(why, id, "it is no ordinary file");
	else
		result = load(e, &front, id, (uint64_t)st.st_size, why);
	free(front.more);
	if (result == STORE_TAKEN) {
		*out = e;
		return result;
	}
	e->fd = -1;
	file_entry_free(e);
	return result;
}
