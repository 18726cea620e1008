/* SPDX-License-Identifier: ISC */
/* runner_log.c - what the runner tells the machine's log. */
#include "queue/runner_impl.h"

#include <stdarg.h>
#include <stdio.h>

#include "report/logline.h"

void
runner_log_verdict(const struct run *run, const struct recipient *rcpt)
{
	const struct runner *r = run->runner;
	struct maillog *log = r->config->log;
	struct buf line = { 0 };
	struct logline_run about = {
		.uid = run->entry->mail.uid,
		.id = run->entry->mail.id,
		.start = r->now - SECONDS(r->wall - run->entry->mail.created),
		.begun = run->begun,
	};

	if (!log || !maillog_is_wanted(log))
		return;
	logline_put(&line, &about, &run->entry->mail.envelope.from, rcpt);
	maillog_put(log, maillog_level_of(rcpt->verdict), r->now,
	    buf_slice(&line));
	buf_free(&line);
}

void
runner_log(const struct runner *r, enum maillog_level level, unsigned uid,
    const char *id, const char *fmt, ...)
{
	struct maillog *log = r->config->log;
	struct buf line = { 0 };
	char text[600];
	va_list args;

	if (!log || !maillog_is_wanted(log))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	logline_put_note(&line, uid, id, slice_of(text));
	maillog_put(log, level, r->now, buf_slice(&line));
	buf_free(&line);
}
