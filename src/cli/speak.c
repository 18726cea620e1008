/* SPDX-License-Identifier: ISC */
/* speak.c - see speak.h */
#include "cli/speak.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "cli/become.h"
#include "cli/daemon.h"
#include "cli/direct.h"
#include "cli/trace.h"
#include "net/clock.h"
#include "net/file.h"
#include "net/local.h"

#define BLOCK    16384
#define PATIENCE SECONDS(10) /* to get in */
#define PAUSE    20          /* ms between two tries */

struct speak {
	const struct settings *s;
	int socket;
	pid_t daemon; /* ours, or 0 */
	pid_t server; /* that of direct.h, or 0 */
	enum { HIDES_NOTHING, HIDES_SECOND, HIDES_THIS } hides; /* replies */
	struct buf part; /* of a line, while one is to be hidden */
	enum { ENDS_UNKNOWN, ENDS_CRLF, ENDS_LF } ends;
	char last;       /* octet of the input so far */
	struct buf out;  /* to the server; stdin is not read meanwhile */
	size_t sent;     /* ... of it */
	bool ended;      /* there is no more on stdin */
	struct buf line; /* of a reply, as far as it has come */
	int status;
};

/* ---- getting in ---- */

static pid_t
start_daemon(const struct settings *s, int argc, char *const argv[])
{
	struct settings own = *s;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = null >= 0 ? fork() : -1;

	if (pid == 0) {
		own.mode = MODE_DAEMON_FOREGROUND;
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		setsid();
		_exit(daemon_run(&own, argc, argv));
	}
	if (null >= 0)
		close(null);
	return pid;
}

/* Has the daemon that was started given up? */
static bool
is_gone(struct speak *k)
{
	if (k->daemon > 0 && waitpid(k->daemon, NULL, WNOHANG) == k->daemon)
		k->daemon = -1;
	return k->daemon < 0;
}

static bool
get_in(struct speak *k, const char *path, int64_t until)
{
	while ((k->socket = local_connect(path)) < 0) {
		bool waits = errno == EAGAIN || k->daemon > 0;

		if (!waits || is_gone(k) || clock_now() >= until)
			return false;
		poll(NULL, 0, PAUSE);
	}
	return true;
}

static bool
open_queue(struct speak *k, int argc, char *const argv[])
{
	const struct queue_settings *q = &k->s->queue;
	struct buf path = { 0 };
	bool ok;

	buf_putf(&path, "%s/submit", q->run);
	ok = get_in(k, buf_str(&path), clock_now() + PATIENCE);
	if (!ok && spool_reach(q->path) == SPOOL_OURS) {
		k->daemon = start_daemon(k->s, argc, argv);
		ok = get_in(k, buf_str(&path), clock_now() + PATIENCE);
	}
	buf_free(&path);
	return ok;
}

/* No queue for this mail: a server of our own, behind a pair of sockets. */
static bool
start_server(struct speak *k)
{
	int pair[2], how = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (spool_reach(k->s->queue.path) != SPOOL_ABSENT && !k->s->own_way)
		return false;
	if (socketpair(AF_UNIX, how, 0, pair) != 0)
		return false;
	k->server = fork();
	if (k->server == 0) {
		close(pair[0]);
		close(STDOUT_FILENO); /* the caller's, who waits for its end */
		_exit(direct_serve(k->s, pair[1]) ? EX_OK : EX_OSERR);
	}
	close(pair[1]);
	k->socket = pair[0];
	if (k->server < 0)
		close(pair[0]);
	return k->server > 0;
}

/* ---- from us to the server ---- */

static void
choose_ends(struct speak *k, struct slice in)
{
	size_t at = slice_find(in, '\n');
	char before = at > 0 ? in.p[at - 1] : k->last;

	if (k->ends == ENDS_UNKNOWN && at < in.n)
		k->ends = before == '\r' ? ENDS_CRLF : ENDS_LF;
}

static void
put_input(struct speak *k, struct slice in, struct buf *out)
{
	choose_ends(k, in);
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n' && k->ends == ENDS_LF && k->last != '\r')
			buf_putc(out, '\r');
		buf_putc(out, in.p[i]);
		k->last = in.p[i];
	}
}

static void
pass_input(struct speak *k)
{
	char octets[BLOCK];
	ssize_t n = read(STDIN_FILENO, octets, sizeof octets);

	if (n > 0)
		put_input(k, (struct slice){ octets, (size_t)n }, &k->out);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		k->ended = true;
}

static bool
is_pending(const struct speak *k)
{
	return k->sent < k->out.n;
}

/*
 * As much as it takes now: it may be about to say something, and take no more
 * until that is heard.  Nobody there: it has said why, or its end is heard.
 */
