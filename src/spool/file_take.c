/* SPDX-License-Identifier: ISC */
/*
 * file_take.c - who has a message alone: an OFD lock on its file, which dies
 * with the process.  What was locked is then still what has the name.
 */
#include "spool/file_impl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spool/name.h"
#include "spool/ulid.h"

void
file_hidden_name(char out[JOB_NAME], const char *id, uint32_t generation)
{
	snprintf(out, JOB_NAME, ".%s.%u", id, (unsigned)generation);
}

void
file_words_name(char out[JOB_NAME], const char *id)
{
	snprintf(out, JOB_NAME, ".%s.why", id);
}

enum folder
file_folder_of(enum store_place place)
{
	switch (place) {
	case STORE_QUEUE:
		return IN_QUEUE;
	case STORE_HELD:
		return IN_HELD;
	case STORE_BAD:
		break;
	}
	return IN_CORRUPT;
}

/* ---- out of the way ---- */

static bool
file_move(struct store *s, const char *id, enum folder from, enum folder to,
    struct outcome *why)
{
	char words[JOB_NAME];
	int a = file_folder(s, from, why), b = file_folder(s, to, why);

	if (a < 0 || b < 0)
		return false;
	if (!name_move(a, id, b, id))
		return file_refuse(s, why, "move a message aside", errno);
	file_words_name(words, id);
	renameat(a, words, b, words);
	if (fsync(b) < 0 || fsync(a) < 0)
		return file_refuse(s, why, "sync the folder of what is aside",
		    errno);
	return true;
}

/* *why says what is wrong with it; where it cannot be moved it stays. */
static void
put_away(struct store *s, const char *id, enum folder from)
{
	struct outcome ignored;

	if (from == IN_QUEUE)
		file_move(s, id, IN_QUEUE, IN_CORRUPT, &ignored);
}

/* ---- open ---- */

static enum store_take
cannot_open(struct outcome *why, const char *id)
{
	if (errno == ENOENT) {
		outcome_fail(why, FAILED, STAGE_OPEN, ESC(5, 3, 0),
		    "there is no message %s", id);
		return STORE_GONE;
	}
	if (errno == ELOOP || errno == EISDIR || errno == ENXIO) {
		outcome_fail(why, FAILED, STAGE_READ, ESC(5, 3, 0),
		    "the message file %s is no ordinary file", id);
		return STORE_CORRUPT;
	}
	outcome_fail(why, DEFERRED, STAGE_READ, ESC(4, 3, 0),
	    "open message file %s: %s", id, strerror(errno));
	return STORE_REFUSED;
}

static enum store_take
lock(int fd, int folder, const char *id, struct outcome *why)
{
	if (!job_lock(fd)) {
		outcome_fail(why, DEFERRED, STAGE_READ, ESC(4, 3, 0),
		    "lock message file %s: %s", id, strerror(errno));
		return errno == EAGAIN || errno == EACCES ? STORE_BUSY :
							    STORE_REFUSED;
	}
	if (name_is_of(fd, folder, id))
		return STORE_TAKEN;
	errno = ENOENT;
	return cannot_open(why, id);
}

static int
open_message(struct store *s, enum folder which, const char *id, int flags,
    struct outcome *why)
{
	int folder = file_folder(s, which, why);

