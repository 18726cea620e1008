/* SPDX-License-Identifier: ISC */
/*
 * cli_options.c - any command line is understood, or refused with lines that
 * are safe to show; and the command that is shown in the right order is one.
 *
 * The words are lines of the input; the first says under which name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/options.h"

#define WORDS_MAX 32
#define SHOWN	  "in the right order:\n  "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct line {
	char *argv[WORDS_MAX + 1];
	int argc;
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
add(struct line *l, struct slice word)
{
	must(l->argc < WORDS_MAX);
	l->argv[l->argc++] = mem_dup(word);
	l->argv[l->argc] = NULL;
}

static void
free_line(struct line *l)
{
	for (int i = 0; i < l->argc; i++)
		free(l->argv[i]);
}

static void
check_says(struct slice says)
{
	struct slice rest = says, line;

	must(says.n == 0 || says.p[says.n - 1] == '\n');
	must(utf8_is_valid(says));
	while (slice_cut(&rest, '\n', &line))
		must(!ascii_has_control(line));
}

/* One word of a shell's line, as shell_word_put() quotes it. */
static void
take_word(struct slice *rest, struct buf *word)
{
	bool quoted = false;

	for (; rest->n > 0 && (quoted || rest->p[0] != ' ');
	     *rest = slice_from(*rest, 1)) {
		if (rest->p[0] == '\'') {
			quoted = !quoted;
		} else if (rest->p[0] == '\\' && !quoted) {
			*rest = slice_from(*rest, 1);
			buf_putc(word, rest->p[0]);
		} else {
			buf_putc(word, rest->p[0]);
		}
	}
	must(!quoted);
}

/* What can be pasted has all the words, and no option behind a recipient. */
static void
check_shown(struct slice text, const struct line *before)
{
	struct slice rest = slice_first(text, slice_find(text, '\n'));
	struct line after = { .argc = 0 };
	struct buf says = { 0 }, word = { 0 };
	struct settings s;

	while (rest.n > 0) {
		buf_clear(&word);
		take_word(&rest, &word);
		add(&after, buf_slice(&word));
		rest = slice_from(rest, 1);
	}
	must(after.argc >= before->argc - 1 && after.argc <= before->argc + 1);
	options_parse(after.argc, after.argv, &s, &says);
	must(!slice_starts(buf_slice(&says),
	    SLICE("smtpsend: a recipient may not begin with")));
	free_line(&after);
	buf_free(&word);
	buf_free(&says);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, word;
	struct buf says = { 0 };
	struct line l = { .argc = 0 };
	struct settings s;
	const char *shown;
	int status;

	while (l.argc < WORDS_MAX - 1 && slice_cut(&rest, '\n', &word))
		if (memchr(word.p, '\0', word.n) == NULL)
			add(&l, word);
	status = options_parse(l.argc, l.argv, &s, &says);
	must(status == EX_OK || status == EX_USAGE);
	must(status == EX_OK || says.n > 0);
	check_says(buf_slice(&says));
	shown = strstr(buf_str(&says), SHOWN);
	if (shown)
		check_shown(slice_of(shown + strlen(SHOWN)), &l);
	free_line(&l);
	buf_free(&says);
	return 0;
}
