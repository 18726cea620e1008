/* SPDX-License-Identifier: ISC */
/*
 * file_key.c - keys of messages that begin, end, or were left (key.h).
 *
 * A message that ends is first made one that nobody is pending in, for good;
 * then it loses its text, then its name in the queue.  So a file that has only
 * its key's name, all of its text, and somebody pending is one whose maker died
 * before it could name it: recovery does.
 */
#include "spool/file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "spool/key.h"
#include "spool/name.h"

#define FIVE_DAYS (5 * 24 * 3600)

static int64_t
forget_before(const struct store *s, int64_t now)
{
	return now - (s->config.key_seconds ? s->config.key_seconds :
						    FIVE_DAYS);
}

bool
file_key_into(struct store *s, const struct stored *m, struct job *job,
    struct outcome *why)
{
	if (!m->key[0])
		return true;
	job->fd[JOB_KEYS] = file_folder(s, IN_KEYS, why);
	key_name(job->spec.key, m->uid, m->key);
	job->spec.key_since =
	    forget_before(s, clock_wall_milliseconds() / 1000);
	return job->fd[JOB_KEYS] >= 0;
}

/* ---- the end ---- */

/* Nobody is to be told. */
static void
end_all(struct request *r, struct file_entry *e)
{
	size_t n = e->layout.rcpts;
	struct mark *m = mem_alloc(size_mul(n, sizeof *m));

	for (size_t i = 0; i < n; i++) {
		m[i] = (struct mark){ .rcpt = i, .slot = e->entry.slots[i] };
		m[i].slot.state = SLOT_BOUNCED;
	}
	file_marks_into(r, e, m, n, false);
	free(m);
}

void
file_key_end_into(struct store *s, struct file_entry *e, struct request *r)
{
	struct job *job = &r->job;
	struct outcome ignored;

	memcpy(job->spec.id, e->entry.mail.id, sizeof job->spec.id);
	if (!e->entry.mail.key[0] || file_folder(s, IN_KEYS, &ignored) < 0)
		return;
	key_name(job->spec.key, e->entry.mail.uid, e->entry.mail.key);
	job->spec.text = e->layout.text;
	job->fd[JOB_KEYS] = s->folder[IN_KEYS];
	job->fd[JOB_ENTRY] = e->fd;
	if (!file_is_settled(e))
		end_all(r, e);
}

/* ---- what was left ---- */

/* Its older file is, with an edit that was not finished. */
static bool
is_aside(struct store *s, const char *id)
{
	struct outcome ignored;
	int held = file_folder(s, IN_HELD, &ignored);

	return held < 0 || faccessat(held, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
recover(struct store *s, struct file_entry *e, const char *name,
    int64_t before)
{
	int keys = s->folder[IN_KEYS], queue = s->folder[IN_QUEUE];
	struct stat st;

	if (fstat(e->fd, &st) < 0 || st.st_nlink != 1)
		return;
	if (!file_is_settled(e)) {
		if (!is_aside(s, e->entry.mail.id) &&
		    linkat(keys, name, queue, e->entry.mail.id, 0) ==
			0)
			fsync(queue);
	} else if (e->entry.mail.created < before) {
		unlinkat(keys, name, 0);
	} else if (!e->over) {
		job_cut(e->fd, e->layout.text);
	}
}

/* Of a file that makes no sense only its age is known. */
static void
forget_old(struct store *s, int fd, const char *name, int64_t before)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_nlink == 1 && st.st_mtime < before)
		unlinkat(s->folder[IN_KEYS], name, 0);
}

void
file_key_recover(struct store *s, const char *name, int64_t now)
{
	int fd = openat(s->folder[IN_KEYS], name,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct file_entry *e;
	struct outcome ignored;

	if (fd < 0)
		return;
	if (!job_lock(fd) || !name_is_of(fd, s->folder[IN_KEYS], name)) {
		close(fd);
		return;
	}
	if (file_load(s, fd, NULL, &e, &ignored) != STORE_TAKEN) {
		forget_old(s, fd, name, forget_before(s, now));
		close(fd);
		return;
	}
	recover(s, e, name, forget_before(s, now));
	file_entry_free(e);
}
