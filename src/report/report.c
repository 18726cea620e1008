/* SPDX-License-Identifier: ISC */
/* report.c - see report.h */
#include "report/report.h"
#include "report/success.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "report/advice.h"
#include "report/brief.h"
#include "report/explain.h"
#include "report/failure.h"
#include "report/json.h"
#include "report/report_log.h"
#include "report/report_page.h"
#include "report/report_timing.h"

static bool
wants_colour(FILE *f)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(fileno(f)) && !(no && no[0]) && term &&
	    strcmp(term, "dumb") != 0;
}

/* Do both go to the same terminal, pipe or file? */
static bool
is_same_file(FILE *a, FILE *b)
{
	struct stat x, y;

	return fstat(fileno(a), &x) == 0 && fstat(fileno(b), &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool
report_init(struct report *r, const struct report_config *c, int64_t start,
    struct outcome *why)
{
	*r = (struct report){
		.style = c->style,
		.program = c->program,
		.out = stdout,
		.err = stderr,
		.start = start,
		.quiet = c->quiet,
		.brief = c->brief,
		.timing = c->timing,
		.latest = start,
		.wish = c->wish,
		.maillog_asked = c->maillog_asked,
		.run = { .uid = c->uid, .start = start },
	};
	maillog_init(&r->maillog, &c->maillog);
	r->told = (r->style == REPORT_TEXT || r->brief) &&
	    is_same_file(stdout, stderr);
	if (!report_log_open(r, c, why) || !report_timing_open(r, c, why) ||
	    !report_page_open(r, c, why))
		return false;
	r->text = (struct transcript){ .to = stdout, .start = start,
		.colour = wants_colour(stdout), .bodies = c->bodies,
		.folded = c->folded, .plain = c->plain, .wish = c->wish };
	r->logged = (struct transcript){ .to = r->log, .start = start,
		.bodies = c->bodies, .wish = c->wish };
	return true;
}

/* Flush; the first error is kept. */
static void
flush(struct report *r, FILE *to)
{
	bool good = fflush(to) == 0 && !ferror(to);

	if (!good && r->error == 0)
		r->error = errno ? errno : EIO;
}

/* The report is lost; what it would have said of delivery must not be. */
static void
say_lost(const struct report *r)
{
	fprintf(r->err, "%s: the report could not be written: %s", r->program,
	    strerror(r->error));
	if (r->delivered > 0)
		fprintf(r->err, " -- the mail was delivered all the same, to "
			"%zu recipient%s", r->delivered,
		    r->delivered > 1 ? "s" : "");
	if (r->queued[0] != '\0')
		fprintf(r->err, " -- the mail is safe in the queue as %s%s",
		    r->queued, r->queued_more ? " and others" : "");
	fputc('\n', r->err);
}

/* The mail is as it is; only its trace is lost. */
static void
close_maillog(struct report *r)
{
	struct buf line = { 0 };

	maillog_close(&r->maillog);
	if (r->maillog.lost == 0 || !r->maillog_asked)
		return;
	buf_putf(&line, "%s: the log lacks %u line%s: ", r->program,
	    r->maillog.lost, r->maillog.lost > 1 ? "s" : "");
	text_escape(&line, slice_of(maillog_path(&r->maillog)));
	fprintf(r->err, "%s: %s\n", buf_str(&line), r->maillog.error ?
	    strerror(r->maillog.error) : "it takes no more");
	buf_free(&line);
}

bool
report_close(struct report *r)
{
	close_maillog(r);
	report_flush(r, INT64_MAX);
	phases_end(&r->phases, r->latest);
	report_timing_close(r);
	report_page_close(r);
	phases_free(&r->phases);
	transcript_free(&r->text);
	transcript_free(&r->logged);
	flush(r, r->out);
	if (r->log) {
		flush(r, r->log);
		fclose(r->log);
		r->log = NULL;
	}
	if (r->error != 0)
		say_lost(r);
	return r->error == 0;
}

static bool
wants_phases(const struct report *r)
{
	return r->brief || r->timing || r->drawing || r->page;
}

bool
report_wants_events(const struct report *r)
{
	return r->style != REPORT_SILENT || r->log || wants_phases(r);
}

bool
report_wants_bodies(const struct report *r)
{
	return report_wants_events(r) && r->text.bodies;
}

/* A whole line at once, so that a reader of the pipe sees it at once. */
static void
emit(struct report *r, FILE *to, struct buf *line)
{
	fwrite(buf_str(line), 1, line->n, to);
	flush(r, to);
	buf_free(line);
}

/* What is told also where nobody asked for more. */
static void
print_warning(struct report *r, const struct event *e)
{
	struct buf line = { 0 };

	if (r->quiet || r->told || event_get_number(e, "warning") != 1)
		return;
	buf_putf(&line, "%s: ", r->program);
	text_escape(&line, event_get(e, "text"));
	buf_putc(&line, '\n');
	emit(r, r->err, &line);
}

void
report_event(struct report *r, const struct event *e)
{
	struct buf line = { 0 };

	if (e->kind == EVENT_RESULT)
		return;
	print_warning(r, e);
	r->latest = e->at;
	if (wants_phases(r))
		phases_event(&r->phases, e);
	if (r->page)
		report_page_event(r, e);
	if (r->log)
		transcript_event(&r->logged, e);
	if (r->style == REPORT_TEXT) {
		transcript_event(&r->text, e);
	} else if (r->style == REPORT_JSON) {
		json_put_event(&line, e, r->start);
		emit(r, r->out, &line);
	}
}

void
report_flush(struct report *r, int64_t now)
{
	if (r->log)
		transcript_flush(&r->logged, now);
	if (r->style != REPORT_TEXT)
		return;
	transcript_flush(&r->text, now);
	flush(r, r->out);
}

int64_t
report_due(const struct report *r)
{
	return r->style == REPORT_TEXT ? transcript_due(&r->text) : INT64_MAX;
}

static void
note_queued(struct report *r, const struct result *result)
{
	const char *id = result ? result->queue_id : "";

	if (r->queued[0] == '\0')
		snprintf(r->queued, sizeof r->queued, "%s", id);
	else if (strcmp(r->queued, id) != 0)
		r->queued_more = true;
}

static void
log_result(struct report *r, const struct address *from,
    const struct recipient *rcpt)
{
	struct buf line = { 0 };

	if (!maillog_is_wanted(&r->maillog))
		return;
	logline_put(&line, &r->run, from, rcpt);
	maillog_put(&r->maillog, maillog_level_of(rcpt->verdict),
	    rcpt->decided, buf_slice(&line));
	buf_free(&line);
}

static void
log_failure(struct report *r, const struct outcome *why)
{
	struct buf line = { 0 };

	if (!maillog_is_wanted(&r->maillog))
		return;
	logline_put_failure(&line, r->run.uid, outcome_exit(why),
	    slice_of(why->text));
	maillog_put(&r->maillog, MAILLOG_ERROR, maillog_now(&r->maillog),
	    buf_slice(&line));
	buf_free(&line);
}

void
report_has_queue(struct report *r)
{
	r->wish.queued = true;
	r->text.wish.queued = true;
	r->logged.wish.queued = true;
	if (r->page)
		report_page_has_queue(r);
}

void
report_queued(struct report *r, const struct address *from, const char *id,
    uint64_t size, size_t recipients)
{
	const struct logline_queued q = { r->run.uid, id, from->path, size,
		recipients, false };
	struct buf line = { 0 };

	if (!maillog_is_wanted(&r->maillog))
		return;
	logline_put_queued(&line, &q);
	maillog_put(&r->maillog, MAILLOG_INFO, maillog_now(&r->maillog),
	    buf_slice(&line));
	buf_free(&line);
}

/* Of many messages: which one. */
static void
put_about(const struct report *r, struct buf *line)
{
	if (!r->about)
		return;
	text_escape(line, slice_of(r->about));
	buf_puts(line, ": ");
}

/* Whoever asks is told, also without -v. */
static void
print_verified(struct buf *line, const struct recipient *rcpt)
{
	success_put(line, rcpt);
	buf_putc(line, '\n');
}

static void
print_brief(struct report *r, struct buf *line, const struct recipient *rcpt)
{
	report_flush(r, INT64_MAX);
	brief_put(line, rcpt, &r->phases, r->start, r->wish, report_has_utf8());
	buf_putc(line, '\n');
}

static void
print_result(struct report *r, const struct recipient *rcpt)
{
	struct buf line = { 0 };

	if (r->page)
		report_page_result(r, rcpt);
	if (r->log)
		transcript_result(&r->logged, rcpt);
	if (r->brief)
		print_brief(r, &line, rcpt);
	else if (r->style == REPORT_TEXT)
		transcript_result(&r->text, rcpt);
	else if (r->style == REPORT_JSON)
		json_put_result(&line, rcpt, r->start, r->about);
	else if (rcpt->verdict == VERIFIED)
		print_verified(&line, rcpt);
	if (line.n > 0)
		emit(r, r->out, &line);
}

static void
print_failure(struct report *r, const struct recipient *rcpt)
{
	struct outcome o = recipient_outcome(rcpt);
	struct buf line = { 0 };

	if (r->quiet || r->told)
		return;
	buf_putf(&line, "%s: ", r->program);
	put_about(r, &line);
	text_escape(&line, slice_of(rcpt->to.path));
	buf_puts(&line, ": ");
	failure_put(&line, &o);
	advice_put(&line, &o, r->wish);
	buf_putc(&line, '\n');
	emit(r, r->err, &line);
}

/* All recipients, those that could not be used last; NULL at the end. */
static const struct recipient *
recipient_at(const struct envelope *e, size_t i)
{
	if (i < e->n)
		return &e->rcpts[i];
	return i - e->n < e->nbad ? &e->bad[i - e->n] : NULL;
}

int
report_results(struct report *r, const struct envelope *e)
{
	struct outcome worst = { 0 }, o;
	const struct recipient *rcpt;

	for (size_t i = 0; (rcpt = recipient_at(e, i)); i++) {
		o = recipient_outcome(rcpt);
		if (!outcome_is_queued(o.verdict, o.stage))
			log_result(r, &e->from, rcpt);
		print_result(r, rcpt);
	}
	flush(r, r->out);
	for (size_t i = 0; (rcpt = recipient_at(e, i)); i++) {
		o = recipient_outcome(rcpt);
		if (outcome_is_queued(o.verdict, o.stage))
			note_queued(r, rcpt->result);
		else
			r->delivered += o.verdict == DELIVERED;
		if (o.verdict == DEFERRED || o.verdict == FAILED)
			print_failure(r, rcpt);
		if (outcome_is_worse(&o, &worst))
			worst = o;
	}
	return e->n + e->nbad > 0 ? outcome_exit(&worst) : 0;
}

void
report_signing(struct report *r, const char *domain,
    const struct sign_rule *rule)
{
	struct buf text = { 0 };

	if (r->style == REPORT_JSON)
		json_put_signing(&text, domain, rule);
	else
		explain_put_signing(&text, domain, rule);
	emit(r, r->out, &text);
}

int
report_plan(struct report *r, const struct plan *p, struct slice rcpts)
{
	struct buf text = { 0 };

	if (r->style != REPORT_JSON && r->explained)
		buf_putc(&text, '\n');
	r->explained = true;
	if (r->style == REPORT_JSON)
		json_put_plan(&text, p, rcpts);
	else
		explain_put(&text, p, rcpts);
	if (r->page)
		report_page_plan(r, p, rcpts);
	emit(r, r->out, &text);
	return p->why ? outcome_exit(p->why) : 0;
}

int
report_failure(struct report *r, const struct outcome *why)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: ", r->program);
	put_about(r, &line);
	text_escape(&line, slice_of(why->text));
	advice_put(&line, why, r->wish);
	buf_putc(&line, '\n');
	if (!r->quiet)
		emit(r, r->err, &line);
	buf_free(&line);
	log_failure(r, why);
	if (r->page)
		report_page_failure(r, why);
	return outcome_exit(why);
}
