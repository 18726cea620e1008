/* SPDX-License-Identifier: ISC */
/* mbox.c - see mbox.h */
#include "mail/mbox.h"

bool
mbox_is_from(struct slice line, bool first)
{
	return slice_starts(line, SLICE(">From ")) ||
	    (first && slice_starts(line, SLICE("From ")));
}

/* Cut at the last c: what is after it; all, and *before empty, without one. */
static struct slice
behind_last(struct slice s, char c, struct slice *before)
{
	size_t n = s.n;

	while (n > 0 && s.p[n - 1] != c)
		n--;
	*before = slice_first(s, n > 0 ? n - 1 : 0);
	return slice_from(s, n);
}

void
mbox_put_path(struct buf *out, struct slice path)
{
	struct slice way, user = behind_last(path, '!', &way), rest;

	buf_put(out, user);
	if (way.n == 0 || slice_find(user, '@') < user.n)
		return;
	buf_putc(out, '@');
	buf_put(out, behind_last(way, '!', &rest));
}

/* What stands after "remote from", if that is the end of the line. */
static struct slice
remote_host(struct slice line)
{
	struct slice before, host = behind_last(line, ' ', &before);

	return slice_ends_nocase(before, SLICE(" remote from")) ?
	    host : (struct slice){ 0 };
}

/* The user of one line, who may have a path already. */
static struct slice
take_user(struct slice line)
{
	line = slice_from(line, slice_find(line, ' ') + 1);
	return slice_first(line, slice_find(line, ' '));
}

bool
mbox_sender(struct slice raw, struct buf *out)
{
	struct slice line, user = { 0 }, host = { 0 };
	struct buf path = { 0 };
	bool first = true;

	while (slice_cut(&raw, '\n', &line) && mbox_is_from(line, first)) {
		line = slice_trim(line);
		user = take_user(line);
		if (remote_host(line).n > 0)
			host = remote_host(line);
		first = false;
	}
	if (user.n == 0)
		return false;
	if (host.n > 0 && slice_find(user, '!') == user.n &&
	    !slice_eq(user, SLICE("<>")))
		buf_putf(&path, "%.*s!", (int)host.n, host.p);
	buf_put(&path, user);
	mbox_put_path(out, buf_slice(&path));
	buf_free(&path);
	return true;
}
