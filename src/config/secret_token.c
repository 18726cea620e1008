/* SPDX-License-Identifier: ISC */
/*
 * secret_token.c - OAuth 2 tokens from a command, and keeping those whose end
 * is known.
 *
 * The folder is ours alone (0700), and so are its files (0600, no links): else
 * nothing is read or written there, and the command runs each time.  A kept
 * token is three lines (a name for the form, when it ends, the token), and the
 * user, command and host that it is for, each ended by a NUL.
 */
#include "config/secret_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/own.h"
#include "net/clock.h"
#include "net/file.h"

#define FORM   "smtpsend token 2"
#define MARGIN 60 /* s: one that ends within this is not used any more */

/* Whose token it is: what the command's answer depends on. */
static void
put_owner(struct buf *out, const struct relay_spec *r)
{
	const char *part[] = { r->user, r->secret_from,
		r->secret_shell ? "sh" : NULL, r->host };

	for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
		buf_puts(out, part[i] ? part[i] : "");
		buf_putc(out, '\0');
	}
}

/* The file of this owner; another one's name may be the same (FNV-1a). */
static void
file_name(const struct relay_spec *r, char out[40])
{
	uint64_t h = 0xcbf29ce484222325;
	struct buf owner = { 0 };
	struct slice s;

	put_owner(&owner, r);
	s = buf_slice(&owner);
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3;
	snprintf(out, 40, "token-%016llx", (unsigned long long)h);
	buf_free(&owner);
}

static bool
is_owner(const struct relay_spec *r, struct slice s)
{
	struct buf owner = { 0 };
	bool same;

	put_owner(&owner, r);
	same = slice_eq(buf_slice(&owner), s);
	buf_free(&owner);
	return same;
}

static bool
is_ours(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

/* The folder, or -1. */
static int
open_folder(bool make)
{
	struct buf path = { 0 };
	struct own_refusal why;
	int fd = -1;

	if (own_folder(OWN_RUNTIME, &path)) {
		buf_puts(&path, "/smtpsend");
		if (make)
			(void)mkdir(buf_str(&path), 0700);
		fd = own_open(buf_str(&path), O_DIRECTORY, &why);
	}
	buf_free(&path);
	if (fd >= 0 && !is_ours(fd, S_IFDIR)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Three whole lines, time left, and the owner. */
static bool
take_kept(const struct relay_spec *r, struct secret *s, struct slice all)
{
	struct slice form, until, token, rest = all;
	struct outcome why;
	uint64_t end;

	if (!slice_cut(&rest, '\n', &form) || !slice_eq(form, SLICE(FORM)) ||
	    !slice_cut(&rest, '\n', &until) ||
	    !slice_to_uint(until, INT64_MAX, &end) ||
	    !slice_cut(&rest, '\n', &token) || !is_owner(r, rest))
		return false;
	return (int64_t)end > clock_wall().seconds + MARGIN &&
	    secret_take_line(s, token, "kept token", &why);
}

bool
secret_from_kept(const struct relay_spec *r, struct secret *s)
{
	int dir = open_folder(false), fd;
	struct slice all = { 0 };
	char name[40];

	if (dir < 0)
		return false;
	file_name(r, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	close(dir);
	if (fd >= 0 && !is_ours(fd, S_IFREG)) {
		close(fd);
		fd = -1;
	}
	s->kept = fd >= 0 && secret_load(fd, s, &all) && take_kept(r, s, all);
	return s->kept;
}

static bool
write_token(int fd, const struct relay_spec *r, const struct secret *s,
    int64_t expires)
{
	char head[64];
	int n = snprintf(head, sizeof head, FORM "\n%lld\n",
	    (long long)expires);
	struct buf owner = { 0 };
	bool ok;

	put_owner(&owner, r);
	ok = file_write(fd, (struct slice){ head, (size_t)n }) &&
	    file_write(fd, (struct slice){ s->text, s->n }) &&
	    file_write(fd, SLICE("\n")) && file_write(fd, buf_slice(&owner));
	buf_free(&owner);
	return close(fd) == 0 && ok;
}

/* Written beside and renamed: a reader never sees half of it. */
static void
keep(const struct relay_spec *r, const struct secret *s, int64_t expires)
{
	int dir = open_folder(true), fd;
	char name[40], beside[64];

	if (dir < 0)
		return;
	file_name(r, name);
	snprintf(beside, sizeof beside, "%s.%ld", name, (long)getpid());
	(void)unlinkat(dir, beside, 0);
	fd = openat(dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd >= 0 && (!write_token(fd, r, s, expires) ||
	    renameat(dir, beside, dir, name) < 0))
		(void)unlinkat(dir, beside, 0);
	close(dir);
}

void
secret_forget(const struct relay_spec *r)
{
	int dir;
	char name[40];

	if (r->secret != SECRET_TOKEN || !r->secret_from)
		return;
	dir = open_folder(false);
	if (dir < 0)
		return;
	file_name(r, name);
	(void)unlinkat(dir, name, 0);
	close(dir);
}

bool
secret_from_output(const struct relay_spec *r, struct secret *s,
    struct slice got, struct outcome *why)
{
	int64_t now = clock_wall().seconds;
	struct token t;
	char from[128];

	secret_name_command(r, from);
	if (!token_parse(s->room, got.n, now, &t))
		return REFUSE(why, "%s: it printed no token, nor JSON with an "
		    "access_token", from);
	if (!secret_take_line(s, t.text, from, why))
		return false;
	if (t.expires > now + MARGIN)
		keep(r, s, t.expires);
	return true;
}
