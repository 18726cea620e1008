/* SPDX-License-Identifier: ISC */
/*
 * recorder_talk.c - see recorder_impl.h
 *
 * A packet is a struct header for each of its jobs, then their marks; with it
 * go the descriptors that the jobs have, in their order.  More marks of a job
 * than a packet holds go in a file without a name, whose descriptor is the
 * last.  The answer is the results.
 */
#include "spool/recorder_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define FDS_MAX (RECORDER_GROUP + JOB_FDS + 1) /* a mark, a drop have one */

struct header {
	struct job_spec spec;
	bool has[JOB_FDS];
	bool apart;	/* the marks are in a file */
	unsigned jobs;	/* in this packet */
};

/* What is on the way. */
struct packet {
	struct header head[RECORDER_GROUP];
	struct job job[RECORDER_GROUP];
	struct job_mark marks[RECORDER_MARKS];
	int fd[FDS_MAX];
	size_t nfds;
};

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* ---- the program's side ---- */

static bool
write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			at += done;
			n -= (size_t)done;
		}
	}
	return true;
}

/* A file with the marks; -1 with errno. */
static int
put_marks_apart(const struct job *job)
{
	int fd = memfd_create("marks", MFD_CLOEXEC);

	if (fd >= 0 && !write_all(fd, job->marks,
	    size_mul(job->spec.nmarks, sizeof *job->marks))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
put_fds(struct msghdr *m, union control *control, const int *fd, size_t n)
{
	struct cmsghdr *c;

	if (n == 0)
		return;
	m->msg_control = control->room;
	m->msg_controllen = CMSG_SPACE(n * sizeof(int));
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fd, n * sizeof(int));
}

/* The header of a job, its descriptors at *nfds of fd. */
static void
put_header(struct header *h, const struct job *job, size_t n, int *fd,
    size_t *nfds)
{
	*h = (struct header){ .spec = job->spec, .jobs = (unsigned)n };
	for (size_t i = 0; i < JOB_FDS; i++) {
		h->has[i] = job->fd[i] >= 0;
		if (h->has[i])
			fd[(*nfds)++] = job->fd[i];
	}
}

static bool
send_packet(int fd, struct job *const job[], size_t n, int apart)
{
	struct header h[RECORDER_GROUP];
	struct iovec part[1 + RECORDER_GROUP] = { { h, n * sizeof *h } };
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 1 };
	union control control = { .room = { 0 } };
	int fds[FDS_MAX];
	size_t nfds = 0;

	for (size_t i = 0; i < n; i++) {
		put_header(&h[i], job[i], n, fds, &nfds);
		if (apart < 0 && job[i]->spec.nmarks > 0)
			part[m.msg_iovlen++] = (struct iovec){ job[i]->marks,
				job[i]->spec.nmarks * sizeof *job[i]->marks };
	}
	h[0].apart = apart >= 0;
	if (apart >= 0)
		fds[nfds++] = apart;
	put_fds(&m, &control, fds, nfds);
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

bool
recorder_send(int fd, struct job *const job[], size_t n)
{
	int apart = -1, error;
	bool sent;

	if (job[0]->spec.nmarks > RECORDER_MARKS) {
		apart = put_marks_apart(job[0]);
		if (apart < 0)
			return false;
	}
	sent = send_packet(fd, job, n, apart);
	error = errno;
	if (apart >= 0)
		close(apart);
	errno = error;
	return sent;
}

/* ---- the recorder's side ---- */

/*
 * What its program catches must not be done here; what is meant for all of them
 * ends their program, and by that this.
 */
static void
ignore_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGALRM, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ };
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t none;

	for (int i = 1; i < SIGRTMIN; i++)
		sigaction(i, &by_default, NULL);
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		sigaction(ignored[i], &ignore, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Its socket alone, as descriptor 3. */
static void
keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		if (null >= 0 && fd != i)
			dup2(null, i);
	if (fd != 3)
		dup2(fd, 3);
	if (close_range(4, ~0U, 0) == 0)
		return;
	for (long i = sysconf(_SC_OPEN_MAX); i-- > 4;)
		close((int)i);
}

static void
take_fds(struct msghdr *m, struct packet *p)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	p->nfds = 0;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	p->nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(p->fd, CMSG_DATA(c), p->nfds * sizeof(int));
}

