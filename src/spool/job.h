/* SPDX-License-Identifier: ISC */
/*
 * job.h - one durable step of the store, as plain data.
 *
 * What is to be written, synced and named for a request is put down in a struct
 * job; job_run() does it.  It may be run where the request was made, or in
 * another process that was given the same descriptors (recorder.h): a job names
 * no memory but its marks, and no file but by its descriptors and names below
 * them.  The jobs of one entry are run one after the other; those of different
 * entries in any order, and at the same time.
 *
 * The order inside a job is the store's promise (QUEUE.md, Enqueue and Delivery
 * 4 and 5): never a name before the file is synced, never an answer before the
 * folder is.
 */
#ifndef SPOOL_JOB_H
#define SPOOL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum job_kind {
	/* Sync JOB_FILE, name it id in JOB_QUEUE, sync that.  With a key it is
	 * named so in JOB_KEYS before; was there one, it is a duplicate. */
	JOB_COMMIT,
	/* Write the marks to JOB_ENTRY and sync it. */
	JOB_MARK,
	/* As JOB_COMMIT under the name `hidden`, which is the point of no
	 * return; as JOB_MARK; then rename hidden to id, sync the folder. */
	JOB_BOUNCE,
	/* What is left of a JOB_BOUNCE after its point of no return. */
	JOB_FINISH,
	/* Sync JOB_FILE, name it id in JOB_QUEUE instead of the one that is
	 * there (and the same for a key), sync that. */
	JOB_EDIT,
	/* As JOB_KEY_END; then take id away from JOB_QUEUE, sync that. */
	JOB_REMOVE,
	/* JOB_ENTRY is over: what keeps its key's name keeps no text, after
	 * the marks, if any, that nobody is pending in it. */
	JOB_KEY_END,
	/* Move id, and its last words, from JOB_QUEUE to JOB_TO; sync both. */
	JOB_MOVE,
	/* JOB_ENTRY has lost its name: close it, which gives its room back
	 * and takes a file system 20 ms and more for 100 MB. */
	JOB_DROP,
};

/* The descriptors of a job; -1 = it has none of that kind. */
enum job_fd {
	JOB_FILE,
	JOB_ENTRY,
	JOB_QUEUE,
	JOB_KEYS,
	JOB_TMP,
	JOB_TO,
	JOB_FDS,
};

#define JOB_SLOT 64	/* octets of a slot */
#define JOB_ID	 27	/* a ULID and its NUL */
#define JOB_NAME 64	/* of a hidden file: ".ID.4294967295" */
#define JOB_KEY	 200	/* of a key's file */

/* A slot is overwritten at `at`; where that fails, at `other`. */
struct job_mark {
	uint64_t at, other;
	char image[JOB_SLOT];
};

/* Where it went wrong, for the words (job_step_name()). */
enum job_step {
	STEP_NONE,
	STEP_SYNC_FILE,
	STEP_NAME,
	STEP_SYNC_FOLDER,
	STEP_NAME_KEY,
	STEP_SYNC_KEYS,
	STEP_WRITE_MARK,
	STEP_SYNC_MARK,
	STEP_RENAME,
	STEP_REMOVE,
	STEP_MOVE,
	STEP_LOST,	/* who was to run it died */
};

struct job_result {
	bool ok;		/* durable, all of it */
	bool duplicate;		/* JOB_COMMIT: ok, but it was there already */
	bool busy;		/* JOB_COMMIT: who has its key is at work;
				   run it again a little later */
	bool committed;		/* JOB_BOUNCE: past the point of no return */
	bool other;		/* the marks are at `other` */
	enum job_step step;	/* unless ok */
	int error;		/* ... and errno */
	char id[JOB_ID];	/* of what is there already */
};

/* What another process needs of a job, beside descriptors and marks. */
struct job_spec {
	enum job_kind kind;
	bool has_name;		/* JOB_FILE is id in JOB_TMP: no O_TMPFILE */
	char id[JOB_ID];
	char hidden[JOB_NAME];	/* or, of a JOB_MOVE, the last words */
	char key[JOB_KEY];	/* or empty */
	uint64_t text;		/* where that of JOB_ENTRY begins */
	int64_t key_since;	/* who is over and older than this is forgotten
				   (seconds since 1970) */
	size_t nmarks;
};

struct job {
	struct job_spec spec;
	int fd[JOB_FDS];	/* the maker's, but that of a JOB_DROP */
	struct job_mark *marks;	/* the maker's */
	struct job_result result; /* once it was run */
	void *owner;		/* the maker's own */
	unsigned lost;		/* recorders that died with it, or of it */
	struct job *next;	/* in the one row that it is in */
};

/* Do it, and fill job->result. */
void job_run(struct job *job);

/*
 * Do n JOB_MARKs of different entries that lie on one ext4, with one flush of
 * its disk for all of them.  There a block that is overwritten stays where it
 * is, so that its octets are all that has to get to the disk; file systems that
 * write elsewhere need a sync for each.
 */
void job_run_marks(struct job *const job[], size_t n);

/* Lock the file behind fd; false when somebody else has it. */
bool job_lock(int fd);

/* Cut the file behind fd off at that octet; false with errno. */
bool job_cut(int fd, uint64_t at);

/* "sync the message file", ... */
const char *job_step_name(enum job_step step);

#endif
