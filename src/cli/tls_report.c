/* SPDX-License-Identifier: ISC */
/* tls_report.c - see tls_report.h */
#include "cli/tls_report_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/become.h"
#include "cli/trace.h"
#include "net/clock.h"
#include "net/random.h"
#include "report/logline.h"
#include "spool/tls_days.h"

#define DAYS	64	/* that are looked at in one run */
#define ENTRIES 500000	/* of a day; its file has room for about so many */

/* ---- the reporter ---- */

void
tls_reporter_open(struct tls_reporter *t, const struct settings *s)
{
	struct maillog_config log = trace_config(s, clock_now());

	*t = (struct tls_reporter){ .s = s };
	reach_init(&t->reach);
	t->way = reach_config(&t->reach, s);
	t->here = home_open(&t->home, s, &t->reach.self);
	t->wall = clock_wall().seconds;
	maillog_init(&t->log, &log);
	t->resolver = resolver_new(&t->way.resolver, NULL);
}

void
tls_reporter_close(struct tls_reporter *t)
{
	resolver_free(t->resolver);
	wait_free(&t->wait);
	maillog_close(&t->log);
	home_free(&t->home);
	reach_free(&t->reach);
}

void
tls_reporter_log(struct tls_reporter *t, enum maillog_level level,
    const char *fmt, ...)
{
	struct buf line = { 0 };
	char text[900];
	va_list ap;

	if (!maillog_is_wanted(&t->log))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	logline_put_note(&line, (unsigned)getuid(), "NOQUEUE", slice_of(text));
	maillog_put(&t->log, level, clock_now(), buf_slice(&line));
	buf_free(&line);
}

struct tlsrpt_report
tls_report_of(const struct tls_reporter *t, int64_t day)
{
	const struct self *self = &t->reach.self;
	const char *helo = t->s->way.helo;

	return (struct tlsrpt_report){
		.submitter = helo && helo[0] != '[' ? helo :
		    self->host[0] ? self->host : self->domain,
		.contact = t->s->queue.tls_reports,
		.day = day,
	};
}

bool
tls_report_read(const struct tls_reporter *t, int64_t day,
    struct tlsrpt_tally *out, struct outcome *why)
{
	struct buf lines = { .max = 2 * TLS_DAYS_OCTETS };
	bool ok;

	out->max = ENTRIES;
	random_draw(&out->table.seed, sizeof out->table.seed);
	ok = tls_days_read(t->s->queue.path, day, TLS_DAYS_COUNTS, &lines,
	    why);

	tlsrpt_tally_read(out, buf_slice(&lines));
	buf_free(&lines);
	return ok;
}

/* ---- sending ---- */

static int
send_all(struct tls_reporter *t)
{
	int64_t day[DAYS], today = t->wall / TLSRPT_DAY;
	size_t n = tls_days_list(t->s->queue.path, today - TLS_DAYS_KEPT, day,
	    DAYS);

	for (size_t i = 0; i < n; i++)
		if (day[i] < today)
			tls_send_day(t, day[i]);
	return t->is_pending ? EX_TEMPFAIL : EX_OK;
}

int
tls_report_send(const struct settings *s)
{
	struct tls_reporter t;
	struct outcome why;
	int lock, status = EX_TEMPFAIL;

	tls_reporter_open(&t, s);
	lock = tls_days_lock(s->queue.path, &why);
	if (lock >= 0)
		status = send_all(&t);
	else if (why.stage != STAGE_NONE)
		tls_reporter_log(&t, MAILLOG_ERROR, "TLS reports: %s",
		    why.text);
	if (lock >= 0)
		close(lock);
	tls_reporter_close(&t);
	return status;
}

/* ---- showing ---- */

static int
refuse(const struct settings *s, const char *why, int status)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: --tls-report: ", s->program);
	text_escape(&line, slice_of(why));
	fprintf(stderr, "%s\n", buf_str(&line));
	buf_free(&line);
	return status;
}

static void
put_all(struct buf *out, struct tlsrpt_report *r, const struct tlsrpt_tally *t)
{
	const struct tlsrpt_entry **e = tlsrpt_tally_sorted(t);

	for (size_t i = 0; i < t->rows.n; i += r->n) {
		r->entry = e + i;
		r->n = tlsrpt_same_domain(r->entry, t->rows.n - i);
		r->domain = tlsrpt_entry_domain(e[i]);
		tlsrpt_report_put(out, r);
	}
	free(e);
}

static int
show(const struct settings *s, int64_t day)
{
	struct tlsrpt_tally tally = { 0 };
	struct tls_reporter t;
	struct tlsrpt_report r;
	struct buf out = { 0 };
	struct outcome why;
	int status = EX_OK;

	tls_reporter_open(&t, s);
	r = tls_report_of(&t, day < 0 ? t.wall / TLSRPT_DAY : day);
	if (!tls_report_read(&t, r.day, &tally, &why))
		status = refuse(s, why.text, outcome_exit(&why));
	put_all(&out, &r, &tally);
	if (fputs(buf_str(&out), stdout) < 0 || fflush(stdout) != 0)
		status = refuse(s, strerror(errno), EX_IOERR);
	buf_free(&out);
	tlsrpt_tally_free(&tally);
	tls_reporter_close(&t);
	return status;
}

/* ---- the option ---- */

int
tls_report_run(const struct settings *s)
{
	struct slice what = slice_of(s->tls_report);
	bool sends = slice_eq(what, SLICE("send"));
	struct outcome why;
	int64_t day = -1;

	if (!sends && !slice_eq(what, SLICE("today")) &&
	    !tlsrpt_day_parse(what, &day))
		return refuse(s, "today, send or a day, as 2026-11-27, is "
		    "wanted", EX_USAGE);
	if (s->config_fault) /* which main() has said */
		return EX_CONFIG;
	switch (spool_reach(s->queue.path)) {
	case SPOOL_ABSENT:
		return refuse(s, "there is no queue here that could count",
		    EX_UNAVAILABLE);
	case SPOOL_OTHERS:
		return refuse(s, "the queue is not yours to look into",
		    EX_NOPERM);
	case SPOOL_OURS:
		break;
	}
	if (sends && !s->queue.tls_reports)
		return refuse(s, "no tls-reports = ADDRESS is set in [queue]",
		    EX_CONFIG);
	if (!become_owner_of(s->queue.path, &why))
		return refuse(s, why.text, outcome_exit(&why));
	return sends ? tls_report_send(s) : show(s, day);
}
