/* SPDX-License-Identifier: ISC */
/* bulk.c - see bulk.h */
#include "cli/bulk.h"

#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "bulk/done.h"
#include "bulk/source.h"
#include "cli/home.h"
#include "cli/intake.h"
#include "cli/loop.h"
#include "cli/reach.h"
#include "cli/show.h"
#include "cli/sign.h"
#include "config/staging.h"
#include "deliver/deliver.h"
#include "net/clock.h"
#include "report/report.h"

#define FLIGHT	 1000	  /* messages on their way at once */
#define OCTETS	 67108864 /* ... and octets of them */
#define PER_TURN 50	  /* messages that are read before the loop turns */

/* A message on its way. */
struct bulk_mail {
	char *label;
	struct source_sum sum;	/* with --resume: who it is */
	struct intake intake;
	struct sign sign;
	struct consignment consignment;
};

struct bulk {
	const struct settings *s;
	struct reach reach;
	struct deliver_config config;
	struct events events;
	struct report report;
	struct deliver *deliver;
	struct stop stop;
	struct outcome stopped;	/* by a signal; PENDING = not */
	struct source *source;
	struct done *done;	/* --resume, or NULL */
	struct outcome lost;	/* ... which cannot be written; PENDING = it can
				 */
	bool ended;		/* the source is; deliver is closed */
	bool waits;		/* ... or has nothing now */
	size_t n;		/* on their way */
	uint64_t octets;	/* ... of their messages */
	struct outcome worst;
};

/* ---- what became of one ---- */

static void
mail_free(struct bulk_mail *m)
{
	intake_free(&m->intake);
	sign_free(&m->sign);
	free(m->label);
	free(m);
}

static void
note(struct bulk *b, const struct outcome *o)
{
	if (outcome_is_worse(o, &b->worst))
		b->worst = *o;
}

static void
report_mail(struct bulk *b, struct bulk_mail *m)
{
	const struct envelope *e = &m->intake.envelope;
	struct outcome o;

	b->report.about = m->label;
	report_results(&b->report, e);
	b->report.about = NULL;
	for (size_t i = 0; i < e->n + e->nbad; i++) {
		o = recipient_outcome(i < e->n ? &e->rcpts[i] :
						 &e->bad[i - e->n]);
		note(b, &o);
	}
}

/* As a whole: each of its recipients that is known is told of, or the message
 * itself. */
static void
fail(struct bulk *b, struct bulk_mail *m, const struct outcome *why)
{
	struct envelope *e = &m->intake.envelope;

	note(b, why);
	if (e->n + e->nbad > 0 && b->report.style == REPORT_JSON) {
		envelope_settle(e, why, clock_now());
		report_mail(b, m);
	} else {
		b->report.about = m->label;
		report_failure(&b->report, why);
		b->report.about = NULL;
	}
	mail_free(m);
}

/* ---- one more ---- */

static void
send_off(struct bulk *b, struct bulk_mail *m)
{
	const struct settings *s = b->s;
	const struct sign_call call = { s, &m->intake, b->report.run.uid };
	struct outcome why;

	m->consignment = (struct consignment){
		.envelope = &m->intake.envelope,
		.message = &m->intake.message,
		.tls_floor = s->message.require_tls ? TLS_VERIFY : TLS_NONE,
		.tls_floor_why = "-O requiretls",
		.owner = m,
	};
	if (!sign_here(&m->sign, &call, &m->consignment, &b->events, &why)) {
		fail(b, m, &why);
		return;
	}
	b->n++;
	b->octets += m->intake.message.size;
	deliver_add(b->deliver, &m->consignment);
}

/* Who has had it in an earlier run, and failed in one, is out of it. */
static void
drop_done(struct bulk *b, struct bulk_mail *m)
{
	struct envelope *e = &m->intake.envelope;

	if (!b->done)
		return;
	for (size_t i = 0; i < e->n; i++)
		e->rcpts[i].verdict = done_verdict(b->done, &m->sum,
		    &e->rcpts[i]);
	envelope_drop_settled(e);
}

static void
add(struct bulk *b, struct source_item *item)
{
	struct bulk_mail *m = mem_alloc(sizeof *m);
	struct envelope *e = &m->intake.envelope;
	struct outcome why;

	m->label = item->label;
	m->intake.input = item->input;
	m->intake.has_input = true;
	if (b->done)
		m->sum = done_next(b->done, &item->sum);
	if (!intake_read(&m->intake, b->s, &b->reach.self, &b->events,
		&why)) {
		fail(b, m, &why);
		return;
	}
	staging_apply(&b->s->queue, e, clock_now());
	home_expand(b->s, &b->reach.self, e);
	drop_done(b, m);
	if (e->n > 0) {
		send_off(b, m);
		return;
	}
	report_mail(b, m);
	mail_free(m);
}

static void
skip(struct bulk *b, struct source_item *item, const struct outcome *why)
{
	b->report.about = item->label;
	report_failure(&b->report, why);
	b->report.about = NULL;
	note(b, why);
	source_item_free(item);
}

static void
end(struct bulk *b)
{
	b->ended = true;
	deliver_close(b->deliver);
}

static void
add_next(struct bulk *b)
{
	struct source_item item;
	struct outcome why;

	switch (source_next(b->source, &item, &why)) {
	case SOURCE_MESSAGE:
		add(b, &item);
		break;
	case SOURCE_BAD:
		skip(b, &item, &why);
		break;
	case SOURCE_WAIT:
		b->waits = true;
		break;
	case SOURCE_BROKEN:
		note(b, &why);
		report_failure(&b->report, &why);
		end(b);
		break;
	case SOURCE_END:
		end(b);
		break;
	}
}

