/* SPDX-License-Identifier: ISC */
/*
 * desk_impl.h - what the files of the desk share: desk.c has the tasks,
 * desk_choose.c finds their messages, desk_look.c reads them, desk_list.c says
 * what is there, desk_change.c changes them, desk_watch.c follows one.
 */
#ifndef QUEUE_DESK_IMPL_H
#define QUEUE_DESK_IMPL_H

#include "base/list.h"
#include "queue/desk.h"
#include "queue/health.h"
#include "queue/listing.h"

struct desk {
	struct store *store;
	struct runner *runner;
	struct store_config config;
	struct maillog *log;	/* or NULL */
	struct list tasks;
};

struct task {
	struct desk *desk;
	struct list_node node;
	struct viewer viewer;
	char *line;		/* what the request's slices point into */
	struct request request;
	struct buf ids;		/* those chosen, separated by NULs */
	size_t at;		/* in ids */
	bool listed, over;
	bool dropped;		/* who asked has gone */
	size_t n;		/* messages served */
	size_t others;		/* passed over: they are somebody else's */
	unsigned status;	/* sysexits; of the first that was not */

	/* of the message that is being served */
	struct entry *entry;	/* taken, or NULL */
	enum store_place place;	/* ... where it was found */
	struct mark *marks;	/* heap */
	bool owed, answered;	/* by the store; by runner_planned() too */
	struct store_answer answer;
	int64_t again, until;	/* when to look again, and how long; 0 */
	bool cancelled;		/* runner_cancel() was said */
	bool planned, watching;
	struct buf text;	/* a plan; events */

	void (*take_row)(void *self, const struct listing_row *row);
	void *self;		/* ... whose; NULL = lines */
	struct listing_row row;
	struct buf told;
	struct health health;
	uint64_t shown;		/* octets of a message's text */
};

/* What became of one message in this step. */
enum turn {
	TURN_NEXT,		/* the next one */
	TURN_AGAIN,		/* this one, in this step */
	TURN_WAIT,		/* this one, when something has come */
};

/* One message: its id; lines go to out. */
enum turn look_one(struct task *t, const char *id, struct buf *out);
enum turn list_one(struct task *t, const char *id, struct buf *out);
enum turn show_one(struct task *t, const char *id, struct buf *out);
enum turn why_one(struct task *t, const char *id, struct buf *out, int64_t now);
enum turn change_one(struct task *t, const char *id, struct buf *out,
    int64_t now, int64_t wall);
enum turn watch_one(struct task *t, const char *id, struct buf *out);
enum turn now_one(struct task *t, const char *id, struct buf *out, int64_t now,
    int64_t wall);

/* All that `status` has counted. */
void status_put(struct task *t, struct buf *out, int64_t wall);

/* What concerns no single message: sites, forget, and flush of all. */
void whole_put(struct task *t, struct buf *out, int64_t now);

/* Something has happened to the message that the task watches. */
void watch_news(struct task *t, const struct runner_news *news);

/* Fill t->ids with all that the request may mean. */
void task_choose(struct task *t, struct buf *out);

/* The request as a whole cannot be served; it is over. */
void task_error(struct task *t, struct buf *out, unsigned status,
    const char *text);

/* Say why a message is not there; why is only looked at where store.h fills
 * it. */
void task_absent(struct task *t, const char *id, enum store_take got,
    const struct outcome *why, struct buf *out);

/* Begin VERB_EDIT of t->entry; false, said in *out. */
bool task_edit(struct task *t, const char *id, struct buf *out);

/* Is it one that the request's patterns choose? */
bool task_matches(struct task *t, const struct entry *e);

/* Is it one that who asks may know of? */
bool task_owns(struct task *t, const char *id);

/*
 * Look at it; is it one of the task's?  NULL if not, and when it was named and
 * cannot be served *out says why.  Give it back with store_release().
 */
struct entry *task_look(struct task *t, const char *id, struct buf *out);

/* Say that a message could not be served; text as printf does. */
enum turn task_problem(struct task *t, const char *id, unsigned status,
    struct buf *out, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Fill t->row from a message. */
void task_fill_row(struct task *t, const struct entry *e);

#endif