	if (folder < 0)
		return -1;
	if (!ulid_is_valid(slice_of(id))) {
		errno = ENOENT;
		return -1;
	}
	return openat(folder, id,
	    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* ---- take and look ---- */

static enum store_take
open_and_load(struct store *s, enum store_place place, const char *id,
    bool take, struct file_entry **out, struct outcome *why)
{
	enum folder which = file_folder_of(place);
	enum store_take result = STORE_TAKEN;
	int fd = open_message(s, which, id, take ? O_RDWR : O_RDONLY, why);

	if (fd < 0)
		result = cannot_open(why, id);
	else if (take)
		result = lock(fd, s->folder[which], id, why);
	if (result == STORE_TAKEN)
		result = file_load(s, fd, id, out, why);
	if (result == STORE_TAKEN) {
		(*out)->entry.place = place;
		(*out)->taken = take;
		return result;
	}
	if (take && result == STORE_CORRUPT)
		put_away(s, id, which);
	if (fd >= 0)
		close(fd);
	return result;
}

enum store_take
store_take_at(struct store *s, enum store_place place, const char *id,
    struct entry **out, struct outcome *why)
{
	struct file_entry *e;
	enum store_take result = open_and_load(s, place, id, true, &e, why);

	if (result != STORE_TAKEN)
		return result;
	*out = &e->entry;
	if (place != STORE_QUEUE)
		return result;
	switch (file_finish_bounce(s, e, why)) {
	case LEFT_NOTHING:
		return STORE_TAKEN;
	case LEFT_FINISHED:
		file_entry_free(e);
		return store_take_at(s, place, id, out, why);
	case LEFT_UNFINISHED:
		break;
	}
	file_entry_free(e);
	return STORE_REFUSED;
}

bool
store_give_up(struct store *s, const char *id, struct outcome *why)
{
	int fd = open_message(s, IN_QUEUE, id, O_RDWR, why);
	enum store_take got = STORE_REFUSED;
	struct file_entry *e;
	struct outcome ignored;
	bool moved;

	if (fd < 0)
		return false;
	if (lock(fd, s->folder[IN_QUEUE], id, why) == STORE_TAKEN)
		got = file_load(s, fd, id, &e, why);
	if (got == STORE_TAKEN) {
		file_entry_free(e);
		return false;
	}
	moved = (got == STORE_UNREADABLE || got == STORE_CORRUPT) &&
	    file_move(s, id, IN_QUEUE, IN_CORRUPT, &ignored);
	close(fd);
	return moved;
}

enum store_take
store_look_at(struct store *s, enum store_place place, const char *id,
    struct entry **out, struct outcome *why)
{
	struct file_entry *e;
	enum store_take result = open_and_load(s, place, id, false, &e, why);

	if (result == STORE_TAKEN)
		*out = &e->entry;
	return result;
}

enum store_take
store_take(struct store *s, const char *id, struct entry **out,
    struct outcome *why)
{
	return store_take_at(s, STORE_QUEUE, id, out, why);
}

enum store_take
store_look(struct store *s, const char *id, struct entry **out,
    struct outcome *why)
{
	return store_look_at(s, STORE_QUEUE, id, out, why);
}

/* ---- and giving back ---- */

void
store_release(struct store *s, struct entry *entry)
{
	struct file_entry *e = (struct file_entry *)entry;

	assert(!e->running);
	if (e->removed)
		file_request_drop(s, e);
	else
		file_entry_free(e);
}

/* What else is to be done before a message may end. */
static bool
may_end(struct store *s, struct file_entry *e, struct outcome *why)
{
	assert(!e->running);
	return !e->unfinished ||
	    file_finish_bounce(s, e, why) != LEFT_UNFINISHED;
}

void
store_remove(struct store *s, struct entry *entry, void *owner)
{
	struct file_entry *e = (struct file_entry *)entry;
	struct request *r = file_request_new(s, JOB_REMOVE, owner);
	struct outcome why;

	if (!may_end(s, e, &why)) {
		file_request_refuse(s, r, &why);
		return;
	}
	e->removed = true;
	r->entry = e;
	r->job.fd[JOB_QUEUE] = s->folder[file_folder_of(entry->place)];
	file_key_end_into(s, e, r);
	file_request_start(s, r);
}

bool
store_settle(struct store *s, struct entry *entry)
{
	struct file_entry *e = (struct file_entry *)entry;
	enum folder which = file_folder_of(entry->place);
	struct outcome ignored;
	bool gone;

	if (!may_end(s, e, &ignored)) {
		store_release(s, entry);
		return false;
	}
	gone = unlinkat(s->folder[which], entry->mail.id, 0) == 0 ||
	    errno == ENOENT;
	if (gone)
		file_forget_words(s, which, entry->mail.id);
	if (gone)
		file_request_drop(s, e);
	else
		store_release(s, entry);
	return gone;
}

static void
move(struct store *s, struct entry *entry, enum folder to, void *owner)
{
	struct file_entry *e = (struct file_entry *)entry;
	struct request *r = file_request_new(s, JOB_MOVE, owner);
	struct job *job = &r->job;
	struct outcome why;

	job->fd[JOB_QUEUE] = s->folder[file_folder_of(entry->place)];
	job->fd[JOB_TO] = file_folder(s, to, &why);
	if (job->fd[JOB_TO] < 0) {
		file_request_refuse(s, r, &why);
		return;
	}
	r->entry = e;
	job->fd[JOB_ENTRY] = e->fd;
	memcpy(job->spec.id, entry->mail.id, sizeof job->spec.id);
	file_words_name(job->spec.hidden, entry->mail.id);
	file_request_start(s, r);
}

void
store_put_aside(struct store *s, struct entry *entry, enum store_place where,
    const char *reason, void *owner)
{
	store_tell(s, entry->mail.id, slice_of(reason));
	move(s, entry, file_folder_of(where), owner);
}

void
store_put_back(struct store *s, struct entry *entry, void *owner)
{
	move(s, entry, IN_QUEUE, owner);
}
