/* SPDX-License-Identifier: ISC */
/* secret_command.c - running the command that prints a secret (secret.h). */
#include "config/secret_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/stop.h"

#define WORDS_MAX 64
#define LOOK_UP	  200 /* ms: how soon a signal to stop is seen */

void
secret_name_command(const struct relay_spec *r, char out[128])
{
	struct slice word = slice_trim(slice_of(r->secret_from));
	size_t blank = slice_find(word, ' ');

	word = slice_first(word, blank < 80 ? blank : 80);
	snprintf(out, 128, "%s %.*s", r->secret == SECRET_TOKEN ?
	    "token-command" : "password-command", (int)word.n, word.p);
}

/* What a word is made of at the moment; reading goes on behind it. */
struct splitter {
	const char *p;
	char *to;
	char quote; /* '\'', '"' or NUL */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Does a backslash here stand for the octet behind it?  As in sh. */
static bool
escapes(const struct splitter *s)
{
	if (s->p[0] != '\\' || s->p[1] == '\0' || s->quote == '\'')
		return false;
	return !s->quote || s->p[1] == '"' || s->p[1] == '\\' ||
	    s->p[1] == '$' || s->p[1] == '`';
}

/* One word, to its NUL; false when a quote does not end. */
static bool
take_word(struct splitter *s)
{
	for (; *s->p && (s->quote || !is_blank(*s->p)); s->p++) {
		if (escapes(s))
			*s->to++ = *++s->p;
		else if (s->quote && *s->p == s->quote)
			s->quote = '\0';
		else if (!s->quote && (*s->p == '"' || *s->p == '\''))
			s->quote = *s->p;
		else
			*s->to++ = *s->p;
	}
	*s->to++ = '\0';
	return !s->quote;
}

bool
secret_split(const char *command, char **argv, size_t max, char **space)
{
	struct splitter s = { .p = command };
	size_t n = 0;

	*space = s.to = mem_alloc(strlen(command) + 1);
	for (;;) {
		while (is_blank(*s.p))
			s.p++;
		if (!*s.p)
			break;
		if (n == max)
			return false;
		argv[n++] = s.to;
		if (!take_word(&s))
			return false;
	}
	argv[n] = NULL;
	return n > 0;
}

/* A command that was started: its output and itself. */
struct child {
	pid_t pid;
	int out; /* the reading end */
	int self; /* a pidfd, or -1 on old kernels */
};

/* Never returns.  Only what is safe between fork and exec. */
static _Noreturn void
become(char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (dup2(null, 0) == 0 && dup2(out, 1) == 1 && dup2(null, 2) == 2) {
		(void)close_range(3, ~0U, 0); /* all are O_CLOEXEC anyway */
		execvp(argv[0], argv);
	}
	_exit(errno == ENOENT ? 127 : 126);
}

static bool
start(char *const *argv, struct child *c)
{
	int end[2];

	if (pipe2(end, O_CLOEXEC) < 0)
		return false;
	signal(SIGCHLD, SIG_DFL); /* ignored, there would be no exit status */
	c->pid = fork();
	if (c->pid == 0)
		become(argv, end[1]);
	close(end[1]);
	c->out = end[0];
	if (c->pid < 0) {
		close(end[0]);
		return false;
	}
	setpgid(c->pid, c->pid);
	c->self = pidfd_open(c->pid, 0);
	fcntl(c->out, F_SETFL, O_NONBLOCK);
	return true;
}

/* Read what there is; what has no room is only counted.  False at the end. */
static bool
drain(const struct child *c, struct secret *s, size_t *n)
{
	char more[512];
	bool full = *n >= SECRET_ROOM - 1;
	ssize_t r = full ? read(c->out, more, sizeof more) :
			   read(c->out, s->room + *n, SECRET_ROOM - 1 - *n);

	if (full)
		explicit_bzero(more, sizeof more);
	if (r > 0)
		*n += (size_t)r;
	return r > 0 || (r < 0 && (errno == EINTR || errno == EAGAIN));
}

enum end { END_EXIT, END_LATE, END_STOPPED };

/*
 * Until the command has ended, or closed its output: what it left running in
 * the background may keep that open.
 */
static enum end
listen_to(const struct child *c, struct secret *s, size_t *n)
{
	int64_t end = clock_now() + SECONDS(SECRET_SECONDS);
	struct pollfd fd[2] = { { c->out, POLLIN, 0 }, { c->self, POLLIN, 0 } };
	bool open = true;

	while (open || c->self >= 0) {
		if (clock_now() >= end)
			return END_LATE;
		if (stop_is_pending()) /* blocked, for cli/send.c */
			return END_STOPPED;
		fd[0].fd = open ? c->out : -1;
		fd[0].revents = fd[1].revents = 0;
		(void)poll(fd, 2, LOOK_UP);
		if (fd[0].revents)
			open = drain(c, s, n);
		else if (fd[1].revents)
			break;
	}
	return END_EXIT;
}

/* Its exit status, -1 for a signal; whatever is left of it is killed. */
static int
reap(struct child *c, enum end how)
{
	int status = 0;
	pid_t got;

	if (how != END_EXIT)
		kill(-c->pid, SIGKILL);
	do
		got = waitpid(c->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	close(c->out);
	if (c->self >= 0)
		close(c->self);
	return got == c->pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool
judge(const char *name, enum end how, int status, struct outcome *why)
{
	if (how == END_LATE)
		return REFUSE(why, "%s: it did not end within %d seconds",
		    name, SECRET_SECONDS);
	if (how == END_STOPPED)
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
		    "%s: a signal came while it ran", name);
	if (status == 127)
		return REFUSE(why, "%s: not found (exit status 127)", name);
	if (status < 0)
		return REFUSE(why, "%s: it was killed by a signal", name);
	if (status > 0)
		return REFUSE(why, "%s: exit status %d; run it by hand to see "
		    "why", name, status);
	return true;
}

static bool
run(char *const *argv, const char *name, struct secret *s, struct slice *got,
    struct outcome *why)
{
	struct child c = { -1, -1, -1 };
	enum end how;
	size_t n = 0;

	if (!start(argv, &c))
		return REFUSE(why, "%s: cannot start it: %s", name,
		    strerror(errno));
	how = listen_to(&c, s, &n);
	if (!judge(name, how, reap(&c, how), why))
		return false;
	if (n >= SECRET_ROOM)
		return REFUSE(why, "%s: it printed more than %d octets", name,
		    SECRET_ROOM - 1);
	s->room[n] = '\0';
	*got = (struct slice){ s->room, n };
	return true;
}

bool
secret_run(const struct relay_spec *r, struct secret *s, struct slice *got,
    struct outcome *why)
{
	char shell[] = "/bin/sh", option[] = "-c", name[128], *space = NULL;
	char *argv[WORDS_MAX + 1] = { shell, option, NULL };
	bool ok = true;

	secret_name_command(r, name);
	if (r->secret_shell)
		argv[2] = space = mem_dup(slice_of(r->secret_from));
	else if (!secret_split(r->secret_from, argv, WORDS_MAX, &space))
		ok = REFUSE(why, "%s: no command, more than %d words, or a "
		    "quote that does not end", name, WORDS_MAX);
	ok = ok && run(argv, name, s, got, why);
	free(space);
	return ok;
}
