/* SPDX-License-Identifier: ISC */
/* command.c - see command.h */
#include "local/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/clock.h"

struct run {
	pid_t pid;
	int exit;    /* readable when it has ended */
	int in, out; /* its standard input, and all it says */
	int64_t until;
	bool is_late;
	struct buf said;
};

/* ---- what it says ---- */

static void
hear(struct run *r)
{
	char octets[4096];
	ssize_t n;

	while ((n = read(r->out, octets, sizeof octets)) > 0) {
		size_t room = COMMAND_SAID - r->said.n;
		size_t keep = (size_t)n < room ? (size_t)n : room;

		buf_put(&r->said, (struct slice){ octets, keep });
		if ((size_t)n < sizeof octets)
			break;
	}
	if (n == 0) {
		close(r->out);
		r->out = -1;
	}
}

/* ---- waiting ---- */

enum { IN, OUT, EXIT, WAITS };

/* Until one of the three wants something; false when patience has ended. */
static bool
sleep_on(struct run *r, struct pollfd fds[WAITS])
{
	int64_t left = r->until - clock_now();

	fds[IN] = (struct pollfd){ r->in, POLLOUT, 0 };
	fds[OUT] = (struct pollfd){ r->out, POLLIN, 0 };
	fds[EXIT] = (struct pollfd){ r->exit, POLLIN, 0 };
	if (left > 0)
		poll(fds, WAITS, (int)(left / 1000 + 1));
	r->is_late = left <= 0;
	if (fds[OUT].revents)
		hear(r);
	return !r->is_late;
}

static void
close_in(struct run *r)
{
	if (r->in >= 0)
		close(r->in);
	r->in = -1;
}

/* Who closes his input early, or ends, wants no more of it. */
static void
feed(struct run *r, struct slice *s)
{
	ssize_t n = write(r->in, s->p, s->n);

	if (n > 0)
		*s = slice_from(*s, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		close_in(r);
}

static bool
put(void *self, struct slice s)
{
	struct run *r = self;
	struct pollfd fds[WAITS];

	while (s.n > 0 && r->in >= 0) {
		if (!sleep_on(r, fds))
			return false;
		if (fds[IN].revents)
			feed(r, &s);
		else if (fds[EXIT].revents)
			close_in(r);
	}
	return true;
}

static void
wait_for_end(struct run *r)
{
	struct pollfd fds[WAITS] = { { 0, 0, 0 } };

	close_in(r);
	while (!fds[EXIT].revents && sleep_on(r, fds))
		;
	if (r->out >= 0)
		hear(r);
}

/* ---- starting ---- */

static void
become_command(const struct command *c, int in, int out)
{
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(EX_OSERR);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	execle("/bin/sh", "sh", "-c", c->line, (char *)NULL, c->environment);
	_exit(EX_OSERR);
}

static bool
no_more_waiting(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool
start(struct run *r, const struct command *c, int in[2], int out[2])
{
	r->pid = fork();
	if (r->pid == 0)
		become_command(c, in[0], out[1]);
	if (r->pid < 0)
		return false;
	setpgid(r->pid, r->pid);
	r->exit = pidfd_open(r->pid, 0);
	r->in = in[1];
	r->out = out[0];
	return r->exit >= 0 && no_more_waiting(r->in) &&
	    no_more_waiting(r->out);
}

static bool
open_pipes(int in[2], int out[2])
{
	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) == 0)
		return true;
	close(in[0]);
	close(in[1]);
	return false;
}

static bool
begin(struct run *r, const struct command *c, struct outcome *why)
{
	int in[2], out[2];
	bool ok = open_pipes(in, out);

	if (ok) {
		ok = start(r, c, in, out);
		close(in[0]);
		close(out[1]);
		if (!ok && r->pid < 0) {
			close(in[1]);
			close(out[0]);
		}
	}
	return ok ||
	    outcome_fail(why, DEFERRED, STAGE_LOCAL, ESC(4, 3, 0),
		"%s could not be started: %s", c->what, strerror(errno));
}

/* ---- the end ---- */

/* The signal that ended it, or what the shell ran last; or 0. */
static int
signal_of(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128 : 0;
}

enum verdict
command_verdict(int status, struct esc *esc)
{
	switch (signal_of(status) ? EX_TEMPFAIL : WEXITSTATUS(status)) {
	case EX_OK:
		*esc = ESC(2, 0, 0);
		return DELIVERED;
	case EX_OSERR:
	case EX_OSFILE:
	case EX_CANTCREAT:
	case EX_IOERR:
	case EX_TEMPFAIL:
	case 126:
	case 127:
		*esc = ESC(4, 3, 0);
		return DEFERRED;
	case EX_NOUSER:
		*esc = ESC(5, 1, 1);
		return FAILED;
	case EX_NOPERM:
		*esc = ESC(5, 7, 1);
		return FAILED;
	default:
		*esc = ESC(5, 3, 0);
		return FAILED;
	}
}

static void
put_status(struct buf *out, int status)
{
	if (signal_of(status))
		buf_putf(out, "was ended by signal %d", signal_of(status));
	else
		buf_putf(out, "ended with status %d", WEXITSTATUS(status));
}

/* In one line, nothing in it but what can be shown. */
static void
put_said(struct buf *out, struct slice said)
{
	struct slice line;
	const char *before = ": ";

	for (said = slice_trim(said); slice_cut(&said, '\n', &line);) {
		buf_puts(out, before);
		text_escape(out, slice_trim(line));
		before = " / ";
	}
}

static void
judge(struct run *r, const struct command *c, int status, struct outcome *why)
{
	struct buf text = { 0 };
	struct esc esc = ESC(4, 3, 0);
	enum verdict verdict = r->is_late ? DEFERRED
					  : command_verdict(status, &esc);

	buf_putf(&text, "%s ", c->what);
	if (r->is_late)
		buf_putf(&text, "took longer than %u s and was ended",
		    c->seconds);
	else
		put_status(&text, status);
	if (r->said.n > 0)
		put_said(&text, buf_slice(&r->said));
	*why = outcome_make(verdict, STAGE_LOCAL, esc, "%s", buf_str(&text));
	buf_free(&text);
}

/* Whoever it has left behind goes with it. */
static int
end(struct run *r)
{
	int status = 0;

	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	close_in(r);
	if (r->out >= 0)
		close(r->out);
	if (r->exit >= 0)
		close(r->exit);
	return status;
}

bool
command_run(const struct command *c, const struct local_mail *m,
    struct outcome *why)
{
	struct run r = { .exit = -1,
		.in = -1,
		.out = -1,
		.until = clock_now() + SECONDS(c->seconds) };
	const struct local_sink sink = { put, &r };
	struct outcome text;
	int status;

	if (!begin(&r, c, why)) {
		if (r.pid > 0)
			end(&r);
		return false;
	}
	if (!local_mail_copy(m, LOCAL_PLAIN, &sink, &text) && !r.is_late) {
		end(&r);
		*why = text;
		return false;
	}
	if (!r.is_late)
		wait_for_end(&r);
	status = end(&r);
	judge(&r, c, status, why);
	buf_free(&r.said);
	return why->verdict == DELIVERED;
}
