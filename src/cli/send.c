/* SPDX-License-Identifier: ISC */
/*
 * send.c - see send.h
 *
 * From settings to what intake, deliver and report want; and the run, from the
 * input to the exit status.
 */
#include "cli/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/deadletter.h"
#include "cli/home.h"
#include "cli/intake.h"
#include "cli/loop.h"
#include "cli/plans.h"
#include "cli/print.h"
#include "cli/queueing.h"
#include "cli/reach.h"
#include "cli/show.h"
#include "cli/sign.h"
#include "cli/trace.h"
#include "config/staging.h"
#include "deliver/deliver.h"
#include "net/clock.h"
#include "net/file.h"
#include "report/exits.h"
#include "report/report.h"

struct run {
	const struct settings *s;
	struct reach reach;
	struct deliver_config config;
	struct intake intake;
	struct consignment mail;
	struct events events;
	struct report report;
	struct deliver *deliver;
	struct sign sign;
	struct queueing queueing;
	struct stop stop;
	struct outcome stopped;	/* by a signal; PENDING = not */
	struct outcome failed;	/* as a whole; PENDING = not */
};

static void
configure(struct run *r)
{
	r->config = reach_config(&r->reach, r->s);
	r->config.hear_goodbye = r->report.style == REPORT_TEXT;
	r->config.plan_only = r->s->show.stop_after == STAGE_ROUTE;
}

/* ---- what the queue has to do with it ---- */

/* Did a server say "later" to anybody? */
static bool
is_deferred(const struct run *r)
{
	const struct envelope *e = &r->intake.envelope;

	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == DEFERRED)
			return true;
	return false;
}

/* What this run could not do, the queue may; not after a signal to stop. */
static void
queue_the_rest(struct run *r)
{
	struct outcome why;

	if (!queueing_is_last(r->s) || !is_deferred(r) ||
	    r->stopped.verdict != PENDING)
		return;
	if (queueing_run(&r->queueing, &why) == QUEUEING_FAILED)
		snprintf(r->queueing.bar, sizeof r->queueing.bar, "%s",
		    why.text);
}

/* Whoever may think so must know that nobody will try it again. */
static void
say_not_queued(struct run *r)
{
	const struct queueing *q = &r->queueing;
	struct buf line = { 0 };

	if (q->bar[0] == '\0' || !is_deferred(r) || r->report.quiet ||
	    (q->absent && r->s->personality != AS_SMTPSEND))
		return;
	buf_putf(&line, "%s: nothing was queued: ", r->s->program);
	text_escape(&line, slice_of(r->queueing.bar));
	fprintf(stderr, "%s\n", buf_str(&line));
	buf_free(&line);
}

/* -oem, -oee: of somebody it can neither be queued nor mailed back. */
static void
save_dead_letter(struct run *r)
{
	const struct dead_letter d = { &r->intake, r->report.run.uid,
		clock_wall().seconds };
	enum error_mode mode = r->s->sendmail.errors;
	struct buf path = { 0 }, line = { 0 };
	struct outcome why;

	if ((mode != ERRORS_MAIL && mode != ERRORS_MAIL_OK) ||
	    !dead_letter_is_for(d.uid) || r->intake.message.size == 0)
		return;
	if (dead_letter_save(&d, &path, &why))
		buf_putf(&line, "the message was saved in %s", buf_str(&path));
	else
		buf_puts(&line, why.text);
	fprintf(stderr, "%s: ", r->s->program);
	buf_clear(&path);
	text_escape(&path, buf_slice(&line));
	fprintf(stderr, "%s\n", buf_str(&path));
	buf_free(&path);
	buf_free(&line);
}

static int
report_sent(struct run *r)
{
	int status = report_results(&r->report, &r->intake.envelope);

	say_not_queued(r);
	if (status != EX_OK)
		save_dead_letter(r);
	return status;
}

static int
execute(struct run *r)
{
	const struct loop_call call = { r->deliver, &r->events, &r->report,
		&r->stop, NULL };

	stop_catch(&r->stop, false);
	r->report.run.begun = clock_now();
	loop_run(&call, &r->stopped);
	if (r->config.plan_only)
		return plans_print(r->s, r->deliver, &r->report,
		    &r->intake.envelope, &r->stopped);
	queue_the_rest(r);
	return report_sent(r);
}

/*
 * What concerns the whole run is said once; but JSON promises an object for
 * each recipient that is known.
 */
