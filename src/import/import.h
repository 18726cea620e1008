/* SPDX-License-Identifier: ISC */
/*
 * import.h - the configuration of another program, as one of ours.
 *
 * A reader for each program fills relays, keys and notes; import_convert()
 * writes them as a configuration that config_parse() takes, whatever it was
 * given.  What has no counterpart becomes a comment "FILE:LINE: KEY: why".
 *
 * Secrets stay where they are: the output names a password-file, and shows in a
 * comment the command that copies the password there.  Values of keys that the
 * reader does not know are not shown either, they may be mistyped passwords.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include <stdbool.h>

#include "base/buf.h"

enum import_format {
	IMPORT_MSMTP,
	IMPORT_SSMTP,
	IMPORT_DMA,
	IMPORT_NULLMAILER,
	IMPORT_ESMTP,
	IMPORT_POSTFIX,
	IMPORT_NFORMATS, /* none of them */
};

/* How other files are read that the first one names, or that lie beside it. */
struct import_source {
	/* append the text of the file; false with errno */
	bool (*load)(void *ctx, const char *path, struct buf *out);
	void *ctx;
};

/* "msmtp", ... */
const char *import_format_name(enum import_format format);

/* The format of this name, or IMPORT_NFORMATS. */
enum import_format import_format_named(struct slice name);

/*
 * By the file's name, else by its content; IMPORT_NFORMATS: cannot tell.  The
 * folder of nullmailer is known by its name alone.
 */
enum import_format import_recognise(const char *path, struct slice text);

/*
 * Append our configuration to *out.  path is the file's, as comments and
 * commands shall show it; for nullmailer its folder's, with a / at its end, and
 * text is not used.
 */
void import_convert(enum import_format format, const char *path,
    struct slice text, const struct import_source *source, struct buf *out);

#endif
