/* SPDX-License-Identifier: ISC */
/* daemon_impl.h - what the files of the daemon share. */
#ifndef CLI_DAEMON_IMPL_H
#define CLI_DAEMON_IMPL_H

#include "cli/background.h"
#include "cli/daemon.h"
#include "cli/home.h"
#include "cli/inlets.h"
#include "cli/turn.h"
#include "config/config.h"
#include "net/notify.h"
#include "net/stop.h"

struct generation {
	struct list_node node;
	struct config config;	/* empty of the first, which is main's */
	struct settings own;
	const struct settings *s;
	struct turn turn;
};

/* Who sends TLS reports now, or will. */
struct daemon_reports {
	int fd;			/* at its end when the child is; -1 = none */
	int pid;
	size_t slot;
	int64_t day;		/* on which it was started, since 1970 */
	int64_t due;		/* the next one, seconds since 1970; 0 = not
				   known yet */
};

struct daemon {
	const struct settings *first; /* main's, whose path and run stay */
	int argc;
	char *const *argv;
	struct home_agent agent;
	struct report report; /* where all of them log */
	struct generation *now;
	struct list ending;	/* those before */
	struct inlets inlets;
	struct stop stop;
	struct wait wait;
	struct notify notify;
	struct daemon_reports reports;
	struct background background;
	int64_t ping;		/* the watchdog's next */
	int64_t complain;	/* that the configuration is wrong, again */
	int64_t look;		/* at where we are, not before */
	int64_t end;		/* after TERM; WAIT_NEVER */
	struct runner_counts told; /* in the last STATUS, */
	int64_t told_at;
};

/* ---- daemon_report.c ---- */

/* Have TLS reports sent when that is due. */
void daemon_report_step(struct daemon *d);
void daemon_report_wait(struct daemon *d, int64_t now);

/* What is not done yet is left to the next daemon. */
void daemon_report_end(struct daemon *d);

/* ---- daemon_tell.c ---- */

/* A line in the log. */
void daemon_note(struct daemon *d, enum maillog_level level, const char *text);

/* What the service manager is told, when it is time; and when that is next. */
void daemon_tell_status(struct daemon *d, int64_t now);
void daemon_tell_watchdog(struct daemon *d, int64_t now);

/* What keeps all mail where it is, once an hour; wakes us to look again. */
void daemon_tell_blocked(struct daemon *d, int64_t now);

#endif
