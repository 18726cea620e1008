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

#define WORDS_MAX 64
#define LOOK_UP	  MILLISECONDS(200)

void
secret_name_command(const struct relay_spec *r, char out[128])
{
	struct slice word = slice_trim(slice_of(r->secret_from));
	size_t blank = slice_find(word, ' ');

	word = slice_first(word, blank < 80 ? blank : 80);
	snprintf(out, 128, "%s %.*s", r->secret == SECRET_TOKEN ?
	    "token-command" : "password-command", (int)word.n, word.p);
}

/* What a word is made of at the moment; reading goes on after it. */
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

/* Does a backslash here stand for the octet after it?  As in sh. */
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

/* Never returns.  Only what is safe between fork and exec. */
static _Noreturn void
become(char *const *argv, int null, int out)
{
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

/* What has failed in us, not in the command. */
static bool
fail(const struct command *c, const char *what, int error, struct outcome *why)
{
	return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
	    "%s: %s: %s", c->name, what, strerror(error));
}

/* The process, with its input and errors nowhere; -1 with errno. */
static pid_t
spawn(char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = null < 0 ? -1 : fork();
	int error = errno;

	if (pid == 0)
		become(argv, null, out);
	if (null >= 0)
		close(null);
	errno = error;
	return pid;
}

static bool
start(char *const *argv, struct command *c, struct outcome *why)
{
	int end[2];

	if (pipe2(end, O_CLOEXEC) < 0)
		return fail(c, "cannot start it", errno, why);
	signal(SIGCHLD, SIG_DFL); /* ignored, there would be no exit status */
	c->pid = spawn(argv, end[1]);
	if (c->pid < 0) {
		fail(c, "cannot start it", errno, why);
		close(end[0]);
		close(end[1]);
		c->pid = 0;
		return false;
	}
	close(end[1]);
	c->out = end[0];
	setpgid(c->pid, c->pid);
	c->self = pidfd_open(c->pid, 0);
	fcntl(c->out, F_SETFL, O_NONBLOCK);
	return true;
}

/* Close what is left of it. */
static void
close_ends(struct command *c)
{
	if (c->out >= 0)
		close(c->out);
	if (c->self >= 0)
		close(c->self);
	c->out = c->self = -1;
	c->pid = 0;
}

void
command_stop(struct command *c)
{
	pid_t got;

	if (c->pid <= 0)
		return;
	kill(-c->pid, SIGKILL);
	do
		got = waitpid(c->pid, NULL, 0);
	while (got < 0 && errno == EINTR);
	close_ends(c);
}

bool
command_start(struct command *c, const struct relay_spec *r, int64_t now,
    struct outcome *why)
{
	char shell[] = "/bin/sh", option[] = "-c", *space = NULL;
	char *argv[WORDS_MAX + 1] = { shell, option, NULL };
	bool ok = true;

	*c = (struct command){ .out = -1, .self = -1,
		.deadline = now + SECONDS(SECRET_SECONDS),
		.out_slot = WAIT_NO_SLOT, .self_slot = WAIT_NO_SLOT };
	secret_name_command(r, c->name);
	if (r->secret_shell)
		argv[2] = space = mem_dup(slice_of(r->secret_from));
	else if (!secret_split(r->secret_from, argv, WORDS_MAX, &space))
		ok = REFUSE(why, "%s: no command, more than %d words, or a "
		    "quote that does not end", c->name, WORDS_MAX);
	ok = ok && start(argv, c, why);
	free(space);
	return ok;
}

/* On old kernels its end is looked for now and then. */
void
command_wait(struct command *c, int64_t now, struct wait *w)
{
	c->out_slot = c->self_slot = WAIT_NO_SLOT;
	if (c->out >= 0)
		c->out_slot = wait_add(w, c->out, POLLIN);
	if (c->self >= 0)
		c->self_slot = wait_add(w, c->self, POLLIN);
	else if (c->out < 0)
		wait_until(w, now + LOOK_UP);
	wait_until(w, c->deadline);
}

/* Read what there is; what has no room is only counted. */
static void
drain(struct command *c, struct secret *s)
{
	char more[512];
	bool full = c->n >= SECRET_ROOM - 1;
	ssize_t r = full ? read(c->out, more, sizeof more) :
	    read(c->out, s->room + c->n, SECRET_ROOM - 1 - c->n);

	if (full)
		explicit_bzero(more, sizeof more);
	if (r > 0) {
		c->n += (size_t)r;
	} else if (r == 0 || (errno != EINTR && errno != EAGAIN)) {
		c->error = r < 0 ? errno : 0;
		close(c->out);
		c->out = -1;
	}
}

static bool
judge(const struct command *c, int status, struct outcome *why)
{
	if (!WIFEXITED(status))
		return REFUSE(why, "%s: it was killed by a signal", c->name);
	if (WEXITSTATUS(status) == 127)
		return REFUSE(why, "%s: not found (exit status 127)", c->name);
	if (WEXITSTATUS(status) > 0)
		return REFUSE(why, "%s: exit status %d; run it by hand to see "
		    "why", c->name, WEXITSTATUS(status));
	if (c->error != 0)
		return fail(c, "cannot read what it prints", c->error, why);
	if (c->n >= SECRET_ROOM)
		return REFUSE(why, "%s: it printed more than %d octets",
		    c->name, SECRET_ROOM - 1);
	return true;
}

/* It has ended, or only closed its output? */
static enum secret_state
look_at(struct command *c, struct secret *s, struct slice *got,
    struct outcome *why)
{
	int status;
	pid_t pid = waitpid(c->pid, &status, WNOHANG);

	if (pid == 0 || (pid < 0 && errno == EINTR))
		return SECRET_BUSY;
	if (pid < 0)
		status = SIGKILL; /* somebody else has its status */
	close_ends(c);
	if (!judge(c, status, why))
		return SECRET_REFUSED;
	s->room[c->n] = '\0';
	*got = (struct slice){ s->room, c->n };
	return SECRET_READY;
}

/*
 * It is over when it has ended, whatever it left running in the background
 * keeps its output open; and all that it printed before is read first.
 */
enum secret_state
command_step(struct command *c, struct secret *s, const struct wait *w,
    struct slice *got, struct outcome *why)
{
	if (wait_ready(w, c->out_slot) != 0 && c->out >= 0) {
		drain(c, s);
		return SECRET_BUSY;
	}
	if (wait_ready(w, c->self_slot) != 0 || (c->self < 0 && c->out < 0))
		return look_at(c, s, got, why);
	return SECRET_BUSY;
}

bool
command_is_late(struct command *c, int64_t now, struct outcome *why)
{
	if (c->pid <= 0 || now < c->deadline)
		return false;
	REFUSE(why, "%s: it did not end within %d seconds", c->name,
	    SECRET_SECONDS);
	command_stop(c);
	return true;
}
