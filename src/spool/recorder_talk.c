/* SPDX-License-Identifier: ISC */
/*
 * recorder_talk.c - see recorder_impl.h
 *
 * A packet is a struct header, then the marks; with it go the descriptors that
 * the job has, in their order.  More marks than a packet holds go in a file
 * without a name, whose descriptor is the last.  The answer is the result.
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

#define MARKS_MAX 512	/* in a packet */
#define FDS_MAX	  (JOB_FDS + 1)

struct header {
	struct job_spec spec;
	bool has[JOB_FDS];
	bool apart;	/* the marks are in a file */
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

static bool
send_packet(int fd, const struct job *job, int apart)
{
	struct header h = { .spec = job->spec, .apart = apart >= 0 };
	struct iovec part[2] = { { &h, sizeof h }, { job->marks,
		job->spec.nmarks * sizeof *job->marks } };
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 2 };
	union control control = { .room = { 0 } };
	int fds[FDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < JOB_FDS; i++) {
		h.has[i] = job->fd[i] >= 0;
		if (h.has[i])
			fds[n++] = job->fd[i];
	}
	if (apart >= 0) {
		fds[n++] = apart;
		m.msg_iovlen = 1;
	}
	put_fds(&m, &control, fds, n);
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

bool
recorder_send(int fd, const struct job *job)
{
	int apart = -1, error;
	bool sent;

	if (job->spec.nmarks > MARKS_MAX) {
		apart = put_marks_apart(job);
		if (apart < 0)
			return false;
	}
	sent = send_packet(fd, job, apart);
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
take_fds(struct msghdr *m, int *fd, size_t *n)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	*n = 0;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	*n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fd, CMSG_DATA(c), *n * sizeof(int));
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

/* Does what has come make a job that can be run? */
static bool
make_job(const struct header *h, const int *fds, size_t n, struct job *job)
{
	size_t k = 0;

	job->spec = h->spec;
	for (size_t i = 0; i < JOB_FDS; i++) {
		if (h->has[i] && k == n)
			return false;
		job->fd[i] = h->has[i] ? fds[k++] : -1;
	}
	if (!h->apart)
		return h->spec.nmarks <= MARKS_MAX;
	return k < n && read_marks_apart(fds[k], job);
}

/* Descriptors that were short for receiving, as others. */
static void
fail(struct job *job)
{
	job->result = (struct job_result){ .step = STEP_LOST,
		.error = EMFILE };
}

/* All is closed before it is said: who asked may then give its lock back. */
static bool
serve(int fd, const struct header *h, struct job_mark *marks,
    struct msghdr *m)
{
	struct job job = { .marks = marks };
	int fds[FDS_MAX];
	size_t n;

	take_fds(m, fds, &n);
	if (make_job(h, fds, n, &job))
		job_run(&job);
	else
		fail(&job);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	if (job.marks != marks)
		free(job.marks);
	return send(fd, &job.result, sizeof job.result, MSG_NOSIGNAL) >= 0;
}

/* The next job, if one has come; false when it is time to go. */
static bool
take_one(int fd, int flags)
{
	struct job_mark marks[MARKS_MAX];
	struct header h;
	struct iovec part[2] = { { &h, sizeof h }, { marks, sizeof marks } };
	union control control;
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 2,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room };
	ssize_t got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | flags);

	if (got < 0)
		return errno == EINTR;
	if (got < (ssize_t)sizeof h)
		return false;
	return serve(fd, &h, marks, &m);
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
