/* SPDX-License-Identifier: ISC */
/* help.c - --help out of the option table. */
#include "cli/help.h"

#include <string.h>

#include "base/slice.h"
#include "config/options.h"

#define COLUMN	  28 /* where the help text begins */
#define LINE_WIDE 79

static const char usage[] =
    "usage: smtpsend [OPTION ...] RECIPIENT ... < MESSAGE\n"
    "       smtpsend -t [OPTION ...] < MESSAGE\n"
    "       smtpsend --sink [ADDR:PORT] [OPTION ...]\n"
    "\n"
    "Puts a message into the mail servers of its recipients.  Options come\n"
    "before recipients.  Silence and exit status 0 mean that a server took it\n"
    "for each of them, or that it is safe in the queue where that was asked.\n"
    "\n"
    "  echo hello | smtpsend bob@example.org          send a message\n"
    "  echo hello | smtpsend -v bob@example.org       send it and watch\n"
    "  smtpsend --explain bob@example.org             where would it go?\n"
    "  smtpsend -v --quit-after rcpt bob@example.org  would bob be taken?\n"
    "  smtpsend --sink 127.0.0.1:2525                 receive mail, to test\n";

/* "  -f, --from ADDR" */
static void
put_names(struct buf *out, const struct option *o)
{
	buf_puts(out, "  ");
	if (o->letter)
		buf_putf(out, "-%c", o->letter);
	else
		buf_puts(out, "  ");
	buf_puts(out, o->name && o->letter ? ", " : o->name ? "  " : "");
	if (o->name)
		buf_putf(out, "--%s", o->name);
	if (!o->arg_name)
		return;
	if (o->arg == ARG_REQUIRED)
		buf_putf(out, " %s", o->arg_name);
	else
		buf_putf(out, o->arg == ARG_GLUED ? "[%s]" : " [%s]",
		    o->arg_name);
}

static void
put_blanks(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, ' ');
}

/* Wrap words between COLUMN and the right edge; at is the current column. */
static void
put_wrapped(struct buf *out, size_t at, const char *text)
{
	struct slice rest = slice_of(text), word;
	size_t column = at;

	while (slice_cut(&rest, ' ', &word)) {
		if (column + 1 + word.n > LINE_WIDE) {
			buf_putc(out, '\n');
			column = 0;
		}
		if (column < COLUMN) {
			put_blanks(out, COLUMN - column);
			column = COLUMN;
		} else {
			buf_putc(out, ' ');
			column++;
		}
		buf_put(out, word);
		column += word.n;
	}
	buf_putc(out, '\n');
}

static void
put_option(struct buf *out, const struct option *o)
{
	size_t begin = out->n, wide;

	put_names(out, o);
	wide = out->n - begin;
	if (wide >= COLUMN - 1) {
		buf_putc(out, '\n');
		wide = 0;
	}
	put_wrapped(out, wide, o->help);
}

/* Letters without a text stand side by side: "  -A c|m, -c, -D FILE". */
static void
put_letters(struct buf *out, enum option_group group)
{
	const struct option *o;
	struct buf one = { 0 };
	size_t column = 0;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->group != group || o->scope == SCOPE_THEIRS)
			continue;
		buf_clear(&one);
		put_names(&one, o);
		if (column > 0)
			buf_putc(out, ',');
		if (column + 1 + one.n > LINE_WIDE) {
			buf_putc(out, '\n');
			column = 0;
		}
		if (column > 0)
			buf_consume(&one, 1); /* one blank is enough */
		buf_put(out, buf_slice(&one));
		column += 1 + one.n;
	}
	buf_putc(out, '\n');
	buf_free(&one);
}

static void
put_group(struct buf *out, enum option_group group)
{
	const struct option *o;

	buf_putf(out, "\n%s:\n", option_group_title(group));
	if (group == GROUP_SENDMAIL) {
		put_letters(out, group);
		return;
	}
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (o->group == group)
			put_option(out, o);
}

void
help_put(struct buf *out)
{
	buf_puts(out, usage);
	/* what is ignored exists under sendmail's names only, as --help not */
	for (int g = 0; g < GROUP_IGNORED; g++)
		put_group(out, (enum option_group)g);
}