/* ---- what is written down ---- */

/* A recipient of this batch has his verdict: nothing is lost, but who runs it
 * again would send it again. */
static void
say_unwritten(struct bulk *b, const struct deliver_batch *batch)
{
	const struct bulk_mail *m = batch->consignment->owner;
	const struct recipient *r;
	struct outcome why;

	for (r = batch->rcpts.first; r; r = r->next) {
		if (r->verdict != DELIVERED)
			continue;
		outcome_fail(&why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "%s was delivered to, and %s does not say so",
		    r->to.path, b->s->bulk.resume);
		b->report.about = m->label;
		report_failure(&b->report, &why);
		b->report.about = NULL;
	}
}

static void
lose(struct bulk *b, const struct outcome *why, int64_t now)
{
	b->lost = *why;
	note(b, why);
	report_failure(&b->report, why);
	deliver_stop(b->deliver, why, now);
}

#define BATCHES 64

/* One write for many; false when there were no more. */
static bool
record_some(struct bulk *b, int64_t now)
{
	struct deliver_batch batch[BATCHES];
	const struct recipient *r;
	struct outcome why;
	size_t n = 0;

	while (n < BATCHES && deliver_unrecorded(b->deliver, &batch[n])) {
		const struct bulk_mail *m = batch[n].consignment->owner;

		for (r = batch[n].rcpts.first; r; r = r->next)
			done_add(b->done, &m->sum, m->label, r);
		n++;
	}
	if (b->lost.verdict == PENDING && !done_write(b->done, &why))
		lose(b, &why, now);
	for (size_t i = 0; i < n; i++) {
		if (b->lost.verdict != PENDING)
			say_unwritten(b, &batch[i]);
		deliver_recorded(b->deliver, &batch[i]);
	}
	return n == BATCHES;
}

static void
record(struct bulk *b, int64_t now)
{
	while (b->done && record_some(b, now))
		;
}

/* ---- the loop ---- */

static bool
feed(void *arg, int64_t now)
{
	struct bulk *b = arg;
	struct consignment *c;

	record(b, now);
	while ((c = deliver_finished(b->deliver)) != NULL) {
		b->n--;
		b->octets -= c->message->size;
		report_mail(b, c->owner);
		mail_free(c->owner);
	}
	if ((b->stopped.verdict != PENDING || b->lost.verdict != PENDING) &&
	    !b->ended)
		end(b);
	b->waits = false;
	for (int i = 0; i < PER_TURN && !b->ended && !b->waits &&
	    b->n < FLIGHT && b->octets < OCTETS; i++)
		add_next(b);
	return !b->ended || b->n > 0;
}

static void
feed_wait(void *arg, struct wait *w)
{
	struct bulk *b = arg;

	if (b->ended)
		return;
	if (b->waits)
		wait_add(w, source_fd(b->source), POLLIN);
	else if (b->n < FLIGHT && b->octets < OCTETS)
		wait_until(w, 0);
}

static int
turn(struct bulk *b)
{
	const struct loop_feed more = { b, feed, feed_wait };
	const struct loop_call call = { b->deliver, &b->events, &b->report,
		&b->stop, &more };

	stop_catch(&b->stop, false);
	b->report.run.begun = clock_now();
	loop_run(&call, &b->stopped);
	if (b->stopped.verdict != PENDING)
		note(b, &b->stopped);
	return b->worst.verdict == PENDING ? EX_OK : outcome_exit(&b->worst);
}

static int
fail_run(struct bulk *b, const struct outcome *why)
{
	return report_failure(&b->report, why);
}

/* A file that would be written is none that is missing. */
static int
fail_resume(struct bulk *b, const struct outcome *why)
{
	int status = fail_run(b, why);

	return status == EX_NOINPUT ? EX_CANTCREAT : status;
}

static int
run(struct bulk *b)
{
	struct outcome why;
	int status;

	b->source = source_open(b->s->bulk.source, &why);
	if (!b->source)
		return fail_run(b, &why);
	b->done = b->s->bulk.resume ? done_open(b->s->bulk.resume, &why) : NULL;
	if (b->s->bulk.resume && !b->done)
		return fail_resume(b, &why);
	reach_init(&b->reach);
	b->events.now = clock_now();
	b->events.wanted = report_wants_events(&b->report);
	b->events.bodies = report_wants_bodies(&b->report);
	b->config = reach_config(&b->reach, b->s);
	b->config.records = b->done != NULL;
	b->config.hear_goodbye = b->report.style == REPORT_TEXT;
	b->deliver = deliver_new(&b->config, &b->events);
	status = !settings_name_tls(b->s) ||
		deliver_check_tls(b->deliver, &why) ?
	    turn(b) : fail_run(b, &why);
	deliver_free(b->deliver);
	reach_free(&b->reach);
	return status;
}

int
bulk_run(const struct settings *s)
{
	struct bulk b = { .s = s, .stop = STOP_NONE };
	struct outcome why;
	int status;

	if (show_open(&b.report, s, &why))
		status = run(&b);
	else
		status = report_failure(&b.report, &why);
	source_free(b.source);
	done_free(b.done);
	events_free(&b.events);
	stop_free(&b.stop);
	if (!report_close(&b.report) && status == EX_OK)
		status = EX_IOERR;
	return status;
}
