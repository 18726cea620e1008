/* SPDX-License-Identifier: ISC */
/* read.c - lines, words and keys of other programs (import_impl.h). */
#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "import/import_impl.h"

static const struct import_key *
find_key(const struct import_key *rows, struct slice name)
{
	while (rows->name && !slice_eq_nocase(name, slice_of(rows->name)))
		rows++;
	return rows->name ? rows : NULL;
}

/* A word alone may be anything, also a password: it is not shown. */
static void
refuse(struct import_reader *r, struct slice name, struct slice value)
{
	if (name.n == 0 || value.n == 0)
		import_note(r->im, SLICE("a line"), "no key with a value");
	else
		import_note(r->im, name, "no key that is known here");
}

void
import_key(struct import_reader *r, const struct import_key *rows,
    struct slice name, struct slice value)
{
	const struct import_key *k = find_key(rows, name);
	const char **text;

	if (!k) {
		refuse(r, name, value);
	} else if (k->why) {
		import_note(r->im, name, k->why);
	} else if (k->take) {
		k->take(r, name, value);
	} else if (k->ours && value.n == 0) {
		return; /* as if it were not there */
	} else if (k->ours) {
		import_set(r->im, (struct buf *)(void *)((char *)r->im + k->at),
		    k->ours, value);
	} else {
		text = (const char **)(void *)((char *)r->relay + k->at);
		*text = value.n > 0 ? import_keep(r->im, value) : NULL;
	}
}

void
import_take_port(struct import_reader *r, struct slice key, struct slice value)
{
	uint64_t port;

	if (slice_to_uint(value, 65535, &port) && port != 0)
		r->relay->port = (unsigned)port;
	else
		import_note(r->im, key, "no number: the usual port is used");
}

/* What it asks for is so here without being asked. */
void
import_take_nothing(struct import_reader *r, struct slice key,
    struct slice value)
{
	(void)r;
	(void)key;
	(void)value;
}

struct slice
import_unquoted(struct slice s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') &&
	    s.p[s.n - 1] == s.p[0])
		return (struct slice){ s.p + 1, s.n - 2 };
	return s;
}

struct slice
import_word(struct slice *rest)
{
	struct slice word;
	size_t n = 0;

	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	word = slice_first(*rest, n);
	*rest = slice_trim(slice_from(*rest, n));
	return word;
}

bool
import_yes(struct slice value)
{
	return slice_eq_nocase(value, SLICE("yes")) ||
	    slice_eq_nocase(value, SLICE("true")) ||
	    slice_eq_nocase(value, SLICE("on")) || slice_eq(value, SLICE("1"));
}

void
import_lines(struct import_reader *r, struct slice text,
    void (*read)(struct import_reader *r, struct slice line))
{
	struct slice line;

	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_from(text, 3);
	r->im->line = 0;
	while (slice_cut(&text, '\n', &line)) {
		r->im->line++;
		line = slice_trim(line);
		if (line.n > 0 && line.p[0] != '#')
			read(r, line);
	}
	r->im->line = 0;
}

bool
import_lines_of(struct import_reader *r, const char *path, bool must_exist,
    void (*read)(struct import_reader *r, struct slice line))
{
	const struct import_source *source = r->im->source;
	const char *file = r->im->file;
	unsigned line = r->im->line;
	struct buf text = { 0 };
	bool ok = source->load(source->ctx, path, &text);

	if (ok) {
		r->im->file = path;
		import_lines(r, buf_slice(&text), read);
		r->im->file = file;
		r->im->line = line;
	} else if (must_exist || (errno != ENOENT && errno != ENOTDIR)) {
		import_note(r->im, slice_of(path), strerror(errno));
	}
	if (text.base)
		explicit_bzero(text.base, text.cap);
	buf_free(&text);
	return ok;
}

const char *
import_beside(struct import *im, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	struct buf out = { 0 };
	const char *kept;

	if (slash)
		buf_put(&out, slice_first(slice_of(path),
		    (size_t)(slash + 1 - path)));
	buf_puts(&out, name);
	kept = import_keep(im, buf_slice(&out));
	buf_free(&out);
	return kept;
}
