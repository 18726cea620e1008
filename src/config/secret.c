/* SPDX-License-Identifier: ISC */
/* secret.c - see secret.h */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/own.h"
#include "config/secret_parts.h"

/* Locking is as the limits have it; all else works on every kernel we know. */
static char *
pages_new(void)
{
	void *p = mmap(NULL, SECRET_ROOM, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		mem_exhausted();
	(void)mlock(p, SECRET_ROOM);
	(void)madvise(p, SECRET_ROOM, MADV_DONTDUMP);
	(void)madvise(p, SECRET_ROOM, MADV_WIPEONFORK);
	return p;
}

void
secret_wipe(struct secret *s)
{
	if (s->room) {
		explicit_bzero(s->room, SECRET_ROOM);
		munmap(s->room, SECRET_ROOM);
	}
	explicit_bzero(s, sizeof *s);
}

bool
secret_load(int fd, struct secret *s, struct slice *got)
{
	size_t n = 0;
	ssize_t r = 1;
	int error;

	while (r > 0 && n < SECRET_ROOM - 1) {
		r = read(fd, s->room + n, SECRET_ROOM - 1 - n);
		if (r < 0 && errno == EINTR)
			r = 1;
		else if (r > 0)
			n += (size_t)r;
	}
	error = r > 0 ? EFBIG : errno;
	close(fd);
	errno = error;
	s->room[n] = '\0';
	*got = (struct slice){ s->room, n };
	return r == 0;
}

/* May others read this file, or do more? */
static bool
is_private(const char *what, const char *path, int fd, struct outcome *why)
{
	struct stat st;
	unsigned mode;

	if (fstat(fd, &st) < 0)
		return REFUSE(why, "%s %s: %s", what, path, strerror(errno));
	mode = st.st_mode & 07777;
	return !(mode & ~0640U) ||
	    REFUSE(why, "%s %s: its mode is %04o, but others must not read "
		"it: chmod 600", what, path, mode);
}

/* For lack of descriptors or memory it is worth trying again. */
static bool
cannot_read(const char *what, const char *path, int error, struct outcome *why)
{
	if (own_is_shortage(error))
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "%s %s: %s", what, path, strerror(error));
	return REFUSE(why, "%s %s: %s", what, path, strerror(error));
}

bool
secret_load_file(const char *what, const char *path, struct secret *s,
    struct slice *got, struct outcome *why)
{
	struct own_refusal refusal;
	int fd = own_open(path, O_RDONLY, &refusal);

	if (fd < 0 && refusal.error == 0)
		return REFUSE(why, "%s %s: %s", what, path, refusal.text);
	if (fd < 0)
		return cannot_read(what, path, refusal.error, why);
	if (!is_private(what, path, fd, why)) {
		close(fd);
		return false;
	}
	return secret_load(fd, s, got) || cannot_read(what, path, errno, why);
}

bool
secret_take_line(struct secret *s, struct slice got, const char *from,
    struct outcome *why)
{
	struct slice line = slice_first(got, slice_find(got, '\n'));

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return REFUSE(why, "%s: nothing in its first line", from);
	if (slice_find(line, '\0') < line.n || slice_find(line, '\r') < line.n)
		return REFUSE(why, "%s: a NUL or CR in its first line", from);
	s->room[line.p + line.n - s->room] = '\0';
	s->text = line.p;
	s->n = line.n;
	return true;
}

static bool
from_file(const char *what, const char *path, struct secret *s,
    struct outcome *why)
{
	struct slice got = { 0 };
	char from[400];

	snprintf(from, sizeof from, "%s %.350s", what, path);
	return secret_load_file(what, path, s, &got, why) &&
	    secret_take_line(s, got, from, why);
}

/* systemd.exec(5): the service's own folder, made for this run. */
static bool
from_credential(const char *name, struct secret *s, struct outcome *why)
{
	const char *what = "password-credential";
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	char path[4096];
	int n;

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return REFUSE(why, "%s %s: not the name of a credential", what,
		    name);
	if (!dir || dir[0] != '/')
		return REFUSE(why, "%s %s: CREDENTIALS_DIRECTORY is not set; "
		    "systemd sets it for a unit with LoadCredential=", what,
		    name);
	n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return REFUSE(why, "%s %s: path too long", what, name);
	return from_file(what, path, s, why);
}

static bool
from_command(const struct relay_spec *r, struct secret *s, struct outcome *why)
{
	struct slice got = { 0 };
	char from[128];

	secret_name_command(r, from);
	return secret_run(r, s, &got, why) &&
	    secret_take_line(s, got, from, why);
}

static bool
read_kind(const struct relay_spec *r, struct secret *s, struct outcome *why)
{
	switch (r->secret) {
	case SECRET_NONE:
		break;
	case SECRET_FILE:
		return from_file("password-file", r->secret_from, s, why);
	case SECRET_COMMAND:
		return from_command(r, s, why);
	case SECRET_CREDENTIAL:
		return from_credential(r->secret_from, s, why);
	case SECRET_NETRC:
		return secret_from_netrc(r, s, why);
	case SECRET_TOKEN:
		return secret_from_token(r, s, why);
	}
	return true;
}

bool
secret_read(const struct relay_spec *r, struct secret *out,
    struct outcome *why)
{
	secret_wipe(out);
	if (r->secret == SECRET_NONE)
		return true;
	if (!r->secret_from)
		return REFUSE(why, "relay %s: it is not said where its secret "
		    "is", r->name);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	out->room = pages_new();
	if (read_kind(r, out, why))
		return true;
	secret_wipe(out);
	return false;
}

bool
secret_is_lacking(const struct relay_spec *r, const char *text,
    struct outcome *why)
{
	if (!r->user || text || !auth_method_needs_secret(r->auth))
		return false;
	REFUSE(why, "relay %s: user %s has no password: say password-file, "
	    "password-command, password-credential, netrc or token-command "
	    "in its stanza", r->name, r->user);
	return true;
}

bool
secret_check(const struct relay_spec *r, struct outcome *why)
{
	struct secret s = { 0 };
	bool ok = true;

	if (r->secret == SECRET_NONE)
		return !secret_is_lacking(r, NULL, why);
	if (r->secret == SECRET_FILE || r->secret == SECRET_NETRC)
		ok = secret_read(r, &s, why);
	secret_wipe(&s);
	return ok;
}
