/* SPDX-License-Identifier: ISC */
/*
 * recorder.c - see recorder.h; the other end is recorder_talk.c
 *
 * Each recorder has a socket of its own and one job at a time, so that its
 * death says which job is lost.
 *
 * A child has its parent's descriptors, and by them the locks of its messages,
 * until it has closed them.  That is waited for: else a message that we give
 * back could not be taken at once.  So that this is no long stop when many are
 * wanted, no more than one is started until its caller comes back for answers.
 */
#include "spool/recorder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "spool/recorder_impl.h"

#define EVENTS 16 /* taken at a time */
#define LIVES  3  /* recorders that a job may outlive */
#define BIRTH  2000 /* milliseconds that one may take to be ready */

struct row {
	struct job *first, *last;
};

struct helper {
	pid_t pid;		/* 0 = there is none */
	int fd;
	struct job *job;	/* NULL = it is idle */
};

struct recorders {
	struct helper *v;
	unsigned most;
	int idle;
	bool started;		/* one, since answers were asked for */
	int poll;		/* an epoll of their sockets, and of */
	int ready;		/* ... this, which says that some lie ready */
	bool told;		/* ... as it does now */
	bool reminded;		/* as the caller wants it to */
	struct row waiting;	/* for a recorder */
	struct row done;
};

/* ---- rows ---- */

static void
put(struct row *row, struct job *job)
{
	job->next = NULL;
	if (row->first)
		row->last->next = job;
	else
		row->first = job;
	row->last = job;
}

static void
put_first(struct row *row, struct job *job)
{
	job->next = row->first;
	if (!row->first)
		row->last = job;
	row->first = job;
}

static struct job *
take(struct row *row)
{
	struct job *job = row->first;

	if (job)
		row->first = job->next;
	return job;
}

/* ---- recorders ---- */

static bool
watch(const struct recorders *r, int fd, void *owner)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = owner };

	return epoll_ctl(r->poll, EPOLL_CTL_ADD, fd, &e) == 0;
}

struct recorders *
recorders_new(unsigned most, int idle)
{
	struct recorders *r = mem_alloc(sizeof *r);

	r->most = most;
	r->idle = idle;
	r->v = mem_alloc(size_mul(most, sizeof *r->v));
	r->poll = epoll_create1(EPOLL_CLOEXEC);
	r->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->poll >= 0 && r->ready >= 0 && watch(r, r->ready, NULL))
		return r;
	if (r->poll >= 0) /* without them all is run here */
		close(r->poll);
	r->poll = -1;
	return r;
}

size_t
recorders_count(const struct recorders *r)
{
	size_t n = 0;

	for (unsigned i = 0; i < r->most; i++)
		n += r->v[i].pid != 0;
	return n;
}

/* It is gone, or goes: its socket has ended. */
static void
bury(const struct recorders *r, struct helper *h)
{
	epoll_ctl(r->poll, EPOLL_CTL_DEL, h->fd, NULL);
	close(h->fd);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	*h = (struct helper){ .pid = 0 };
}

void
recorders_free(struct recorders *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->most; i++)
		if (r->v[i].pid != 0)
			shutdown(r->v[i].fd, SHUT_RDWR);
	for (unsigned i = 0; i < r->most; i++)
		if (r->v[i].pid != 0)
			bury(r, &r->v[i]);
	if (r->poll >= 0)
		close(r->poll);
	if (r->ready >= 0)
		close(r->ready);
	free(r->v);
	free(r);
}

/* It has closed what is ours. */
static bool
is_ready(const struct helper *h)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };
	char c;
	int n;

	do {
		n = poll(&p, 1, BIRTH);
	} while (n < 0 && errno == EINTR);
	return n > 0 && recv(h->fd, &c, 1, MSG_DONTWAIT) == 1;
}

