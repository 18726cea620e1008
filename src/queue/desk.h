/* SPDX-License-Identifier: ISC */
/*
 * desk.h - where requests about the queue are served: behind the control
 * socket, or in a program that has the spool to itself.
 *
 * A request becomes a task; each step of it does a little, so that the loop of
 * a daemon goes on whatever is asked.  What it has to say are lines of JSON: of
 * `list` rows (listing.h), of `why` a row, its history (told.h) and a plan, of
 * `show` {"data":base64}; {"id":..,"problem":..,"status":..} for a message that
 * could not be served; at last {"done":true,"n":N,"status":S,"others":M}, where
 * M messages of other users were passed over.
 *
 * now is microseconds on the loop's clock, wall seconds since 1970.
 */
#ifndef QUEUE_DESK_H
#define QUEUE_DESK_H

#include "net/wait.h"
#include "queue/request.h"
#include "queue/runner.h"
#include "report/maillog.h"
#include "spool/store.h"

/* Who asks: his own messages, or all. */
struct viewer {
	unsigned uid;
	bool all;		/* root, an admin of the queue, its owner */
	bool none;		/* of a uid that belongs to nobody for long */
};

/*
 * Whose uid is it?  admin: he is in the group that may.  uids that are given to
 * one after the other (nobody; systemd's DynamicUser) have no messages.
 */
struct viewer viewer_of(unsigned uid, unsigned owner, bool admin);

struct desk;

/* The runner is the process's own, or NULL.  NULL with *why: no spool. */
struct desk *desk_new(const struct store_config *config, struct runner *runner,
    struct outcome *why);

/* All tasks must be over or dropped; waits for what the disk still owes. */
void desk_free(struct desk *d);

struct store *desk_store(struct desk *d);

/* Another runner takes over from the one it has, which is there still. */
void desk_set_runner(struct desk *d, struct runner *runner);

/* Who changed what is logged there; borrowed. */
void desk_log(struct desk *d, struct maillog *log);

/* What tasks wait for; between steps of them. */
void desk_wait(struct desk *d, struct wait *w, int64_t now);
void desk_step(struct desk *d, const struct wait *w, int64_t now);

struct task;

/*
 * Begin to serve the request in this line, which is taken over (heap).  What is
 * wrong with it is the first that the task says.
 */
struct task *desk_begin(struct desk *d, char *line, size_t n,
    struct viewer viewer);

/*
 * Give the rows of `list` to this function, in place of lines: for who shows
 * them in the same process.  The row is good for the call.
 */
struct listing_row;
void task_rows(struct task *t, void (*take)(void *self,
    const struct listing_row *row), void *self);

enum task_state {
	TASK_MORE,		/* step it again in the next turn */
	TASK_WAITS,		/* ... after a sleep: desk_wait() says when */
	TASK_OVER,		/* all is said */
};
enum task_state task_step(struct task *t, struct buf *out, int64_t now,
    int64_t wall);

/* It is over, or who asked has gone. */
void task_free(struct task *t);

#endif
