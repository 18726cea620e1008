/* SPDX-License-Identifier: ISC */
/*
 * input.h - the message as it comes in, before anything else happens.
 *
 * Up to 1 MiB lives in memory.  More of it goes to an unlinked temporary file,
 * or stays in the regular file it came from, which is watched for changes.  The
 * reads block, but for signals to stop (stop.h).
 */
#ifndef NET_INPUT_H
#define NET_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/outcome.h"
#include "net/content.h"
#include "net/spill.h"
#include "net/stop.h"

#define INPUT_MEMORY 1048576	/* most octets kept in memory */

/* What a line of a single dot is. */
enum input_dots {
	DOTS_ARE_CONTENT,	/* -i: nothing special */
	DOTS_END_TYPING,	/* the end of what is typed at a terminal */
	DOTS_END,		/* sendmail's: that, and dropped when it is the
				   last line of a pipe or file */
	DOTS_MUST_END,		/* ... and without it there is no message */
};

struct input {
	struct buf memory;	/* the message, when it is in no file */
	struct content content;	/* all of it */
	struct spill spill;	/* the file that was made for it, or not */
	int fd;			/* a file that it came from and stays in, or
				   -1; ours to close */
	bool cr_ends;		/* it has no LF: a CR ends a line (lines.h) */
};

#define INPUT_COPIED 1073741824 /* most octets that are copied, by default */

struct input_options {
	const char *path;	/* NULL: standard input */
	const char *what;	/* it is, to people; NULL: "message file" */
	bool may_be_empty;
	enum input_dots dots;
	struct stop *stop;	/* signals that end the reading; or NULL */
	uint64_t max_size;	/* of the message; 0 = INPUT_COPIED, and no
				   limit for a file that is used where it is */
	/* do these octets, the first INPUT_MEMORY of more, hold all of a
	   header?  If not the rest need not be read; NULL: they do */
	bool (*has_header)(struct slice front);
};

/*
 * Read all of the message.  False with *why: FAILED with STAGE_OPEN (absent,
 * unreadable, a directory, closed), STAGE_READ (a read error), STAGE_MESSAGE
 * (it is empty or too large, or its header is) or STAGE_SYSTEM (no room for a
 * temporary file); DEFERRED with STAGE_SYSTEM (short of descriptors, or a
 * signal).  *in is to be freed either way.
 */
bool input_read(struct input *in, const struct input_options *o,
    struct outcome *why);
void input_free(struct input *in);

/*
 * Where standard input stands when it is a file; or -1.  A caller that shares
 * it and is told of a failure (bsd-mailx, for ~/dead.letter) finds the message
 * there again after input_give_back().
 */
off_t input_begins_at(void);
void input_give_back(off_t begins_at);

/*
 * Or make it here: *in is zeroed but for its descriptors, which are -1; then
 * pieces, then the end.  False with *why as above; of *o only max_size counts.
 */
bool input_put(struct input *in, const struct input_options *o,
    struct slice data, struct outcome *why);
void input_put_end(struct input *in);

#endif
