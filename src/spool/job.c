/* SPDX-License-Identifier: ISC */
/* job.c - see job.h */
#include "spool/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool/key.h"
#include "spool/name.h"

static const char *const steps[] = {
	[STEP_NONE] = "nothing",
	[STEP_SYNC_FILE] = "sync the message file",
	[STEP_NAME] = "name the message file",
	[STEP_SYNC_FOLDER] = "sync the queue folder",
	[STEP_NAME_KEY] = "name the file of the key",
	[STEP_SYNC_KEYS] = "sync the folder of keys",
	[STEP_WRITE_MARK] = "write a state",
	[STEP_SYNC_MARK] = "sync a state",
	[STEP_RENAME] = "name the bounce",
	[STEP_REMOVE] = "remove the message file",
	[STEP_MOVE] = "move the message file",
	[STEP_LOST] = "wait for the process that records",
};

const char *
job_step_name(enum job_step step)
{
	return steps[step];
}

/* errno says why this step failed. */
static bool
fail(struct job *j, enum job_step step)
{
	j->result.error = errno;
	j->result.step = step;
	return false;
}

/* An interruption says nothing of the disk; any other error is final. */
static bool
sync_fd(int fd, int (*sync)(int))
{
	int n;

	do {
		n = sync(fd);
	} while (n < 0 && errno == EINTR);
	return n == 0;
}

static bool
sync_or_fail(struct job *j, enum job_fd which, enum job_step step)
{
	return sync_fd(j->fd[which], fsync) || fail(j, step);
}

bool
job_lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

bool
job_cut(int fd, uint64_t at)
{
	int n;

	do {
		n = ftruncate(fd, (off_t)at);
	} while (n < 0 && errno == EINTR);
	return n == 0;
}

/* ---- marks ---- */

static bool
write_all(int fd, const char *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			p += done;
			at += (uint64_t)done;
			n -= (size_t)done;
		}
	}
	return true;
}

static bool
write_marks(struct job *j, bool other)
{
	for (size_t i = 0; i < j->spec.nmarks; i++) {
		const struct job_mark *m = &j->marks[i];

		if (!write_all(j->fd[JOB_ENTRY], m->image, sizeof m->image,
			other ? m->other : m->at))
			return fail(j, STEP_WRITE_MARK);
	}
	return true;
}

static bool
sync_mark(struct job *j)
{
	return sync_fd(j->fd[JOB_ENTRY], fdatasync) || fail(j, STEP_SYNC_MARK);
}

/* Where the one slot cannot be written, perhaps its twin can (FAULTS 63). */
static bool
mark(struct job *j)
{
	if (write_marks(j, false) && sync_mark(j))
		return true;
	j->result.other = write_marks(j, true) && sync_mark(j);
	return j->result.other;
}

/* To the disk, if not through its cache. */
static bool
write_out(const struct job *j, unsigned how)
{
	int n;

	do {
		n = sync_file_range(j->fd[JOB_ENTRY], 0, 0, how);
	} while (n < 0 && errno == EINTR);
	return n == 0;
}

/* All are on their way before the first is waited for; the last of those that
 * have arrived, or NULL.  result.ok says which have. */
