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
#include "net/clock.h"
#include "net/file.h"

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
	if (file_is_shortage(error))
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

bool
secret_read_whole(const char *what, const char *path, struct secret *s,
    struct slice *got, struct outcome *why)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	s->room = pages_new();
	return secret_load_file(what, path, s, got, why);
}

/* systemd.exec(5): the service's own folder, made for this run. */
bool
secret_credential(const char *what, const char *name, char path[4096],
    struct outcome *why)
{
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return REFUSE(why, "%s %s: not the name of a credential", what,
		    name);
	if (!dir || dir[0] != '/')
		return REFUSE(why, "%s %s: CREDENTIALS_DIRECTORY is not set; "
		    "systemd sets it for a unit with LoadCredential=", what,
		    name);
	n = snprintf(path, 4096, "%s/%s", dir, name);
	return (n > 0 && n < 4096) ||
	    REFUSE(why, "%s %s: path too long", what, name);
}

static bool
from_credential(const char *name, struct secret *s, struct outcome *why)
{
	const char *what = "password-credential";
	char path[4096];

	return secret_credential(what, name, path, why) &&
	    from_file(what, path, s, why);
}

/* ---- the job ---- */

struct secret_job {
	const struct relay_spec *relay;
	enum secret_state state;
	struct secret secret;
	struct command command;
	struct outcome why;
};

/* What is there at once; a command is begun. */
static enum secret_state
begin(struct secret_job *j, bool fresh, int64_t now)
{
	const struct relay_spec *r = j->relay;
	struct secret *s = &j->secret;
	bool ok = true;

	switch (r->secret) {
	case SECRET_NONE:
		break;
	case SECRET_FILE:
		ok = from_file("password-file", r->secret_from, s, &j->why);
		break;
	case SECRET_CREDENTIAL:
		ok = from_credential(r->secret_from, s, &j->why);
		break;
	case SECRET_NETRC:
		ok = secret_from_netrc(r, s, &j->why);
		break;
	case SECRET_TOKEN:
		if (!fresh && secret_from_kept(r, s))
			break;
		return command_start(&j->command, r, now, &j->why) ?
		    SECRET_BUSY : SECRET_REFUSED;
	case SECRET_COMMAND:
		return command_start(&j->command, r, now, &j->why) ?
		    SECRET_BUSY : SECRET_REFUSED;
	}
	return ok ? SECRET_READY : SECRET_REFUSED;
}

struct secret_job *
secret_start(const struct relay_spec *r, bool fresh, int64_t now)
{
	struct secret_job *j = mem_alloc(sizeof *j);

	j->relay = r;
	j->state = SECRET_READY;
	if (r->secret == SECRET_NONE)
		return j;
	if (!r->secret_from) {
		j->state = SECRET_REFUSED;
		REFUSE(&j->why, "relay %s: it is not said where its secret "
		    "is", r->name);
		return j;
	}
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	j->secret.room = pages_new();
	j->state = begin(j, fresh, now);
	return j;
}

void
secret_wait(struct secret_job *j, int64_t now, struct wait *w)
{
	if (j->state == SECRET_BUSY)
		command_wait(&j->command, now, w);
	else
		wait_until(w, 0);
}

/* A command has ended well: is what it printed a secret? */
static bool
take_output(struct secret_job *j, struct slice got)
{
	if (j->relay->secret == SECRET_TOKEN)
		return secret_from_output(j->relay, &j->secret, got, &j->why);
	return secret_take_line(&j->secret, got, j->command.name, &j->why);
}

enum secret_state
secret_step(struct secret_job *j, const struct wait *w, int64_t now,
    struct outcome *why)
{
	struct slice got = { 0 };

	if (j->state == SECRET_BUSY) {
		j->state = command_step(&j->command, &j->secret, w, &got,
		    &j->why);
		if (j->state == SECRET_READY && !take_output(j, got))
			j->state = SECRET_REFUSED;
	}
	if (j->state == SECRET_BUSY &&
	    command_is_late(&j->command, now, &j->why))
		j->state = SECRET_REFUSED;
	if (j->state == SECRET_REFUSED) {
		secret_wipe(&j->secret);
		*why = j->why;
	}
	return j->state;
}

const struct secret *
secret_of(const struct secret_job *j)
{
	return &j->secret;
}

void
secret_free(struct secret_job *j)
{
	command_stop(&j->command);
	secret_wipe(&j->secret);
	free(j);
}

bool
secret_read(const struct relay_spec *r, struct secret *out,
    struct outcome *why)
{
	struct secret_job *j = secret_start(r, false, clock_now());
	struct wait w = { 0 };
	enum secret_state state;
	int64_t now;

	secret_wipe(out);
	while ((state = secret_step(j, &w, clock_now(), why)) == SECRET_BUSY) {
		now = clock_now();
		wait_clear(&w);
		secret_wait(j, now, &w);
		wait_poll(&w, now);
	}
	*out = j->secret;
	j->secret = (struct secret){ 0 };
	wait_free(&w);
	secret_free(j);
	return state == SECRET_READY;
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
