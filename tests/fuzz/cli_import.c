/* SPDX-License-Identifier: ISC */
/*
 * cli_import.c - whatever another program's files say, what comes out is a
 * configuration that parses, with nothing in it that a terminal obeys.
 *
 * The first octet is the format; a line of "==" ends the first file, and what
 * follows is every other file.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "config/config.h"
#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static bool
load(void *ctx, const char *path, struct buf *out)
{
	const struct slice *other = ctx;

	(void)path;
	errno = ENOENT;
	return other->n > 0 && buf_put(out, *other);
}

static void
check(struct slice made)
{
	struct config c = { 0 };
	struct settings s;
	struct buf says = { 0 };
	struct slice line, rest = made;

	options_init(&s, "smtpsend");
	must(config_parse(&c, "f", made, &s, &says));
	must(config_finish(&c, &s, &says) == 0);
	config_free(&c);
	buf_free(&says);
	must(utf8_is_valid(made));
	while (slice_cut(&rest, '\n', &line))
		must(!ascii_has_control(line));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size }, other;
	struct import_source source = { load, &other };
	struct buf out = { 0 };
	const char *cut;

	if (size == 0)
		return 0;
	text = slice_from(text, 1);
	other = (struct slice){ "", 0 };
	cut = memmem(text.p, text.n, "\n==\n", 4);
	if (cut) {
		other = slice_from(text, (size_t)(cut - text.p) + 4);
		text = slice_first(text, (size_t)(cut - text.p) + 1);
	}
	import_convert((enum import_format)(data[0] % IMPORT_NFORMATS),
	    "/etc/x/y", text, &source, &out);
	check(buf_slice(&out));
	buf_free(&out);
	return 0;
}