static struct job *
write_out_all(struct job *const job[], size_t n)
{
	struct job *last = NULL;

	for (size_t i = 0; i < n; i++) {
		job[i]->result = (struct job_result){ 0 };
		job[i]->result.ok = write_marks(job[i], false) &&
		    write_out(job[i], SYNC_FILE_RANGE_WRITE);
	}
	for (size_t i = 0; i < n; i++) {
		job[i]->result.ok = job[i]->result.ok &&
		    write_out(job[i], SYNC_FILE_RANGE_WAIT_BEFORE |
			SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
		if (job[i]->result.ok)
			last = job[i];
	}
	return last;
}

/* The sync of one has the disk flush what it holds of all.  What went wrong for
 * any of them is tried anew for each alone. */
void
job_run_marks(struct job *const job[], size_t n)
{
	struct job *last = n > 1 ? write_out_all(job, n) : NULL;
	bool flushed = last && sync_mark(last);

	for (size_t i = 0; i < n; i++)
		if (!flushed || !job[i]->result.ok)
			job_run(job[i]);
}

/* ---- names ---- */

static bool
name_file(struct job *j, enum job_fd folder, const char *name,
    enum job_step step)
{
	return name_give(j->fd[JOB_FILE],
	    j->spec.has_name ? j->fd[JOB_TMP] : -1, j->spec.id, j->fd[folder],
	    name) || fail(j, step);
}

/* The file is durable, then its name is. */
static bool
name_durably(struct job *j, const char *name)
{
	if (!name_file(j, JOB_QUEUE, name, STEP_NAME))
		return false;
	if (sync_or_fail(j, JOB_QUEUE, STEP_SYNC_FOLDER))
		return true;
	unlinkat(j->fd[JOB_QUEUE], name, 0);
	return false;
}

/* ---- the jobs ---- */

/*
 * Whose id was given has been here before.  Its name stays also when that
 * cannot be made durable: whoever gave it one may have been told that it is
 * safe.  Asked for again under this id, it is there.
 */
static bool
was_there(struct job *j)
{
	j->result.duplicate = sync_or_fail(j, JOB_QUEUE, STEP_SYNC_FOLDER);
	snprintf(j->result.id, sizeof j->result.id, "%s", j->spec.id);
	return j->result.duplicate;
}

/* Without an answer there is no name either: not even one of a recorder that
 * died on its way to the answer. */
static bool
take_back(struct job *j)
{
	if (name_is_of(j->fd[JOB_FILE], j->fd[JOB_QUEUE], j->spec.id))
		unlinkat(j->fd[JOB_QUEUE], j->spec.id, 0);
	if (j->spec.key[0] &&
	    name_is_of(j->fd[JOB_FILE], j->fd[JOB_KEYS], j->spec.key))
		key_drop(j);
	return false;
}

static bool
commit(struct job *j)
{
	enum key_found key = KEY_OURS;

	if (!sync_or_fail(j, JOB_FILE, STEP_SYNC_FILE))
		return take_back(j);
	if (j->spec.key[0])
		key = key_take(j);
	j->result.busy = key == KEY_BUSY;
	j->result.duplicate = key == KEY_DUPLICATE;
	if (key != KEY_OURS)
		return j->result.duplicate || take_back(j);
	if (name_durably(j, j->spec.id))
		return true;
	take_back(j);
	return j->result.step == STEP_NAME && j->result.error == EEXIST &&
	    was_there(j);
}

/* Whoever died may have come so far that it has the new name, or both. */
static bool
finish(struct job *j)
{
	int queue = j->fd[JOB_QUEUE];

	if (!mark(j))
		return false;
	if (!name_move(queue, j->spec.hidden, queue, j->spec.id)) {
		if (errno != ENOENT && errno != EEXIST)
			return fail(j, STEP_RENAME);
		if (errno == EEXIST &&
		    !name_is_same(queue, j->spec.hidden, j->spec.id))
			return fail(j, STEP_RENAME);
		unlinkat(queue, j->spec.hidden, 0);
	}
	return sync_or_fail(j, JOB_QUEUE, STEP_SYNC_FOLDER);
}

/* Run again after its end it has its last name already. */
static bool
bounce(struct job *j)
{
	if (!name_is_of(j->fd[JOB_FILE], j->fd[JOB_QUEUE], j->spec.id) &&
	    (!sync_or_fail(j, JOB_FILE, STEP_SYNC_FILE) ||
		!name_durably(j, j->spec.hidden)))
		return false;
	j->result.committed = true;
	return finish(j);
}

static bool
edit(struct job *j)
{
	if (!sync_or_fail(j, JOB_FILE, STEP_SYNC_FILE))
		return false;
	if (j->spec.key[0] && !key_replace(j))
		return fail(j, STEP_NAME_KEY);
	if (!name_replace(j->fd[JOB_FILE], j->fd[JOB_TMP], j->fd[JOB_QUEUE],
		j->spec.id))
		return fail(j, STEP_NAME);
	return sync_or_fail(j, JOB_QUEUE, STEP_SYNC_FOLDER);
}

/*
 * Rather no key than a message that comes back.  Where nobody is pending for
 * good, it is kept even with a text that could not be cut off.
 */
static void
end_key(struct job *j)
{
	int keys = j->fd[JOB_KEYS], entry = j->fd[JOB_ENTRY];

	if (!j->spec.key[0])
		return;
	if (!name_is_of(entry, keys, j->spec.key)) {
		key_cut_other(j);
		return;
	}
	if (j->spec.nmarks == 0 || mark(j)) {
		job_cut(entry, j->spec.text);
		return;
	}
	key_drop(j);
	fsync(keys);
}

static bool
remove_name(struct job *j)
{
	end_key(j);
	if (unlinkat(j->fd[JOB_QUEUE], j->spec.id, 0) < 0 && errno != ENOENT)
		return fail(j, STEP_REMOVE);
	return sync_or_fail(j, JOB_QUEUE, STEP_SYNC_FOLDER);
}

/* Whoever died may have moved it already. */
static bool
move(struct job *j)
{
	int from = j->fd[JOB_QUEUE], to = j->fd[JOB_TO];

	if (!name_move(from, j->spec.id, to, j->spec.id) &&
	    !name_is_of(j->fd[JOB_ENTRY], to, j->spec.id))
		return fail(j, STEP_MOVE);
	renameat(from, j->spec.hidden, to, j->spec.hidden);
	return sync_or_fail(j, JOB_TO, STEP_SYNC_FOLDER) &&
	    sync_or_fail(j, JOB_QUEUE, STEP_SYNC_FOLDER);
}

void
job_run(struct job *j)
{
	j->result = (struct job_result){ 0 };
	switch (j->spec.kind) {
	case JOB_COMMIT:
		j->result.ok = commit(j);
		break;
	case JOB_MARK:
		j->result.ok = mark(j);
		break;
	case JOB_BOUNCE:
		j->result.ok = bounce(j);
		break;
	case JOB_FINISH:
		j->result.ok = finish(j);
		break;
	case JOB_EDIT:
		j->result.ok = edit(j);
		break;
	case JOB_REMOVE:
		j->result.ok = remove_name(j);
		break;
	case JOB_KEY_END:
		end_key(j);
		j->result.ok = true;
		break;
	case JOB_MOVE:
		j->result.ok = move(j);
		break;
	case JOB_DROP:
		close(j->fd[JOB_ENTRY]);
		j->fd[JOB_ENTRY] = -1;
		j->result.ok = true;
		break;
	}
}
