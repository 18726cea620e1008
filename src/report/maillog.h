/* SPDX-License-Identifier: ISC */
/*
 * maillog.h - the lines of logline.h on their way to the machine's log.
 *
 *	syslog	datagrams to /dev/log, facility mail; or a stream, where that
 *		is one
 *	journal	datagrams in its own form to /run/systemd/journal/socket
 *	FILE	appended, one write(2) a line; made with mode 0600
 *
 * A log never stops mail: a line that cannot be written is dropped and counted,
 * and waiting for a log that is full takes at most a second of any minute
 * (which is why this is not syslog(3)).  One that could not be opened is tried
 * again after ten seconds.
 */
#ifndef REPORT_MAILLOG_H
#define REPORT_MAILLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/slice.h"

/* RFC 5424 severities. */
enum maillog_level {
	MAILLOG_CRITICAL = 2,	/* a person has to look */
	MAILLOG_ERROR = 3,	/* nothing was tried */
	MAILLOG_WARNING = 4,	/* failed */
	MAILLOG_NOTICE = 5,	/* deferred */
	MAILLOG_INFO = 6,
};

/* What it is to be; the strings outlive the log. */
struct maillog_config {
	const char *to;		/* "syslog", "journal", a path; "none", NULL */
	const char *program;	/* "sendmail": the tag is smtpsend/sendmail */
	const char *tag;	/* ... unless this is one (-L); or NULL */
	int64_t start;		/* of the run, on the loop's clock; ... */
	int64_t wall;		/* ... the same moment in seconds since 1970 */
	int offset;		/* of local time from UTC, in minutes */
	int64_t (*clock)(void);	/* what the loop's clock says now */
};

/* Zeroed, it is a log to nowhere. */
struct maillog {
	const struct maillog_kind *kind; /* NULL = none */
	struct maillog_config config;
	char tag[48];
	int fd;
	enum { MAILLOG_CLOSED, MAILLOG_OPEN, MAILLOG_BROKEN } state;
	bool stream;		/* what was opened is no datagram socket */
	bool torn;		/* FILE: the last line was cut short */
	int64_t patience;	/* microseconds that are left for waiting; */
	int64_t minute;		/* ... of the minute that began then */
	int64_t again;		/* when to try to open what is BROKEN */
	unsigned lost;		/* lines that were dropped */
	int error;		/* errno of the first of them */
};

void maillog_init(struct maillog *m, const struct maillog_config *config);

static inline bool
maillog_is_wanted(const struct maillog *m)
{
	return m->kind != NULL;
}

/* Write one line, as of this time on the loop's clock. */
void maillog_put(struct maillog *m, enum maillog_level level, int64_t at,
    struct slice line);

/* What its clock says. */
static inline int64_t
maillog_now(const struct maillog *m)
{
	return m->config.clock();
}

/* The level for a verdict. */
enum maillog_level maillog_level_of(enum verdict verdict);

/* Where the lines go, for messages: "/dev/log". */
const char *maillog_path(const struct maillog *m);

void maillog_close(struct maillog *m);

#endif
