/* SPDX-License-Identifier: ISC */
/* agent.c - see agent.h; a child for each connection. */
#include "local/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "local/packet.h"
#include "net/clock.h"
#include "net/local.h"
#include "net/stop.h"
#include "net/wait.h"

#define CHILDREN 20
#define SPARE    SECONDS(120) /* beyond what who asks waits */

/* One that is at work; its user may stop it, and so it has its time. */
struct child {
	pid_t pid;
	int fd; /* readable when it has ended; -1 = nobody can tell */
	int64_t until;
};

struct agent {
	const struct agent_config *config;
	int fd;
	bool is_feed;
	struct child *child;
	unsigned n, most;
	int64_t patience;
	struct stop stop;
};

/* ---- a child ---- */

static bool
tell(int fd, const struct local_answer *a)
{
	struct buf out = { 0 };
	bool ok;

	local_answer_put(&out, a);
	ok = packet_send(fd, buf_slice(&out), -1);
	buf_free(&out);
	return ok;
}

/* Where it goes is durable, or the other side has gone. */
static bool
say_at(void *self, uint64_t inode, uint64_t at)
{
	const int *fd = self;
	struct local_answer a = { .word = LOCAL_AT, .inode = inode, .at = at };
	char octets[LOCAL_PACKET];
	struct slice in;

	return tell(*fd, &a) && packet_take(*fd, octets, &in, NULL) &&
	    local_answer_get(in, &a) && a.word == LOCAL_GO;
}

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void
work(const struct agent_config *c, const struct local_request *r, int text,
    int fd, struct local_answer *answer)
{
	const struct local_mail m = { .request = r,
		.text = { .fd = text,
		    .offset = r->offset,
		    .length = r->size,
		    .summed = r->summed,
		    .sums = r->sums } };
	const struct agent_talk talk = { say_at, &fd };

	if (is_file(text))
		agent_deliver(c, &m, &talk, answer);
	else
		answer->outcome = outcome_make(DEFERRED, STAGE_LOCAL,
		    ESC(4, 3, 0), "the message came as no file");
}

/* Who asks is nobody else. */
static bool
is_client(const struct agent_config *c, int fd)
{
	struct local_peer peer;

	return local_peer(fd, &peer) &&
	    (peer.uid == 0 || peer.uid == c->client);
}

static void
serve(const struct agent_config *c, int fd)
{
	struct local_answer a = { .word = LOCAL_DONE };
	struct local_request r;
	char octets[LOCAL_PACKET];
	struct slice in;
	int text = -1;

	if (!is_client(c, fd) || !packet_take(fd, octets, &in, &text) ||
	    !local_request_get(in, &r))
		return;
	work(c, &r, text, fd, &a);
	tell(fd, &a);
	local_answer_free(&a);
	local_request_free(&r);
}

/* ---- the parent ---- */

static void
start(struct agent *a, int fd)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid == 0) {
		close(a->fd); /* first: if we die, another is to listen */
		setsid(); /* no terminal of root's for anybody's command */
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGXFSZ, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		serve(a->config, fd);
		_exit(0);
	}
	if (pid > 0)
		a->child[a->n++] = (struct child){ pid, pidfd_open(pid, 0),
			clock_now() + a->patience };
	close(fd);
}

/* It has its place no longer. */
static void
forget(struct agent *a, unsigned i)
{
	if (a->child[i].fd >= 0)
		close(a->child[i].fd);
	a->child[i] = a->child[--a->n];
}

static void
forget_pid(struct agent *a, pid_t pid)
{
	unsigned i = 0;

	while (i < a->n && a->child[i].pid != pid)
		i++;
	if (i < a->n)
		forget(a, i);
}

/* Who asked for it has given up before. */
static void
reap(struct agent *a, int64_t now)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		forget_pid(a, pid);
	for (unsigned i = a->n; i-- > 0;)
		if (a->child[i].until <= now) {
			kill(a->child[i].pid, SIGKILL);
			forget(a, i);
		}
}

static void
wait_for_children(const struct agent *a, struct wait *w)
{
	for (unsigned i = 0; i < a->n; i++) {
		wait_add(w, a->child[i].fd, POLLIN);
		wait_until(w, a->child[i].until);
	}
}

/* The next connection; -1: none, -2: there will be none any more. */
static int
next(struct agent *a)
{
	char octets[LOCAL_PACKET];
	struct slice in;
	int fd = -1;

	if (!a->is_feed)
		return accept4(a->fd, NULL, NULL, SOCK_CLOEXEC);
	if (!packet_take(a->fd, octets, &in, &fd))
		return errno == EAGAIN || errno == EINTR ? -1 : -2;
	return fd;
}

static bool
is_over(struct agent *a, struct wait *w)
{
	size_t slot = WAIT_NO_SLOT;
	int fd = -1;

	wait_clear(w);
	stop_wait(&a->stop, w);
	wait_for_children(a, w);
	if (a->n < a->most)
		slot = wait_add(w, a->fd, POLLIN);
	wait_poll(w, clock_now());
	reap(a, clock_now());
	if (stop_taken(&a->stop))
		return true;
	if (wait_ready(w, slot))
		fd = next(a);
	if (fd >= 0)
		start(a, fd);
	return fd == -2;
}

/* Longer than anything that goes well: two locks, and a command. */
static int64_t
patience_of(const struct agent_config *c)
{
	return SECONDS(c->command_seconds) +
	    SECONDS(c->lock_milliseconds) / 1000 * 2 + SPARE;
}

bool
agent_run(const struct agent_config *c, int fd, bool is_feed,
    struct outcome *why)
{
	struct agent a = { .config = c,
		.fd = fd,
		.is_feed = is_feed,
		.most = c->most ? c->most : CHILDREN,
		.patience = patience_of(c),
		.stop = STOP_NONE };
	struct wait w = { 0 };

	umask(077);
	if (!stop_catch(&a.stop, false) || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "cannot wait for requests: %s", strerror(errno));
	a.child = mem_alloc(size_mul(a.most, sizeof *a.child));
	while (!is_over(&a, &w))
		;
	while (a.n > 0)
		forget(&a, 0);
	free(a.child);
	wait_free(&w);
	stop_free(&a.stop);
	return true;
}
