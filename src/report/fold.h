/* SPDX-License-Identifier: ISC */
/*
 * fold.h - the dialogue in fewer lines, for a person.
 *
 * What a server offers is one line instead of ten, and after STARTTLS only what
 * differs from before.  Each reply of a flight that went out at once is told
 * with the command that it answers.  Nothing else is changed, and whatever is
 * not as expected is shown as it came.
 */
#ifndef REPORT_FOLD_H
#define REPORT_FOLD_H

#include <stdbool.h>

#include "base/event.h"
#include "base/table.h"

/* Zero-initialise. */
struct fold {
	struct table talks;	/* by connection */
	unsigned gathering;	/* the one whose EHLO reply is coming in */
};

enum folded {
	FOLD_SHOW,	/* print the line as it is */
	FOLD_HIDE,	/* not now, or not at all */
	FOLD_TAG,	/* as it is, and behind it the text */
	FOLD_INSTEAD,	/* the text in its place */
};

/*
 * What to print of a line sent or received, or a body (EVENT_SENT, _RECEIVED,
 * _BODY).  The text is appended, raw; all events of a connection come here, in
 * order.
 */
enum folded fold_event(struct fold *f, const struct event *e,
    struct buf *text);

/*
 * The lines of an EHLO reply that came in only in part, each with an LF: nobody
 * else has shown them.  Its connection then gets the rest as it is.
 */
void fold_release(struct fold *f, struct buf *lines);

void fold_free(struct fold *f);

#endif
