/* SPDX-License-Identifier: ISC */
/*
 * report.h - what the user gets to see: the printers of the one event stream.
 *
 * Silent: only failures, on stderr.  Text (-v): a transcript on stdout as it
 * happens, at the end a line per recipient; failures on stderr as well, unless
 * that is the same place.  JSON
 * (--json): the same events as one object a line on stdout.  -X FILE appends
 * the text transcript to FILE whatever the style is; --html-report FILE makes a
 * page of it (page.h).  What became of each
 * recipient also goes to the machine's log, where one is configured: maillog.h.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/event.h"
#include "mail/envelope.h"
#include "report/logline.h"
#include "report/maillog.h"
#include "report/phases.h"
#include "report/transcript.h"
#include "route/plan.h"
#include "sign/rules.h"

enum report_style { REPORT_SILENT, REPORT_TEXT, REPORT_JSON };

struct report {
	enum report_style style;
	const char *program;
	FILE *out, *err;
	int log_error;		/* errno, when it could not be opened */
	FILE *log;		/* -X, or NULL; closed by report_close() */
	int64_t start;		/* times are shown since then */
	struct wish wish;	/* for advice on failures */
	bool quiet;		/* -oeq */
	const char *about;	/* which message of many the next results are
				   about; NULL = there is only one */
	bool told;		/* the transcript goes where failures go, and
				   tells them already */
	int error;		/* of the first write that failed; 0 = none */
	char queued[32];	/* as what the first one was queued; or empty */
	bool queued_more;	/* ... and others as something else */
	size_t delivered;	/* recipients that report_results() has seen */
	bool explained;		/* a plan was printed: the next one begins
				   behind an empty line */
	bool brief;		/* a line for each recipient on out */
	bool timing;		/* a waterfall on out at the end ... */
	FILE *drawing;		/* ... or an SVG here; closed by
				   report_close() */
	struct report_page *page; /* --html-report, or NULL */
	struct phases phases;	/* for these four */
	int64_t latest;		/* the time of the last event */
	struct maillog maillog;
	bool maillog_asked;	/* by name: tell when lines are lost */
	struct logline_run run;	/* of the log's lines; the caller sets begun */
	struct transcript text;	/* on out */
	struct transcript logged; /* on log */
};

/* What is to be shown; the strings outlive the report. */
struct report_config {
	enum report_style style;
	const char *program;	/* the name for messages: "smtpsend", "mailq" */
	const char *transcript;	/* -X: append to this file; NULL = to none */
	bool transcript_kept;	/* ... a configuration says so: a note will do
				   when it cannot be written */
	bool brief;		/* a line for each recipient */
	bool timing;		/* at the end, what the time went into */
	const char *timing_file; /* the same as SVG; NULL = no */
	const char *page_file;	/* all of it as a page; NULL = no */
	int64_t wall;		/* with page_file or transcript: the start in
				   seconds since 1970, ... */
	int offset;		/* ... and of local time from UTC, in minutes */
	bool bodies;		/* message text too */
	bool folded;		/* the text in fewer lines: fold.h */
	bool plain;		/* on stdout no times: struct transcript */
	struct maillog_config maillog;
	bool maillog_asked;	/* not the default */
	unsigned uid;		/* who sends, for the log */
	bool quiet;		/* not a word on stderr */
	struct wish wish;	/* what the user asked for */
};

/*
 * To stdout and stderr; start is now on the loop's clock.  False with *why
 * (STAGE_OPEN, FAILED) when a file to write to cannot be opened; the report can
 * be used, and is to be closed, all the same.
 */
bool report_init(struct report *r, const struct report_config *c,
    int64_t start, struct outcome *why);

/*
 * Flush and close.  False when something could not be written (EX_IOERR): then
 * stderr says so, and to how many the mail was delivered all the same.
 */
bool report_close(struct report *r);

/* What to set in struct events: does anybody print them; message text too? */
bool report_wants_events(const struct report *r);
bool report_wants_bodies(const struct report *r);

/* Print an event.  EVENT_RESULT is left to report_results(). */
void report_event(struct report *r, const struct event *e);

/*
 * Nothing more happens for a while: show what did.  A part may be kept back
 * until report_due(): call again then (INT64_MAX: nothing is).
 */
void report_flush(struct report *r, int64_t now);
int64_t report_due(const struct report *r);

/*
 * Print what became of each recipient, none of them PENDING, and log it;
 * returns the exit status, which the worst of them decides.  That a message was
 * queued is logged by report_queued(), once for all its recipients.
 */
int report_results(struct report *r, const struct envelope *e);

/* Whatever is deferred from now on is in the queue. */
void report_has_queue(struct report *r);

void report_queued(struct report *r, const struct address *from,
    const char *id, uint64_t size, size_t recipients);

/*
 * --explain: print a plan, and for whom it is (an LF behind each); returns its
 * exit status (0 = it can be executed).
 */
int report_plan(struct report *r, const struct plan *p, struct slice rcpts);

/* ... and by whom the message would be signed. */
void report_signing(struct report *r, const char *domain,
    const struct sign_rule *rule);

/*
 * A failure that concerns the whole run, before there were recipients to speak
 * of: "smtpsend: TEXT -- ADVICE" on stderr; returns the exit status.
 */
int report_failure(struct report *r, const struct outcome *why);

#endif
