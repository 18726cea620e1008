/* SPDX-License-Identifier: ISC */
/* aliases_target.c - what stands behind the colon. */
#include "local/aliases_impl.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"

bool
alias_complain(struct reader *r, const char *what, struct slice at)
{
	struct aliases *a = r->aliases;
	struct buf text = { 0 };

	buf_puts(&text, what);
	if (at.n > 0) {
		buf_puts(&text, ": ");
		text_escape(&text, slice_first(at, 100));
	}
	a->fault = mem_resize(a->fault, a->nfaults + 1, sizeof *a->fault);
	a->fault[a->nfaults++] = (struct alias_fault){ r->line,
		mem_dup(buf_slice(&text)) };
	buf_free(&text);
	if (r->alias)
		r->alias->is_broken = true;
	return false;
}

/* ---- targets ---- */

bool
alias_unquote(struct slice *rest, struct buf *out)
{
	size_t i = 1;

	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		buf_putc(out, rest->p[i]);
	}
	if (i >= rest->n)
		return false;
	*rest = slice_from(*rest, i + 1);
	return true;
}

/* Up to the comma that ends it: none in quotes or comments.  SIZE_MAX: quotes
 * or a comment that do not end. */
static size_t
length(struct slice s)
{
	bool quoted = false;
	size_t depth = 0, i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == ',' && !quoted && depth == 0)
			return i;
		if (c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == '(' && !quoted)
			depth++;
		else if (c == ')' && !quoted && depth > 0)
			depth--;
	}
	return quoted || depth > 0 ? SIZE_MAX : s.n;
}

static void
add(struct reader *r, enum alias_kind kind, struct slice text)
{
	struct alias *a = r->alias;

	a->v = mem_resize(a->v, a->n + 1, sizeof *a->v);
	a->v[a->n++] = (struct alias_target){ kind, mem_dup(text) };
}

static bool
starts(struct slice s, const char *word, struct slice *rest)
{
	struct slice w = slice_of(word);

	if (!slice_starts_nocase(s, w))
		return false;
	*rest = slice_trim(slice_from(s, w.n));
	return true;
}

/* A path or command line that may be in quotes of its own. */
static bool
add_text(struct reader *r, enum alias_kind kind, struct slice s)
{
	struct buf text = { 0 };
	struct slice rest = s;
	bool ok = s.n > 0;

	if (ok && s.p[0] == '"')
		ok = alias_unquote(&rest, &text) && slice_trim(rest).n == 0;
	else
		buf_put(&text, s);
	ok = ok && text.n > 0;
	if (ok)
		add(r, kind, buf_slice(&text));
	buf_free(&text);
	return ok || alias_complain(r, "this is no target", s);
}

/* What it is, as its first octets say, quotes and all taken off. */
static bool
add_plain(struct reader *r, struct slice s)
{
	struct slice rest;

	if (starts(s, "|", &rest))
		return add_text(r, ALIAS_COMMAND, rest);
	if (starts(s, ":include:", &rest))
		return add_text(r, ALIAS_INCLUDE, rest);
	if (starts(s, "\\", &rest) && rest.n > 0)
		return add_text(r, ALIAS_MAILBOX, rest);
	if (s.p[0] == '/')
		return add_text(r, ALIAS_FILE, s);
	if (s.p[0] == ':' || s.p[0] == '|')
		return alias_complain(r, "there is no such kind of target", s);
	return add_text(r, ALIAS_ADDRESS, s);
}

/* "|a, b" is a command, "a b"@example.org an address, with its quotes. */
static bool
add_quoted(struct reader *r, struct slice s)
{
	struct buf text = { 0 };
	struct slice rest = s;
	bool ok = alias_unquote(&rest, &text) && text.n > 0;

	if (!ok)
		alias_complain(r, "there is nothing in these quotes", s);
	else if (slice_trim(rest).n > 0)
		add(r, ALIAS_ADDRESS, s);
	else
		ok = add_plain(r, buf_slice(&text));
	buf_free(&text);
	return ok;
}

/* Words for the sender, to the end of the line. */
static bool
add_error(struct reader *r, struct slice s)
{
	struct slice words;

	if (!starts(s, "error:", &words) && !starts(s, ":fail:", &words))
		return false;
	add(r, ALIAS_ERROR, words);
	return true;
}

void
alias_read_targets(struct reader *r, struct slice s)
{
	size_t n;

	for (s = slice_trim(s); s.n > 0; s = slice_trim(s)) {
		struct slice one;

		if (add_error(r, s))
			return;
		n = length(s);
		if (n == SIZE_MAX) {
			alias_complain(r, "quotes or a comment that do not end",
			    s);
			return;
		}
		one = slice_trim(slice_first(s, n));
		s = slice_from(s, n + 1);
		if (one.n > 0 && one.p[0] == '"')
			add_quoted(r, one);
		else if (one.n > 0)
			add_plain(r, one);
	}
}
