/* SPDX-License-Identifier: ISC */
/*
 * file_impl.h - the store in files, for the file_*.c that it is made of.
 *
 *	queue/ID	a message, alive as long as it has this name
 *	queue/.ID.N	its bounce of generation N, on its way to a name
 *	queue/.ID.why	last words of servers
 *	held/ corrupt/	messages that were put aside, by the same names
 *	keys/		UID-KEY: a further name of a message with a key
 *	tmp/		drafts, where a file cannot be made without a name
 */
#ifndef SPOOL_FILE_IMPL_H
#define SPOOL_FILE_IMPL_H

#include "spool/format.h"
#include "spool/job.h"
#include "spool/store.h"

enum folder { IN_ROOT, IN_QUEUE, IN_HELD, IN_CORRUPT, IN_KEYS, IN_TMP,
	NFOLDERS };

struct request;

struct request_row {
	struct request *first, *last;
};

struct store {
	struct store_config config;
	int folder[NFOLDERS];	/* -1 = not yet needed */
	char remark[160];
	struct hash_key hash;	/* of envelopes; drawn when needed */
	bool in_place;		/* marks need no room on this file system */
	bool shares;		/* ... and can share a sync (job_run_marks()) */
	struct recorders *recorders; /* NULL = jobs are run here */
	struct request_row done; /* whose answer was not yet taken */
	size_t owed;		/* answers */
	size_t dropping;	/* requests that nobody waits for */
};

struct draft {
	struct store *store;
	struct stored mail;	/* without its envelope */
	struct layout layout;	/* its text of no length */
	int fd;
	bool has_name;		/* in tmp/ */
	struct buf records;	/* the envelope */
	struct buf block;	/* what of the text is not in the file */
	struct buf sums;
	uint64_t written;	/* what is */
	struct slot *slots;	/* what they begin with; NULL = as usual */
	struct mail_slot *mail_slot;
	struct outcome failed;	/* verdict PENDING: not */
};

/* Which of the twins of a slot counts. */
struct where {
	uint32_t sequence;
	uint8_t bank;
	size_t mark;	/* its place in the request that is made, + 1 */
};

struct file_entry {
	struct entry entry;	/* first: they are the same to the caller */
	struct layout layout;
	int fd;
	bool taken;
	bool over;		/* its text was cut off */
	bool unfinished;	/* a report has its hidden name, and e's marks
				   or its last name could not be written */
	uint32_t seed;		/* of the sums of its slots */
	struct hash_key hash;	/* of its envelope */
	struct where *where;	/* by number: the message's, the recipients' */
	struct request *running; /* the one that is carried out */
	bool removed;		/* ... or was, by store_remove() */
	struct request_row waiting;
};

/* Something asked for, until its answer is taken. */
struct request {
	struct job job;
	struct store_answer answer;
	struct draft *draft;	/* or NULL; over when answered */
	struct file_entry *entry; /* or NULL */
	struct file_entry *gone; /* released when it is answered, or NULL */
	struct mark *before;	/* what the marks replaced, for a bounce that
				   came to nothing; or NULL */
	unsigned again;		/* runs of its job, but the last */
	struct request *next;
};

/* ---- file_open.c ---- */

/* The descriptor of a folder, opened or made at its first use; -1, *why. */
int file_folder(struct store *s, enum folder which, struct outcome *why);

/* "queue" */
const char *file_folder_name(enum folder which);

/* Why this machine could not: DEFERRED, "WHAT in PATH: reason". */
bool file_refuse(const struct store *s, struct outcome *why, const char *what,
    int error);

/* ---- file_request.c ---- */

struct request *file_request_new(struct store *s, enum job_kind kind,
    void *owner);

/* Carry it out after those of its entry. */
void file_request_start(struct store *s, struct request *r);

/* Release e, which has lost its name in the queue: a recorder gives its room
 * back. */
void file_request_drop(struct store *s, struct file_entry *e);

/* It is answered without having been carried out. */
void file_request_refuse(struct store *s, struct request *r,
    const struct outcome *why);

/* ---- file_draft.c ---- */

/* All is written to the file; redo are marks of its parent, or empty. */
bool file_draft_finish(struct draft *d, struct slice redo, size_t nredo,
    struct outcome *why);

/* The file of a draft into a job. */
void file_draft_into(struct store *s, struct draft *d, struct job *job);

/* ---- file_load.c ---- */

/* What is in the file, which should be of id, or NULL: of anyone; the entry of
 * a file that is STORE_TAKEN owns fd. */
enum store_take file_load(struct store *s, int fd, const char *id,
    struct file_entry **out, struct outcome *why);
void file_entry_free(struct file_entry *e);

/* Read n octets at `at`, no fewer. */
bool file_read_at(int fd, uint64_t at, char *to, size_t n);

/* Are all slots D or B? */
bool file_is_settled(const struct file_entry *e);

/* ---- file_take.c ---- */

enum folder file_folder_of(enum store_place place);

/* The name of the hidden bounce, or of the last words ("why"). */
void file_hidden_name(char out[JOB_NAME], const char *id, uint32_t generation);
void file_words_name(char out[JOB_NAME], const char *id);

/* ---- file_bounce.c ---- */

enum file_left { LEFT_NOTHING, LEFT_FINISHED, LEFT_UNFINISHED };

/*
 * Is there a report of e's that has no name yet?  Finished: e is to be read
 * again.  Unfinished: *why.
 */
enum file_left file_finish_bounce(struct store *s, struct file_entry *e,
    struct outcome *why);

/* ---- file_mark.c ---- */

/* The marks into r's job; what they replace into r->before, if keep. */
void file_marks_into(struct request *r, struct file_entry *e,
    const struct mark *m, size_t n, bool keep);

/* r, a request of e's with marks, was carried out: what counts now? */
void file_marks_done(struct request *r);

/* ---- file_key.c ---- */

/* Name the key of m, if it has one, in a job. */
bool file_key_into(struct store *s, const struct stored *m, struct job *job,
    struct outcome *why);

/*
 * e ends with this job, of kind JOB_KEY_END or JOB_REMOVE: what keeps its key's
 * name, if it has one, keeps no text, and nobody is pending in it.
 */
void file_key_end_into(struct store *s, struct file_entry *e,
    struct request *r);

/* What the dead have left in keys/. */
void file_key_recover(struct store *s, const char *name, int64_t now);

/* ---- file_tell.c ---- */

void file_forget_words(struct store *s, enum folder folder, const char *id);

#endif