static void
push(struct speak *k)
{
	struct slice rest = slice_from(buf_slice(&k->out), k->sent);
	ssize_t n = rest.n > 0
	    ? send(k->socket, rest.p, rest.n, MSG_NOSIGNAL) : 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		k->ended = true;
		k->sent = k->out.n;
	}
	k->sent += n > 0 ? (size_t)n : 0;
	if (is_pending(k))
		return;
	buf_clear(&k->out);
	k->sent = 0;
	if (k->ended)
		shutdown(k->socket, SHUT_WR);
}

/* ---- and back ---- */

/* Of -bS: a refusal, and nothing else, is told. */
static void
hear_line(struct speak *k)
{
	struct slice line = slice_trim(buf_slice(&k->line));
	struct buf shown = { 0 };

	if (line.n >= 3 && (line.p[0] == '4' || line.p[0] == '5')) {
		if (k->status != EX_DATAERR)
			k->status = line.p[0] == '5' ? EX_DATAERR : EX_TEMPFAIL;
		text_escape(&shown, line);
		fprintf(stderr, "%s: %s\n", k->s->program, buf_str(&shown));
	}
	buf_free(&shown);
	buf_clear(&k->line);
}

static void
hear(struct speak *k, struct slice in)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_putc(&k->line, in.p[i]);
		if (in.p[i] == '\n')
			hear_line(k);
	}
}

/* A whole line: to be shown, or part of the answer to what we have said. */
static void
show_or_hide(struct speak *k, struct buf *shown)
{
	struct slice line = buf_slice(&k->part);
	bool ends = line.n < 4 || line.p[3] != '-';

	if (k->hides != HIDES_THIS)
		buf_put(shown, line);
	if (ends)
		k->hides = k->hides == HIDES_SECOND ? HIDES_THIS :
						      HIDES_NOTHING;
	buf_clear(&k->part);
}

/* Behind the greeting comes an answer that our caller did not ask for. */
static void
hide(struct speak *k, struct slice in, struct buf *shown)
{
	size_t i = 0;

	while (i < in.n && k->hides != HIDES_NOTHING) {
		buf_putc(&k->part, in.p[i]);
		if (in.p[i++] == '\n')
			show_or_hide(k, shown);
	}
	buf_put(shown, slice_from(in, i));
}

static bool
pass_on(struct speak *k, struct slice in)
{
	if (k->s->mode == MODE_BATCH_SMTP) {
		hear(k, in);
		return true;
	}
	if (file_write(STDOUT_FILENO, in))
		return true;
	k->status = EX_IOERR;
	return false;
}

/* False: the server has said all, or nobody listens to it. */
static bool
pass_reply(struct speak *k)
{
	char octets[BLOCK];
	ssize_t n = read(k->socket, octets, sizeof octets);
	struct slice in = { octets, n > 0 ? (size_t)n : 0 };
	struct buf shown = { 0 };
	bool ok;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	hide(k, in, &shown);
	ok = pass_on(k, buf_slice(&shown));
	buf_free(&shown);
	return ok;
}

/*
 * Of -odq the queue is told first.  Batches need no greeting (sendmail's own
 * files of them have none).
 */
static void
greet(struct speak *k)
{
	if (k->server == 0 && k->s->sendmail.delivery == DELIVERY_QUEUE) {
		buf_puts(&k->out, "XSMTPSEND QUEUEONLY\r\n");
		k->hides = HIDES_SECOND;
	}
	if (k->s->mode == MODE_BATCH_SMTP)
		buf_puts(&k->out, "EHLO localhost\r\n");
}

/* After the end of the input the server still has its say. */
static void
talk(struct speak *k)
{
	struct pollfd fds[2];

	for (;;) {
		bool pending = is_pending(k);

		fds[0] = (struct pollfd){ k->socket,
			pending ? POLLIN | POLLOUT : POLLIN, 0 };
		fds[1] = (struct pollfd){
			pending || k->ended ? -1 : STDIN_FILENO, POLLIN, 0 };
		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		if (fds[0].revents & ~POLLOUT && !pass_reply(k))
			return;
		if (fds[1].revents)
			pass_input(k);
		if (pending || fds[1].revents)
			push(k);
	}
}

static int
fail(const struct settings *s)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: cannot %s: the daemon of this machine's queue "
	    "does not run, or there is no queue\n", s->program,
	    mode_name(s->mode));
	fputs(buf_str(&line), stderr);
	trace_failure(s, EX_UNAVAILABLE, buf_slice(&line));
	buf_free(&line);
	return EX_UNAVAILABLE;
}

int
speak_run(const struct settings *s, int argc, char *const argv[])
{
	struct speak k = { .s = s, .socket = -1 };

	if ((s->own_way || !open_queue(&k, argc, argv)) && !start_server(&k))
		return fail(s);
	greet(&k);
	talk(&k);
	close(k.socket);
	buf_free(&k.part);
	buf_free(&k.line);
	buf_free(&k.out);
	if (k.daemon > 0)
		kill(k.daemon, SIGTERM);
	if (k.server > 0)
		waitpid(k.server, NULL, 0);
	return k.status;
}
