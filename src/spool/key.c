/* SPDX-License-Identifier: ISC */
/* key.c - see key.h */
#include "spool/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "spool/name.h"

#define PAUSE 20  /* milliseconds for a maker who is at work */
#define TRIES 100 /* at a key that comes and goes */

void
key_name(char out[JOB_KEY], unsigned uid, const char *key)
{
	struct buf b = { 0 };
	char *slash;

	buf_putf(&b, "%u-", uid);
	base64_put(&b, slice_of(key));
	snprintf(out, JOB_KEY, "%s", buf_str(&b));
	while ((slash = strchr(out, '/')) != NULL)
		*slash = '_';
	buf_free(&b);
}

/* ---- whose key is there already ---- */

enum other {
	OTHER_GONE,	/* it is free again */
	OTHER_BUSY,	/* its maker has not named it yet */
	OTHER_SAFE,	/* in the queue, or over */
	OTHER_OLD,	/* over and to be forgotten */
	OTHER_LOST,	/* its maker died: it has only this name */
	OTHER_BAD,
};

static bool
sync_both(const struct job *j)
{
	return fsync(j->fd[JOB_KEYS]) == 0 && fsync(j->fd[JOB_QUEUE]) == 0;
}

/* What the file behind fd says of itself; its id to out. */
static enum other
judge(const struct job *j, int fd, char out[JOB_ID])
{
	char header[FORMAT_HEADER];
	struct stored m;
	struct layout l;
	struct stat st;
	uint32_t sum;

	if (pread(fd, header, sizeof header, 0) != (ssize_t)sizeof header ||
	    fstat(fd, &st) < 0 ||
	    format_header_get(header, &m, &l, &sum) != FORMAT_OK)
		return OTHER_BAD;
	memcpy(out, m.id, JOB_ID);
	if (key_is_over(&l, (uint64_t)st.st_size))
		return m.created < j->spec.key_since ? OTHER_OLD : OTHER_SAFE;
	if (st.st_nlink > 1)
		return OTHER_SAFE;
	return job_lock(fd) ? OTHER_LOST : OTHER_BUSY;
}

/*
 * What was lost gets the name that its maker would have given it; what has that
 * name already is the same message before an edit that was not finished.
 */
static enum other
adopt(const struct job *j, int fd, const char *id)
{
	int keys = j->fd[JOB_KEYS];

	if (!name_is_of(fd, keys, j->spec.key))
		return OTHER_GONE;
	return linkat(keys, j->spec.key, j->fd[JOB_QUEUE], id, 0) == 0 ||
		errno == EEXIST ? OTHER_SAFE : OTHER_BAD;
}

static enum other
look(struct job *j)
{
	int keys = j->fd[JOB_KEYS];
	int fd = openat(keys, j->spec.key, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	enum other found;

	if (fd < 0)
		return errno == ENOENT ? OTHER_GONE : OTHER_BAD;
	found = judge(j, fd, j->result.id);
	if (found == OTHER_LOST)
		found = adopt(j, fd, j->result.id);
	if (found == OTHER_OLD && name_is_of(fd, keys, j->spec.key))
		unlinkat(keys, j->spec.key, 0);
	close(fd);
	return found;
}

static bool
give(struct job *j, const char *name, int folder)
{
	if (j->spec.has_name)
		return linkat(j->fd[JOB_TMP], j->spec.id, folder, name, 0) ==
		    0 || name_is_of(j->fd[JOB_FILE], folder, name);
	return name_give(j->fd[JOB_FILE], -1, NULL, folder, name);
}

static enum key_found
failed(struct job *j, enum job_step step, int error)
{
	j->result.step = step;
	j->result.error = error;
	return KEY_FAILED;
}

enum key_found
key_take(struct job *j)
{
	const struct timespec pause = { .tv_nsec = PAUSE * 1000000 };
	bool waited = false;

	for (int i = 0; i < TRIES; i++) {
		if (give(j, j->spec.key, j->fd[JOB_KEYS])) {
			if (fsync(j->fd[JOB_KEYS]) == 0)
				return KEY_OURS;
			failed(j, STEP_SYNC_KEYS, errno);
			key_drop(j);
			return KEY_FAILED;
		}
		if (errno != EEXIST)
			return failed(j, STEP_NAME_KEY, errno);
		switch (look(j)) {
		case OTHER_GONE:
		case OTHER_OLD:
		case OTHER_LOST:
			break;
		case OTHER_BUSY:
			if (waited) {
				failed(j, STEP_NAME_KEY, EBUSY);
				return KEY_BUSY;
			}
			waited = nanosleep(&pause, NULL) == 0;
			break;
		case OTHER_SAFE:
			return sync_both(j) ? KEY_DUPLICATE :
			    failed(j, STEP_SYNC_KEYS, errno);
		case OTHER_BAD:
			return failed(j, STEP_NAME_KEY, EIO);
		}
	}
	return failed(j, STEP_NAME_KEY, EBUSY);
}

void
key_drop(struct job *j)
{
	unlinkat(j->fd[JOB_KEYS], j->spec.key, 0);
}

bool
key_replace(struct job *j)
{
	int tmp = j->fd[JOB_TMP];
	char name[JOB_ID + 2];

	if (name_is_of(j->fd[JOB_FILE], j->fd[JOB_KEYS], j->spec.key))
		return fsync(j->fd[JOB_KEYS]) == 0;
	snprintf(name, sizeof name, "K%s", j->spec.id);
	unlinkat(tmp, name, 0);
	return give(j, name, tmp) &&
	    renameat(tmp, name, j->fd[JOB_KEYS], j->spec.key) == 0 &&
	    fsync(j->fd[JOB_KEYS]) == 0;
}

void
key_cut_other(struct job *j)
{
	int fd = openat(j->fd[JOB_KEYS], j->spec.key,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	char header[FORMAT_HEADER];
	struct stored m;
	struct layout l;
	uint32_t sum;

	if (fd < 0)
		return;
	if (pread(fd, header, sizeof header, 0) == (ssize_t)sizeof header &&
	    format_header_get(header, &m, &l, &sum) == FORMAT_OK &&
	    strcmp(m.id, j->spec.id) == 0 &&
	    !(job_cut(fd, l.text) && fsync(fd) == 0)) {
		key_drop(j);
		fsync(j->fd[JOB_KEYS]);
	}
	close(fd);
}
