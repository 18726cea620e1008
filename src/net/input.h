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

#include "base/buf.h"
#include "base/outcome.h"
#include "net/content.h"
#include "net/stop.h"

#define INPUT_MEMORY 1048576	/* most octets kept in memory */

/* What a line of a single dot is. */
enum input_dots {
	DOTS_ARE_CONTENT,	/* -i: nothing special */
	DOTS_END_TYPING,	/* the end of what is typed at a terminal */
	DOTS_END,		/* sendmail's: that, and dropped when it is the
				   last line of a pipe or file */
};

struct input {
	struct buf memory;	/* the message, when it is in no file */
	struct content content;	/* all of it; its file is ours to close */
	bool cr_ends;		/* it has no LF: a CR ends a line (lines.h) */
};

/*
 * Read all of the message from path, or from standard input when it is NULL.
 * False with *why: FAILED with STAGE_OPEN (absent, unreadable, a directory,
 * closed), STAGE_READ (a read error), STAGE_MESSAGE (it is empty); DEFERRED
 * with STAGE_SYSTEM (no room for the temporary file, or a signal that stop has
 * caught; stop may be NULL).  *in is to be freed
 * either way.
 */
bool input_read(struct input *in, const char *path, enum input_dots dots,
    struct stop *stop, struct outcome *why);
void input_free(struct input *in);

#endif