static int
fail(struct run *r, const struct outcome *why)
{
	struct envelope *e = &r->intake.envelope;

	r->failed = *why;
	if (r->report.style != REPORT_JSON || e->n + e->nbad == 0)
		return report_failure(&r->report, why);
	envelope_settle(e, why, clock_now());
	return report_results(&r->report, e);
}

/*
 * A wrong --ca or --cert is said once, before anybody is asked anything; where
 * there are no long options it is the key of a file.
 */
static bool
check_tls(struct run *r, struct outcome *why)
{
	if (!settings_name_tls(r->s) || deliver_check_tls(r->deliver, why))
		return true;
	if (r->s->personality != AS_SMTPSEND &&
	    strncmp(why->text, "--", 2) == 0)
		memmove(why->text, why->text + 2, strlen(why->text) - 1);
	return false;
}

static struct sign_call
sign_call(const struct run *r)
{
	return (struct sign_call){ r->s, &r->intake, r->report.run.uid };
}

static int
deliver(struct run *r)
{
	const struct sign_call call = sign_call(r);
	struct outcome why;
	int status;

	r->mail = (struct consignment){
		.envelope = &r->intake.envelope,
		.message = &r->intake.message,
		.quit_after = r->config.plan_only ? STAGE_NONE :
						    r->s->show.stop_after,
		.tls_floor = r->s->message.require_tls ? TLS_VERIFY : TLS_NONE,
		.tls_floor_why = "-O requiretls",
		.require_tls = r->s->message.require_tls,
	};
	if (!sign_here(&r->sign, &call, &r->mail, &r->events, &why))
		return fail(r, &why);
	r->deliver = deliver_new(&r->config, &r->events);
	deliver_add(r->deliver, &r->mail);
	deliver_close(r->deliver);
	status = check_tls(r, &why) ? execute(r) : fail(r, &why);
	if (r->config.plan_only)
		sign_explain(&call, &r->report);
	deliver_free(r->deliver);
	return status;
}

/* ---- the run ---- */

/* What intake had to tell, where no loop turns. */
static void
print_events(struct run *r)
{
	struct event e;

	while (events_take(&r->events, &e))
		report_event(&r->report, &e);
	report_flush(&r->report, INT64_MAX);
}

static int
send_now(struct run *r)
{
	struct envelope *e = &r->intake.envelope;

	home_expand(r->s, &r->reach.self, e);
	if (e->n == 0)
		return report_sent(r);
	configure(r);
	return deliver(r);
}

/* It would go by DNS, to whoever has mail for this name out there. */
static bool
is_for_mailboxes(const struct run *r)
{
	return !r->s->own_way &&
	    home_is_for(r->s, &r->reach.self, &r->intake.envelope);
}

/* Where there is no queue: what was asked for cannot be. */
static int
fail_unqueued(struct run *r)
{
	const struct settings *s = r->s;
	struct outcome why;

	if (s->config_fault)
		outcome_fail(&why, FAILED, STAGE_CONFIG, ESC(4, 3, 5),
		    "nothing was sent: %s", s->config_fault);
	else if (queueing_is_a_must(s))
		outcome_fail(&why, FAILED, STAGE_SYSTEM, ESC(5, 3, 3),
		    "%s needs a queue, nothing was sent: %s",
		    s->enqueue.at ? "--at" : "--dedupe", r->queueing.bar);
	else
		outcome_fail(&why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
		    "mail for this machine itself needs its queue, nothing "
		    "was sent: %s", r->queueing.bar);
	fail(r, &why);
	return s->config_fault ? EX_CONFIG :
	    why.verdict == DEFERRED ? EX_TEMPFAIL : EX_UNAVAILABLE;
}

/* What is mailed back is not printed too; with -oee it is no failure then. */
static int
report_queued_mail(struct run *r)
{
	bool told = queueing_mail_back(&r->queueing);
	int status;

	r->report.quiet = told || r->report.quiet;
	status = report_results(&r->report, &r->intake.envelope);
	if (!told && status != EX_OK)
		save_dead_letter(r);
	if (r->s->sendmail.errors == ERRORS_MAIL_OK && told)
		return status == EX_TEMPFAIL ? status : EX_OK;
	return status;
}

static int
queue_it(struct run *r)
{
	struct outcome why;

	print_events(r);
	switch (queueing_run(&r->queueing, &why)) {
	case QUEUEING_DONE:
		return report_queued_mail(r);
	case QUEUEING_FAILED:
		return fail(r, &why);
	case QUEUEING_BARRED:
		break;
	}
	if (r->s->config_fault || queueing_is_a_must(r->s) ||
	    is_for_mailboxes(r))
		return fail_unqueued(r);
	return send_now(r);
}

