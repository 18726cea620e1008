/* SPDX-License-Identifier: ISC */
/* stop.c - see stop.h */
#include "net/stop.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int stops[] = { SIGHUP, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2,
	SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU };
static const int typed[] = { SIGINT, SIGQUIT };

static void
add(sigset_t *set, int which)
{
	struct sigaction now;

	if (sigaction(which, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		sigaddset(set, which);
}

static void
add_all(sigset_t *set, bool typing)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
		add(set, stops[i]);
	for (int which = SIGRTMIN; which <= SIGRTMAX; which++)
		add(set, which);
	for (size_t i = 0; !typing && i < sizeof typed / sizeof typed[0]; i++)
		add(set, typed[i]);
}

bool
stop_catch(struct stop *s, bool typing)
{
	sigset_t set;
	int fd;

	add_all(&set, typing);
	fd = signalfd(s->fd, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return false;
	s->fd = fd;
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0;
}

void
stop_free(struct stop *s)
{
	if (s->fd >= 0)
		close(s->fd);
	*s = STOP_NONE;
}

void
stop_wait(struct stop *s, struct wait *w)
{
	s->slot = wait_add(w, s->fd, POLLIN);
}

unsigned
stop_taken(struct stop *s)
{
	struct signalfd_siginfo info;

	if (s->fd < 0 || read(s->fd, &info, sizeof info) != sizeof info)
		return 0;
	return info.ssi_signo;
}

struct outcome
stop_outcome(unsigned signal)
{
	return outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
	    "stopped by signal %u", signal);
}
