/* SPDX-License-Identifier: ISC */
/* lastline.c - see lastline.h */
#include "report/lastline.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL 80

void
lastline_init(struct lastline *l)
{
	const char *term = getenv("TERM");

	*l = (struct lastline){ 0 };
	if (isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0)
		l->to = stderr;
}

size_t
lastline_columns(const struct lastline *l)
{
	struct winsize size = { 0 };

	if (!l->to || ioctl(fileno(l->to), TIOCGWINSZ, &size) != 0 ||
	    size.ws_col == 0)
		return USUAL - 1;
	return size.ws_col - 1u;
}

void
lastline_paint(struct lastline *l, const char *text)
{
	if (!l->to)
		return;
	fprintf(l->to, "\r%.*s\033[K", (int)lastline_columns(l), text);
	fflush(l->to);
	l->shown = true;
}

void
lastline_erase(struct lastline *l)
{
	if (!l->shown)
		return;
	fputs("\r\033[K", l->to);
	fflush(l->to);
	l->shown = false;
}