static bool
read_marks_apart(int fd, struct job *job)
{
	size_t n = size_mul(job->spec.nmarks, sizeof *job->marks), at = 0;

	job->marks = mem_resize(NULL, job->spec.nmarks, sizeof *job->marks);
	while (at < n) {
		ssize_t got = pread(fd, (char *)job->marks + at, n - at,
		    (off_t)at);

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		at += got > 0 ? (size_t)got : 0;
	}
	return true;
}

/* Give each job the next of what has come; false when that is too little. */
static bool
share_out(struct packet *p, size_t n)
{
	size_t k = 0, marks = 0;

	for (size_t j = 0; j < n; j++) {
		struct job *job = &p->job[j];

		*job = (struct job){ .spec = p->head[j].spec,
			.marks = p->marks + marks };
		for (size_t i = 0; i < JOB_FDS; i++) {
			if (p->head[j].has[i] && k == p->nfds)
				return false;
			job->fd[i] = p->head[j].has[i] ? p->fd[k++] : -1;
		}
		if (p->head[j].apart)
			return n == 1 && k < p->nfds &&
			    read_marks_apart(p->fd[k], job);
		marks += job->spec.nmarks;
	}
	return marks <= RECORDER_MARKS;
}

/* Of JOB_DROPs the descriptors are closed, as all are. */
static void
run_all(struct packet *p, size_t n)
{
	struct job *job[RECORDER_GROUP];

	for (size_t i = 0; i < n; i++)
		job[i] = &p->job[i];
	if (p->job[0].spec.kind == JOB_MARK)
		job_run_marks(job, n);
	else if (p->job[0].spec.kind != JOB_DROP)
		job_run(&p->job[0]);
}

/* All is closed before it is said: who asked may then give its lock back. */
static bool
serve(int fd, struct packet *p, size_t n)
{
	/* descriptors that were short for receiving, as others */
	const struct job_result lost = { .step = STEP_LOST, .error = EMFILE };
	struct job_result result[RECORDER_GROUP];
	bool whole = share_out(p, n);

	if (whole)
		run_all(p, n);
	for (size_t i = 0; i < n; i++)
		result[i] = whole ? p->job[i].result : lost;
	for (size_t i = 0; i < p->nfds; i++)
		close(p->fd[i]);
	if (p->job[0].marks != p->marks)
		free(p->job[0].marks);
	return send(fd, result, n * sizeof *result, MSG_NOSIGNAL) >= 0;
}

/* The marks lie behind the headers that have come, not behind all there may
 * be. */
static bool
unpack(struct packet *p, const char *data, size_t n)
{
	size_t heads;

	if (n < sizeof *p->head)
		return false;
	memcpy(p->head, data, sizeof *p->head);
	heads = p->head[0].jobs * sizeof *p->head;
	if (p->head[0].jobs == 0 || p->head[0].jobs > RECORDER_GROUP ||
	    heads > n || n - heads > sizeof p->marks)
		return false;
	memcpy(p->head, data, heads);
	memcpy(p->marks, data + heads, n - heads);
	return true;
}

/* The next packet, if one has come; false when it is time to go. */
static bool
take_one(int fd, int flags)
{
	struct packet p;
	char data[sizeof p.head + sizeof p.marks];
	struct iovec part = { data, sizeof data };
	union control control;
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room };
	ssize_t got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | flags);

	if (got < 0)
		return errno == EINTR;
	take_fds(&m, &p);
	return unpack(&p, data, (size_t)got) && serve(fd, &p, p.head[0].jobs);
}

void
recorder_live(int fd, int idle)
{
	struct pollfd p = { .fd = 3, .events = POLLIN };
	int n;

	ignore_signals();
	keep_only(fd);
	prctl(PR_SET_NAME, "smtpsend-record");
	if (send(3, "", 1, MSG_NOSIGNAL) < 0)
		_exit(0);
	do {
		n = poll(&p, 1, idle);
		if (n == 0)
			break;
	} while ((n < 0 && errno == EINTR) || take_one(3, 0));
	/* nothing more can be sent here; but something may have been */
	shutdown(3, SHUT_RD);
	while (n == 0 && take_one(3, MSG_DONTWAIT))
		continue;
	_exit(0);
}
