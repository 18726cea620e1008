/* SPDX-License-Identifier: ISC */
/*
 * daemon_report.c - when TLS reports are sent: once a day, by a child.
 *
 * A day's reports are due some time after it is over (RFC 8460 4.1 wants them
 * spread over hours), and again an hour after something of them could not be
 * sent.  All else is tls_report.h's: the child may wait for whom it likes.
 */
#include "cli/daemon_impl.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/tls_report.h"
#include "net/clock.h"
#include "net/random.h"
#include "tlsrpt/report.h"

#define AGAIN 3600		/* seconds */
#define FAR   (2 * TLSRPT_DAY)	/* more than it ever is ahead */
#define LOOKS SECONDS(600)	/* at the wall's clock, which may be set */

/* When the reports of the day before this one are due, as the wall says. */
static int64_t
due_on(int64_t day)
{
	uint64_t random;

	random_draw(&random, sizeof random);
	return day * TLSRPT_DAY + (int64_t)(random % TLS_REPORT_SPREAD);
}

/* It has nothing of ours but the settings, and `out`, which ends with it. */
static _Noreturn void
live(const struct settings *s, int out)
{
	int null = open("/dev/null", O_RDWR);
	bool ok = null >= 0;
	sigset_t none;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		ok = ok && dup2(null, fd) == fd;
	ok = ok && dup2(out, STDERR_FILENO + 1) > 0;
	close_range(STDERR_FILENO + 2, ~0U, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(ok ? tls_report_send(s) : EX_OSERR);
}

static void
start(struct daemon *d, int64_t wall)
{
	struct daemon_reports *r = &d->reports;
	int ends[2];

	r->due = wall + AGAIN;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	r->pid = (int)fork();
	if (r->pid == 0)
		live(d->now->s, ends[1]);
	close(ends[1]);
	r->fd = ends[0];
	r->day = wall / TLSRPT_DAY;
	if (r->pid < 0) {
		close(r->fd);
		r->fd = -1;
	}
}

static void
reap(struct daemon_reports *r)
{
	int status = 0;

	close(r->fd);
	r->fd = -1;
	if (waitpid(r->pid, &status, 0) == r->pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == EX_OK)
		r->due = due_on(r->day + 1);
}

static bool
is_wanted(const struct daemon *d)
{
	return d->now->s->queue.tls_reports && d->end == WAIT_NEVER;
}

void
daemon_report_step(struct daemon *d)
{
	struct daemon_reports *r = &d->reports;
	int64_t wall = clock_wall_milliseconds() / 1000;

	if (r->fd >= 0 && wait_ready(&d->wait, r->slot) != 0)
		reap(r);
	if (r->fd >= 0 || !is_wanted(d))
		return;
	if (r->due == 0 || r->due > wall + FAR) /* or the clock was set back */
		r->due = due_on(wall / TLSRPT_DAY);
	if (wall >= r->due)
		start(d, wall);
}

void
daemon_report_wait(struct daemon *d, int64_t now)
{
	struct daemon_reports *r = &d->reports;
	int64_t left;

	r->slot = WAIT_NO_SLOT;
	if (r->fd >= 0)
		r->slot = wait_add(&d->wait, r->fd, POLLIN);
	if (r->fd >= 0 || !is_wanted(d))
		return;
	left = SECONDS(r->due) - MILLISECONDS(clock_wall_milliseconds());
	wait_until(&d->wait, now + (left > LOOKS ? LOOKS : left));
}

void
daemon_report_end(struct daemon *d)
{
	if (d->reports.fd < 0)
		return;
	kill(d->reports.pid, SIGTERM);
	reap(&d->reports);
}