/* The message has come in. */
static int
handle(struct run *r)
{
	const struct sign_call call = sign_call(r);
	struct envelope *e = &r->intake.envelope;

	if (r->s->show.print) {
		print_events(r);
		return put_message(r->s->program, &r->intake.message);
	}
	staging_apply(&r->s->queue, e, clock_now());
	if (e->n == 0)
		return report_queued_mail(r);
	if (r->s->show.stop_after == STAGE_ROUTE)
		home_explain(r->s, &r->reach.self, e);
	if (queueing_is_first(r->s) || home_is_for(r->s, &r->reach.self, e))
		return queue_it(r);
	r->queueing.waits = sign_is_for_queue(&call);
	return r->queueing.waits ? queue_it(r) : send_now(r);
}

/* Opening --file may block where no signal is seen: a FIFO. */
static void
catch_while_reading(struct run *r)
{
	r->intake.stop = &r->stop;
	if (!r->s->message.file)
		stop_catch(&r->stop, isatty(STDIN_FILENO) == 1);
}

/* The report is open: the exit status. */
static int
read_and_send(struct run *r)
{
	struct outcome why;

	reach_init(&r->reach);
	catch_while_reading(r);
	r->events.now = clock_now();
	r->events.wanted = report_wants_events(&r->report);
	r->events.bodies = report_wants_bodies(&r->report);
	r->queueing = (struct queueing){ .settings = r->s,
		.self = &r->reach.self, .intake = &r->intake,
		.report = &r->report, .events = &r->events };
	if (intake_read(&r->intake, r->s, &r->reach.self, &r->events, &why))
		return handle(r);
	return fail(r, &why);
}

/* False: the report could not be written. */
static bool
end_run(struct run *r)
{
	queueing_free(&r->queueing);
	events_free(&r->events);
	intake_free(&r->intake);
	sign_free(&r->sign);
	reach_free(&r->reach);
	stop_free(&r->stop);
	return report_close(&r->report);
}

int
send_run(const struct settings *s)
{
	struct run r = { .s = s, .stop = STOP_NONE };
	off_t begins_at = input_begins_at();
	struct outcome why;
	int status;

	if (!show_open(&r.report, r.s, &why)) {
		report_failure(&r.report, &why);
		report_close(&r.report);
		if (s->show.swaks_exits)
			return exits_swaks(&why, false);
		return file_is_shortage(r.report.log_error) ? EX_OSERR :
		    EX_CANTCREAT;
	}
	status = read_and_send(&r);
	if (s->show.swaks_exits && status != EX_OK)
		status = exits_swaks_all(&r.failed, &r.intake.envelope,
		    s->way.link == LINK_SMTPS);
	if (!end_run(&r) && status == EX_OK)
		status = EX_IOERR;
	if (status != EX_OK)
		input_give_back(begins_at);
	return status;
}

/* Of those whom the only recipient became by aliases the worst counts. */
static struct outcome
worst_of(const struct envelope *e)
{
	struct outcome o, worst = { 0 };

	for (size_t i = 0; i < e->n + e->nbad; i++) {
		o = recipient_outcome(i < e->n ? &e->rcpts[i]
					       : &e->bad[i - e->n]);
		if (i == 0 || outcome_is_worse(&o, &worst))
			worst = o;
	}
	return worst;
}

/* What became of the only recipient, or of the run before it came to him. */
static struct outcome
outcome_of(const struct run *r)
{
	const struct envelope *e = &r->intake.envelope;

	if (r->failed.verdict != PENDING)
		return r->failed;
	if (r->stopped.verdict != PENDING && e->n > 0 &&
	    e->rcpts[0].verdict == PENDING)
		return r->stopped;
	if (e->n + e->nbad > 0)
		return worst_of(e);
	return outcome_make(FAILED, STAGE_MESSAGE, ESC(5, 1, 3),
	    "it names no recipient");
}

void
send_one(const struct settings *s, struct outcome *out, struct buf *id)
{
	struct run r = { .s = s, .stop = STOP_NONE };
	const struct envelope *e = &r.intake.envelope;

	if (show_open(&r.report, r.s, out)) {
		read_and_send(&r);
		*out = outcome_of(&r);
		if (e->n == 1 && e->rcpts[0].result)
			buf_puts(id, e->rcpts[0].result->queue_id);
		end_run(&r);
	} else {
		report_close(&r.report);
	}
}
