/* SPDX-License-Identifier: ISC */
/* editor_module.c - see editor.h: libedit, in a module of its own. */
#include "desk/editor.h"

#include <histedit.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/ascii.h"
#include "base/mem.h"

#define HISTORY_LINES 500
#define SHOWN_MAX     40 /* of what a line could become */

struct editor {
	struct editor_call call;
	EditLine *el;
	History *history;
	mbstate_t half;		/* of a character of several octets */
};

static struct editor *
editor_of(EditLine *el)
{
	void *e = NULL;

	el_get(el, EL_CLIENTDATA, &e);
	return e;
}

static char *
show_prompt(EditLine *el)
{
	struct editor *e = editor_of(el);

	return (char *)e->call.prompt(e->call.self);
}

/* A whole character; one that is none in this locale is passed over. */
static int
read_character(EditLine *el, wchar_t *out)
{
	struct editor *e = editor_of(el);
	char octet;

	for (;;) {
		switch (e->call.key(e->call.self, &octet)) {
		case EDITOR_END:
			return 0;
		case EDITOR_GIVE_UP:
			return -1;
		case EDITOR_OCTET:
			break;
		}
		switch (mbrtowc(out, &octet, 1, &e->half)) {
		case (size_t)-2:
			continue;
		case (size_t)-1:
			memset(&e->half, 0, sizeof e->half);
			continue;
		default:
			return 1;
		}
	}
}

/* ---- completion ---- */

static size_t
common_length(struct slice a, struct slice b)
{
	size_t n = 0;

	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

/* What all that it could become begin with; how many those are. */
static size_t
find_common(struct editor *e, struct slice typed, struct buf *common)
{
	const char *line;
	size_t n = 0;

	for (; (line = e->call.complete(e->call.self, typed, n)); n++) {
		if (n == 0)
			buf_puts(common, line);
		else
			buf_cut(common, common_length(buf_slice(common),
			    slice_of(line)));
	}
	return n;
}

static void
show_all(struct editor *e, struct slice typed)
{
	struct buf b = { 0 };
	const char *line;

	buf_putc(&b, '\n');
	for (size_t i = 0; i < SHOWN_MAX &&
	     (line = e->call.complete(e->call.self, typed, i)); i++) {
		text_escape(&b, slice_of(line));
		buf_putc(&b, '\n');
	}
	fputs(buf_str(&b), stdout);
	fflush(stdout);
	buf_free(&b);
}

static unsigned char
complete(EditLine *el, int key)
{
	struct editor *e = editor_of(el);
	const LineInfo *info = el_line(el);
	struct buf typed = { 0 }, common = { 0 };
	unsigned char result = CC_REFRESH;
	size_t n;

	(void)key;
	buf_put(&typed, (struct slice){ info->buffer,
		(size_t)(info->cursor - info->buffer) });
	n = find_common(e, buf_slice(&typed), &common);
	if (n > 0 && common.n > typed.n) {
		el_deletestr(el, (int)typed.n);
		el_insertstr(el, buf_str(&common));
	} else if (n > 1) {
		show_all(e, buf_slice(&typed));
		result = CC_REDISPLAY;
	} else {
		result = CC_REFRESH_BEEP;
	}
	buf_free(&typed);
	buf_free(&common);
	return result;
}

/* ---- the table ---- */

static void
module_close(struct editor *e)
{
	if (e->el)
		el_end(e->el);
	if (e->history)
		history_end(e->history);
	free(e);
}

static void
configure(struct editor *e)
{
	HistEvent event;

	history(e->history, &event, H_SETSIZE, HISTORY_LINES);
	history(e->history, &event, H_SETUNIQUE, 1);
	el_set(e->el, EL_CLIENTDATA, e);
	el_set(e->el, EL_PROMPT, show_prompt);
	el_set(e->el, EL_SIGNAL, 0);
	el_set(e->el, EL_HIST, history, e->history);
	el_set(e->el, EL_EDITOR, "emacs");
	el_set(e->el, EL_GETCFN, read_character);
	el_set(e->el, EL_ADDFN, "smtp-complete", "complete the line",
	    complete);
	el_set(e->el, EL_BIND, "^I", "smtp-complete", NULL);
	el_set(e->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_source(e->el, NULL);
}

static struct editor *
module_open(const struct editor_call *call)
{
	struct editor *e = mem_alloc(sizeof *e);

	setlocale(LC_CTYPE, "");
	e->call = *call;
	e->el = el_init("smtpsend", stdin, stdout, stderr);
	e->history = history_init();
	if (!e->el || !e->history) {
		module_close(e);
		return NULL;
	}
	configure(e);
	return e;
}

static bool
module_read(struct editor *e, struct buf *line)
{
	const char *text;
	struct slice s;
	int n = 0;

	el_resize(e->el);
	text = el_gets(e->el, &n);
	if (!text || n <= 0)
		return false;
	s = (struct slice){ text, (size_t)n };
	buf_clear(line);
	buf_put(line, slice_first(s, slice_find(s, '\n')));
	return true;
}

static void
module_remember(struct editor *e, const char *line)
{
	HistEvent event;

	history(e->history, &event, H_ENTER, line);
}

static void
module_redraw(struct editor *e)
{
	el_set(e->el, EL_REFRESH);
}

const struct editor_module desk_module = {
	.open = module_open,
	.read = module_read,
	.remember = module_remember,
	.redraw = module_redraw,
	.close = module_close,
};
