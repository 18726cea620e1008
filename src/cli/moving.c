/* SPDX-License-Identifier: ISC */
/* moving.c - see moving.h */
#include "cli/moving.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/leftover.h"
#include "import/import.h"
#include "net/file.h"

#define FILE_MAX 1048576 /* no configuration has more */

static int
refuse(const struct settings *s, const char *path, const char *why, int status)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: ", s->program);
	text_escape(&line, slice_of(path));
	buf_putf(&line, ": %s\n", why);
	fputs(buf_str(&line), stderr);
	buf_free(&line);
	return status;
}

/* "msmtp:PATH" names the format; *path is what follows. */
static enum import_format
cut_format(const char **path)
{
	struct slice rest = slice_of(*path), word;
	enum import_format f;

	slice_cut(&rest, ':', &word);
	f = rest.p ? import_format_named(word) : IMPORT_NFORMATS;
	if (f != IMPORT_NFORMATS)
		*path = rest.p;
	return f;
}

static bool
load(void *ctx, const char *path, struct buf *out)
{
	(void)ctx;
	out->max = FILE_MAX;
	return file_read(path, out);
}

/* From /: what is shown is to be right in any folder. */
static void
put_path(struct buf *out, const char *path, bool is_folder)
{
	char here[4096];

	if (path[0] != '/' && getcwd(here, sizeof here))
		buf_putf(out, "%s/", here);
	buf_puts(out, path);
	if (is_folder && path[strlen(path) - 1] != '/')
		buf_putc(out, '/');
}

static int
convert(enum import_format format, const char *path, struct slice text)
{
	const struct import_source source = { .load = load };
	struct buf out = { 0 };
	struct slice made;
	int status = EX_OK;

	leftover_put(&out, "");
	import_convert(format, path, text, &source, &out);
	made = buf_slice(&out);
	if (fwrite(made.p, 1, made.n, stdout) != made.n ||
	    fflush(stdout) != 0)
		status = EX_IOERR;
	buf_free(&out);
	return status;
}

/* path is a folder, or a file with this text. */
static int
move_in(const struct settings *s, enum import_format format, const char *path,
    struct slice text, bool is_folder)
{
	struct buf full = { 0 };
	int status;

	put_path(&full, path, is_folder);
	if (format == IMPORT_NFORMATS)
		format = import_recognise(buf_str(&full), text);
	if (format == IMPORT_NFORMATS)
		status = refuse(s, path, "it is not clear of which program "
		    "this is: write FORMAT:FILE, with msmtp, ssmtp, dma, "
		    "nullmailer, esmtp or postfix", EX_DATAERR);
	else if (is_folder && format != IMPORT_NULLMAILER)
		status = refuse(s, path, "a file is wanted, not a folder",
		    EX_NOINPUT);
	else
		status = convert(format, buf_str(&full), text);
	buf_free(&full);
	return status;
}

int
moving_run(const struct settings *s)
{
	const char *path = s->show.import;
	enum import_format format = cut_format(&path);
	struct buf text = { 0 };
	bool is_file = load(NULL, path, &text);
	int status;

	if (!is_file && errno != EISDIR)
		status = refuse(s, path, strerror(errno), EX_NOINPUT);
	else
		status = move_in(s, format, path, buf_slice(&text), !is_file);
	if (text.base)
		explicit_bzero(text.base, text.cap);
	buf_free(&text);
	return status;
}
