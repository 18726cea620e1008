/* SPDX-License-Identifier: ISC */
/* verp.c - see verp.h */
#include "bulk/verp.h"

#include <string.h>

#include "base/buf.h"

/* What stands before the last '@'. */
static struct slice
local_part(const struct address *a)
{
	const char *at = strrchr(a->path, '@');

	return (struct slice){ a->path, at ? (size_t)(at - a->path) : 0 };
}

static bool
is_quoted(const struct address *a, struct outcome *why)
{
	return a->path[0] == '"' && !outcome_fail(why, FAILED, STAGE_ADDRESS,
	    ESC(5, 1, 3), "--verp has no form for the quoted local part of %s",
	    a->path);
}

bool
verp_make(const struct address *from, const struct address *to,
    struct address *out, struct outcome *why)
{
	const struct address_options plain = { .dash = true };
	struct buf text = { 0 };
	bool good;

	*out = (struct address){ 0 };
	if (is_quoted(from, why) || is_quoted(to, why))
		return false;
	if (from->path[0]) {
		buf_put(&text, local_part(from));
		buf_putc(&text, '+');
		buf_put(&text, local_part(to));
		buf_putf(&text, "=%s@%s", to->domain, from->domain);
	}
	good = address_parse(buf_slice(&text), &plain, out, why);
	buf_free(&text);
	return good;
}
