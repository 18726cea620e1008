/* SPDX-License-Identifier: ISC */
/*
 * control_client.h - asking the daemon, over its control socket.
 *
 * Calls wait for the daemon, with a time limit: they are for programs that do
 * nothing else meanwhile.
 */
#ifndef QUEUE_CONTROL_CLIENT_H
#define QUEUE_CONTROL_CLIENT_H

#include <stdint.h>

#include "base/outcome.h"
#include "queue/request.h"

#define CONTROL_SOCKET "control" /* below [queue] run */

enum control_wake {
	CONTROL_WOKEN,		/* a daemon was told, and will try it now */
	CONTROL_NOBODY,		/* no daemon is there */
};

/*
 * Tell the daemon in the folder run of this message: it is tried at once.  Does
 * not wait for an answer; at most 1 s where many tell it at once.
 */
enum control_wake control_wake(const char *run, const char *id);

struct control_client;

/* NULL with *nobody: no daemon is there; or with *why: it cannot be asked. */
struct control_client *control_open(const char *run, bool *nobody,
    struct outcome *why);
void control_shut(struct control_client *c);

/* False with *why. */
bool control_ask(struct control_client *c, const struct request *r,
    struct outcome *why);

enum control_got {
	CONTROL_LINE,		/* an object; more will come */
	CONTROL_DONE,		/* the last: {"done":...} or {"error":...} */
	CONTROL_LATE,		/* nothing in this time; ask again */
	CONTROL_LOST,		/* *why */
};

/*
 * The next object of the answer, a line without its newline, which may be
 * changed and is good until the next call.  timeout: microseconds; 0 = what is
 * there now.
 */
enum control_got control_next(struct control_client *c, int64_t timeout,
    char **line, size_t *n, struct outcome *why);

/* Readable when there may be more: for a loop's poll. */
int control_fd(const struct control_client *c);

/* What `watch` tells, line by line. */
enum watch_event { WATCH_NONE, WATCH_TRY, WATCH_VERDICT, WATCH_END };
struct watch {
	enum watch_event event; /* NONE: a line of another kind */
	struct slice id, rcpt, orcpt;
	struct slice verdict; /* "delivered", "deferred", "failed" */
	struct slice host, addr, esc, stage, text, ours;
	unsigned code;
	int64_t next;		/* WATCH_END: seconds since 1970; 0 = it is
				   gone from the queue; -1 = it is held */
};

/* False when it is no object.  Slices point into the line. */
bool watch_read(struct watch *out, char *line, size_t n);
void watch_put(struct buf *out, const struct watch *w);

/*
 * {"done":true,"n":N,"status":S} or {"error":"text","status":S}: error is empty
 * unless it is one; status 0 = all went well.  False for another object.
 */
struct control_end {
	bool done;
	int64_t n;
	int64_t others;		/* messages of other users, passed over */
	unsigned status;	/* sysexits */
	struct slice error;
};
bool control_end_read(struct control_end *out, char *line, size_t n);

#endif
