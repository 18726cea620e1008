/* SPDX-License-Identifier: ISC */
/* import.c - which program's it is, and what is written parses (import.h). */
#include "import/import_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/config.h"

#define TRIES_MAX 200 /* lines that our parser refuses, one by one */

static const struct {
	const char *name;
	const char *file;	/* how a path of it ends */
	bool machine;		/* never a user's own */
	void (*read)(struct import *im, struct slice text);
} formats[IMPORT_NFORMATS] = {
	[IMPORT_MSMTP] = { "msmtp", "msmtprc", false, import_msmtp },
	[IMPORT_SSMTP] = { "ssmtp", "ssmtp.conf", true, import_ssmtp },
	[IMPORT_DMA] = { "dma", "dma.conf", true, import_dma },
	[IMPORT_NULLMAILER] = { "nullmailer", "/nullmailer", true,
	    import_nullmailer },
	[IMPORT_ESMTP] = { "esmtp", "esmtprc", false, import_esmtp },
	[IMPORT_POSTFIX] = { "postfix", "main.cf", true, import_postfix },
};

const char *
import_format_name(enum import_format format)
{
	return format < IMPORT_NFORMATS ? formats[format].name : "?";
}

enum import_format
import_format_named(struct slice name)
{
	enum import_format f = 0;

	while (f < IMPORT_NFORMATS &&
	    !slice_eq_nocase(name, slice_of(formats[f].name)))
		f++;
	return f;
}

/* By the word that a line begins with, if only one format has it. */
static enum import_format
recognise_line(struct slice line)
{
	static const struct {
		const char *word;
		enum import_format format;
	} words[] = {
		{ "account", IMPORT_MSMTP },
		{ "defaults", IMPORT_MSMTP },
		{ "mailhub", IMPORT_SSMTP },
		{ "SMARTHOST", IMPORT_DMA },
		{ "SECURETRANSFER", IMPORT_DMA },
		{ "AUTHPATH", IMPORT_DMA },
		{ "NULLCLIENT", IMPORT_DMA },
		{ "identity", IMPORT_ESMTP },
		{ "qualifydomain", IMPORT_ESMTP },
		{ "username", IMPORT_ESMTP },
		{ "relayhost", IMPORT_POSTFIX },
		{ "myhostname", IMPORT_POSTFIX },
		{ "mydestination", IMPORT_POSTFIX },
	};
	size_t n = 0;

	while (n < line.n && ascii_is_alnum(line.p[n]))
		n++;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (slice_eq(slice_first(line, n), slice_of(words[i].word)))
			return words[i].format;
	return IMPORT_NFORMATS;
}

enum import_format
import_recognise(const char *path, struct slice text)
{
	enum import_format f = IMPORT_NFORMATS;
	struct slice p = slice_of(path), line;

	if (p.n > 0 && p.p[p.n - 1] == '/')
		p.n--;
	for (size_t i = 0; i < IMPORT_NFORMATS; i++)
		if (slice_ends_nocase(p, slice_of(formats[i].file)))
			return (enum import_format)i;
	if (strstr(path, "/nullmailer/"))
		return IMPORT_NULLMAILER;
	while (f == IMPORT_NFORMATS && slice_cut(&text, '\n', &line))
		f = recognise_line(slice_trim(line));
	return f;
}

/* The number of the first line that our parser refuses; 0: it takes all. */
static unsigned
refused_line(struct slice text, struct buf *says)
{
	static char *const argv[] = { "smtpsend", NULL };
	struct config c = { 0 };
	struct settings s;
	struct slice rest;
	struct slice number;
	uint64_t line = 1;

	options_init(&s, argv[0]);
	if (config_parse(&c, "import", text, &s, says) &&
	    config_finish(&c, &s, says) == 0)
		line = 0;
	rest = slice_from(buf_slice(says), sizeof "import:" - 1);
	if (line != 0 && slice_cut(&rest, ':', &number) &&
	    !slice_to_uint(number, 1000000, &line))
		line = 1;
	config_free(&c);
	return (unsigned)line;
}

/* A "#" before part of a section, or before all that is left of it. */
static void
comment_line(struct buf *out, struct slice line)
{
	if (line.n == 0)
		return;
	buf_puts(out, line.p[0] == '#' ? "" : "# ");
	text_escape(out, line);
}

/* Not "import:12: ", which is no line of what comes out at last. */
static struct slice
without_place(struct slice says)
{
	return slice_from(says, slice_find(says, ' '));
}

/*
 * *text with this line as a comment, and what our parser said of it; a
 * section's whole, lest its keys belong to the one before.
 */
static void
comment_out(struct buf *text, unsigned line, struct slice says, bool to_end)
{
	struct buf out = { 0 };
	struct slice rest = buf_slice(text), part;
	bool off = false;

	for (unsigned n = 1; slice_cut(&rest, '\n', &part); n++) {
		if (n == line) {
			buf_puts(&out, "# not accepted here: ");
			text_escape(&out, slice_trim(without_place(says)));
			buf_putc(&out, '\n');
		} else if (!off || !to_end) {
			off = off && part.n > 0 && part.p[0] != '[';
		}
		if (n == line || off)
			comment_line(&out, part);
		else
			buf_put(&out, part);
		if (n == line)
			off = to_end || (part.n > 0 && part.p[0] == '[');
		if (rest.p)
			buf_putc(&out, '\n');
	}
	buf_free(text);
	*text = out;
}

/*
 * Whatever a stranger's file led to, the user can read what comes out.  After
 * so many lines the rest goes, and at last everything.
 */
static void
make_sure(struct buf *text)
{
	struct buf says = { 0 };
	unsigned line, tries = 0;

	while ((line = refused_line(buf_slice(text), &says)) != 0 &&
	    tries <= TRIES_MAX + 1) {
		comment_out(text, tries > TRIES_MAX ? 1 : line,
		    buf_slice(&says), tries >= TRIES_MAX);
		buf_clear(&says);
		tries++;
	}
	buf_free(&says);
}

static void
import_free(struct import *im)
{
	for (size_t i = 0; i < im->nkept; i++)
		free(im->kept[i]);
	free(im->kept);
	for (size_t i = 0; i < im->ndomains; i++)
		buf_free(&im->domain[i].keys);
	free(im->domain);
	free(im->relay);
	buf_free(&im->defaults);
	buf_free(&im->queue);
	buf_free(&im->local);
	buf_free(&im->notes);
}

void
import_convert(enum import_format format, const char *path, struct slice text,
    const struct import_source *source, struct buf *out)
{
	struct import im = { .source = source, .path = path, .file = path };
	struct buf made = { 0 };

	im.own = !formats[format].machine &&
	    !slice_starts(slice_of(path), SLICE("/etc/"));
	formats[format].read(&im, text);
	buf_puts(&made, "# What ");
	text_escape(&made, slice_of(path));
	buf_putf(&made, " says to %s, for\n# %s\n", formats[format].name,
	    im.own ? "~/.config/smtpsend/smtpsend.conf" :
		     "/etc/smtpsend/smtpsend.conf");
	import_put(&im, &made);
	make_sure(&made);
	buf_put(out, buf_slice(&made));
	buf_free(&made);
	import_free(&im);
}
