/* SPDX-License-Identifier: ISC */
/* textfile.h - reading small configuration files word by word. */
#ifndef NET_TEXTFILE_H
#define NET_TEXTFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/slice.h"

/* Zero-initialise; the line last read. */
struct textfile {
	FILE *f;
	char *line;
	size_t cap;
};

/* False when it cannot be read, or is no regular file.  Never waits. */
bool textfile_open(struct textfile *t, const char *path);
void textfile_close(struct textfile *t);

/*
 * The next line without what follows a '#', valid until the next call; false at
 * the end.
 */
bool textfile_line(struct textfile *t, struct slice *line);

/* Take the next word between blanks and tabs off *rest; false without one. */
bool textfile_word(struct slice *rest, struct slice *word);

#endif
