/* SPDX-License-Identifier: ISC */
/* textfile.c - see textfile.h */
#include "net/textfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A FIFO would let us wait for its writer, a device for ever. */
static int
open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return -1;
}

bool
textfile_open(struct textfile *t, const char *path)
{
	int fd = open_regular(path);

	t->f = fd < 0 ? NULL : fdopen(fd, "r");
	if (fd >= 0 && !t->f)
		close(fd);
	return t->f != NULL;
}

void
textfile_close(struct textfile *t)
{
	if (t->f)
		fclose(t->f);
	free(t->line);
	*t = (struct textfile){ 0 };
}

bool
textfile_line(struct textfile *t, struct slice *line)
{
	ssize_t n = getline(&t->line, &t->cap, t->f);

	if (n < 0)
		return false;
	*line = (struct slice){ t->line, (size_t)n };
	*line = slice_first(*line, slice_find(*line, '#'));
	return true;
}

static size_t
word_length(struct slice s)
{
	size_t blank = slice_find(s, ' '), tab = slice_find(s, '\t');

	return blank < tab ? blank : tab;
}

bool
textfile_word(struct slice *rest, struct slice *word)
{
	*rest = slice_trim(*rest);
	*word = slice_first(*rest, word_length(*rest));
	*rest = slice_from(*rest, word->n);
	return word->n > 0;
}
