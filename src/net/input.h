/* SPDX-License-Identifier: ISC */
/*
 * input.h - the message as it comes in, before anything else happens.
 *
 * Up to 1 MiB lives in memory.  More of it goes to an unlinked temporary file,
 * or stays in the regular file it came from, which is watched for changes.  The
 * reads block, with the signals' default actions in place: ^C while a message
 * is typed just ends the program.
 */
#ifndef NET_INPUT_H
#define NET_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/outcome.h"

#define INPUT_MEMORY 1048576	/* most octets kept in memory */
#define INPUT_BLOCK  65536

/* What a line of a single dot is. */
enum input_dots {
	DOTS_ARE_CONTENT,	/* -i: nothing special */
	DOTS_END_TYPING,	/* the end of what is typed at a terminal */
	DOTS_END,		/* sendmail's: that, and dropped when it is the
				   last line of a pipe or file */
};

struct input {
	struct buf memory;	/* the message, when fd < 0 */
	int fd;			/* or the file it is in, or -1 */
	uint64_t offset;	/* where in the file it begins */
	uint64_t length;	/* octets of the message, wherever it is */
	int64_t stamp;		/* a watched file's time of change in ns; 0 =
				   nobody else can change it */
};

/*
 * Read all of the message from path, or from standard input when it is NULL.
 * False with *why: FAILED with STAGE_OPEN (absent, unreadable, a directory,
 * closed), STAGE_READ (a read error), STAGE_MESSAGE (it is empty); DEFERRED
 * with STAGE_SYSTEM (no room for the temporary file).  *in is to be freed
 * either way.
 */
bool input_read(struct input *in, const char *path, enum input_dots dots,
    struct outcome *why);
void input_free(struct input *in);

/*
 * The message from octet `at` on: all the rest when it is in memory, or a block
 * of the file, read into block.  Empty at the end.  False with *why (FAILED,
 * STAGE_READ) on a read error or when the file has changed.
 */
bool input_block(const struct input *in, uint64_t at, char block[INPUT_BLOCK],
    struct slice *out, struct outcome *why);

/*
 * Read exactly n octets from offset `from` of a message file.  False with *why
 * (DEFERRED, STAGE_READ) on a read error, when the file has become shorter, or
 * when its time of change is no longer the stamp (unless that is 0).
 */
bool input_pread(int fd, int64_t stamp, uint64_t from, char *to, size_t n,
    struct outcome *why);

#endif
