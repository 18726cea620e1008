/* SPDX-License-Identifier: ISC */
/*
 * recorder.c - see recorder.h; the other end is recorder_talk.c
 *
 * Each recorder has a socket of its own and one packet at a time, so that its
 * death says which jobs are lost.  Where marks can share a sync many go in a
 * packet, the more of them the more recorders are at work: alone, a mark is on
 * its way at once; under load, it waits for company and not for a processor.
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
#include <string.h>
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
	size_t n;
};

struct helper {
	pid_t pid;		/* 0 = there is none */
	int fd;
	struct job *job[RECORDER_GROUP]; /* as they were sent */
	size_t n;		/* 0 = it is idle */
};

struct recorders {
	struct helper *v;
	unsigned most;
	int idle;
	bool shares;		/* a sync may be of several marks */
	bool started;		/* one, since answers were asked for */
	int poll;		/* an epoll of their sockets, and of */
	int ready;		/* ... this, which says that some lie ready */
	bool told;		/* ... as it does now */
	bool reminded;		/* as the caller wants it to */
	struct row waiting;	/* for a recorder */
	struct row marks;	/* ... and these for one another, */
	struct row drops;	/* ... these for quiet */
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
	row->n++;
}

static void
put_first(struct row *row, struct job *job)
{
	job->next = row->first;
	if (!row->first)
		row->last = job;
	row->first = job;
	row->n++;
}

static struct job *
take(struct row *row)
{
	struct job *job = row->first;

	if (!job)
		return NULL;
	row->first = job->next;
	row->n--;
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
recorders_new(unsigned most, int idle, bool shares)
{
	struct recorders *r = mem_alloc(sizeof *r);

	r->most = most;
	r->idle = idle;
	r->shares = shares;
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
		if (r->v[i].pid != 0 && r->v[i].n == 0)
			return &r->v[i];
	return NULL;
}

static size_t
count_busy(const struct recorders *r)
{
	size_t n = 0;

	for (unsigned i = 0; i < r->most; i++)
		n += r->v[i].n > 0;
	return n;
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

/* The recorder has them now, and closes them last. */
static void
close_drops(struct helper *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->job[i]->spec.kind == JOB_DROP)
			job_run(h->job[i]);
}

/* Nobody knows how far it came: from the beginning, by another, and alone. */
static void
lose(struct recorders *r, struct job *job)
{
	if (job->spec.kind == JOB_DROP)
		put(&r->done, job);
	else if (++job->lost < LIVES)
		put_first(&r->waiting, job);
	else
		run_here(r, job);
}

static struct row *
row_for(struct recorders *r, const struct job *job)
{
	if (r->shares && job->spec.kind == JOB_MARK &&
	    job->spec.nmarks <= RECORDER_MARKS)
		return &r->marks;
	return job->spec.kind == JOB_DROP ? &r->drops : &r->waiting;
}

/* What a recorder is to have next; NULL: nothing yet. */
static struct row *
next_row(struct recorders *r)
{
	size_t busy = count_busy(r);

	if (r->waiting.n > 0)
		return &r->waiting;
	if (r->marks.n > 0 && (r->marks.n > busy ||
	    r->marks.n >= RECORDER_GROUP))
		return &r->marks;
	if (r->drops.n > 0 && (busy == 0 || r->drops.n >= RECORDER_GROUP))
		return &r->drops;
	return NULL;
}

/* A packet of this row. */
static size_t
take_packet(struct recorders *r, struct row *row, struct job **out)
{
	size_t most = row == &r->waiting ? 1 : RECORDER_GROUP;
	size_t n = 0, marks = 0;

	while (row->n > 0 && n < most) {
		marks += row->first->spec.nmarks;
		if (n > 0 && marks > RECORDER_MARKS)
			break;
		out[n++] = take(row);
	}
	return n;
}

static void
send_packet(struct recorders *r, struct row *row, struct helper *h)
{
	h->n = take_packet(r, row, h->job);
	if (recorder_send(h->fd, h->job, h->n)) {
		close_drops(h);
		return;
	}
	if (errno == EPIPE || errno == ECONNRESET) {
		while (h->n > 0) /* it was about to end */
			put_first(row, h->job[--h->n]);
		bury(r, h);
		return;
	}
	for (size_t i = 0; i < h->n; i++)
		run_here(r, h->job[i]);
	h->n = 0;
}

/* Bring waiting jobs to recorders, as far as there are some. */
static void
dispatch(struct recorders *r)
{
	struct helper *h;
	struct row *row;

	while ((row = next_row(r)) != NULL) {
		h = find_idle(r);
		if (!h)
			h = start_one(r);
		if (h)
			send_packet(r, row, h);
		else if (recorders_count(r) > 0)
			return;
		else
			run_here(r, take(row));
	}
}

void
recorders_submit(struct recorders *r, struct job *job)
{
	job->lost = 0;
	put(row_for(r, job), job);
	dispatch(r);
	tell(r);
}

/* A recorder has something to say, or its last was said. */
static void
hear(struct recorders *r, struct helper *h)
{
	struct job_result result[RECORDER_GROUP];
	ssize_t got = recv(h->fd, result, sizeof result, MSG_DONTWAIT);
	struct job *job[RECORDER_GROUP];
	size_t n = h->n;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	memcpy(job, h->job, n * sizeof *job);
	h->n = 0;
	if (n == 0 || got != (ssize_t)(n * sizeof *result)) {
		bury(r, h);
		memset(result, 0, sizeof result);
		for (size_t i = 0; i < n; i++)
			result[i].step = STEP_LOST;
	}
	for (size_t i = 0; i < n; i++) {
		job[i]->result = result[i];
		if (result[i].step == STEP_LOST)
			lose(r, job[i]);
		else
			put(&r->done, job[i]);
	}
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