static bool
start(struct recorders *r, struct helper *h)
{
	sigset_t all, before;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	h->fd = pair[0];
	sigfillset(&all); /* none of our handlers is to run in it */
	sigprocmask(SIG_SETMASK, &all, &before);
	h->pid = watch(r, h->fd, h) ? fork() : -1;
	if (h->pid == 0)
		recorder_live(pair[1], r->idle);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	if (h->pid > 0 && is_ready(h))
		return true;
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		bury(r, h);
	} else {
		close(pair[0]);
		*h = (struct helper){ .pid = 0 };
	}
	return false;
}

/* An idle one, the first of them, so that the last ones end; or NULL. */
static struct helper *
find_idle(struct recorders *r)
{
	for (unsigned i = 0; i < r->most; i++)
		if (r->v[i].pid != 0 && !r->v[i].job)
			return &r->v[i];
	return NULL;
}

static struct helper *
start_one(struct recorders *r)
{
	if (r->poll < 0 || (r->started && recorders_count(r) > 0))
		return NULL;
	r->started = true;
	for (unsigned i = 0; i < r->most; i++)
		if (r->v[i].pid == 0)
			return start(r, &r->v[i]) ? &r->v[i] : NULL;
	return NULL;
}

/* ---- jobs ---- */

/* May an answer be had without waiting?  Then the descriptor says so. */
static void
tell(struct recorders *r)
{
	uint64_t one = 1;
	ssize_t n;
	bool want = r->done.first || r->reminded;

	if (r->poll < 0 || want == r->told)
		return;
	r->told = want;
	n = want ? write(r->ready, &one, sizeof one) :
		   read(r->ready, &one, sizeof one);
	(void)n; /* an eventfd of its own: neither can fail */
}

static void
run_here(struct recorders *r, struct job *job)
{
	job_run(job);
	put(&r->done, job);
}

/* Nobody knows how far it came: from the beginning, by another. */
static void
lose(struct recorders *r, struct job *job)
{
	if (++job->lost < LIVES)
		put_first(&r->waiting, job);
	else
		run_here(r, job);
}

/* Bring waiting jobs to recorders, as far as there are some. */
static void
dispatch(struct recorders *r)
{
	struct helper *h;
	struct job *job;

	while (r->waiting.first) {
		h = find_idle(r);
		if (!h)
			h = start_one(r);
		if (!h && recorders_count(r) > 0)
			return;
		job = take(&r->waiting);
		if (!h) {
			run_here(r, job);
		} else if (recorder_send(h->fd, job)) {
			h->job = job;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			bury(r, h); /* it was about to end */
			put_first(&r->waiting, job);
		} else {
			run_here(r, job);
		}
	}
}

void
recorders_submit(struct recorders *r, struct job *job)
{
	job->lost = 0;
	put(&r->waiting, job);
	dispatch(r);
	tell(r);
}

/* A recorder has something to say, or its last was said. */
static void
hear(struct recorders *r, struct helper *h)
{
	struct job_result result;
	struct job *job = h->job;
	ssize_t n = recv(h->fd, &result, sizeof result, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	h->job = NULL;
	if (n == (ssize_t)sizeof result && job) {
		job->result = result;
		if (result.step == STEP_LOST)
			lose(r, job);
		else
			put(&r->done, job);
		return;
	}
	bury(r, h);
	if (job)
		lose(r, job);
}

static void
listen_to_all(struct recorders *r)
{
	struct epoll_event e[EVENTS];
	int n = r->poll < 0 ? 0 : epoll_wait(r->poll, e, EVENTS, 0);

	for (int i = 0; i < n; i++)
		if (e[i].data.ptr)
			hear(r, e[i].data.ptr);
	r->started = false;
	if (n > 0 || r->waiting.first)
		dispatch(r);
}

struct job *
recorders_done(struct recorders *r)
{
	struct job *job;

	if (!r->done.first)
		listen_to_all(r);
	job = take(&r->done);
	tell(r);
	return job;
}

void
recorders_remind(struct recorders *r, bool ready)
{
	r->reminded = ready;
	tell(r);
}

int
recorders_fd(const struct recorders *r)
{
	return r->poll;
}
