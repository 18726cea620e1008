/* SPDX-License-Identifier: ISC */
/* textfile.c - see textfile.h */
#include "net/textfile.h"

#include <stdlib.h>

bool
textfile_open(struct textfile *t, const char *path)
{
	t->f = fopen(path, "re");
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
