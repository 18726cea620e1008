/* SPDX-License-Identifier: ISC */
/* queueing.c - see queueing.h */
#include "cli/queueing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/become.h"
#include "cli/enqueue.h"
#include "cli/follow.h"
#include "cli/runq.h"
#include "net/clock.h"
#include "queue/control_client.h"

/* ---- what is asked for ---- */

/* -v shows the dialogue, so it is had now. */
static bool
is_shown(const struct settings *s)
{
	return s->show.verbose > 0 || s->show.json ||
	    s->show.transcript.text != NULL;
}

bool
queueing_is_first(const struct settings *s)
{
	const struct enqueue_settings *e = &s->enqueue;

	if (s->show.stop_after != STAGE_NONE)
		return false;
	if (s->config_fault || queueing_is_a_must(s) || e->wait || e->expires ||
	    s->sendmail.delivery == DELIVERY_QUEUE ||
	    s->sendmail.delivery == DELIVERY_BACKGROUND)
		return !e->on_defer;
	return s->personality != AS_SMTPSEND && !is_shown(s);
}

bool
queueing_is_last(const struct settings *s)
{
	if (s->show.stop_after != STAGE_NONE || queueing_is_first(s))
		return false;
	return s->enqueue.on_defer || s->personality != AS_SMTPSEND;
}

bool
queueing_is_a_must(const struct settings *s)
{
	return s->enqueue.at || s->enqueue.key;
}

/* -odi, --wait. */
static bool
waits(const struct settings *s)
{
	return s->enqueue.wait || s->sendmail.delivery == DELIVERY_NOW;
}

/* ---- verdicts ---- */

static bool
is_open(const struct recipient *r)
{
	return r->verdict == PENDING || r->verdict == DEFERRED;
}

static void
say_of(struct recipient *r, const struct outcome *o, const char *id)
{
	struct result *result = result_new(o, slice_of(id));

	recipient_say(r, o->verdict, result);
	result_release(result);
	r->decided = clock_now();
}

static void
append_text(struct outcome *o, const char *id)
{
	struct buf text = { 0 };

	buf_putf(&text, "%s; it stays in the queue as %s", o->text, id);
	outcome_set_text(o, buf_slice(&text));
	buf_free(&text);
}

/*
 * It is safe.  What a server said of somebody before stays what is known of
 * him.
 */
static void
settle_queued(struct envelope *e, const char *id, const char *text)
{
	struct outcome o;

	for (size_t i = 0; i < e->n; i++) {
		if (!is_open(&e->rcpts[i]))
			continue;
		o = recipient_outcome(&e->rcpts[i]);
		if (o.verdict == PENDING)
			o = outcome_make(DELIVERED, STAGE_SYSTEM,
			    ESC(2, 0, 0), "%s", text);
		o.verdict = DELIVERED;
		o.stage = STAGE_SYSTEM;
		say_of(&e->rcpts[i], &o, id);
	}
}

/* --wait: what is open still is no success, but nothing is lost. */
static void
settle_waited(struct envelope *e, const char *id)
{
	struct outcome o;

	for (size_t i = 0; i < e->n; i++) {
		if (!is_open(&e->rcpts[i]))
			continue;
		o = recipient_outcome(&e->rcpts[i]);
		if (o.verdict == PENDING)
			o = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 7),
			    "no answer yet");
		if (o.code != 0)
			outcome_set_ours(&o, "it stays in the queue as %s", id);
		else
			append_text(&o, id);
		say_of(&e->rcpts[i], &o, id);
	}
}

/* ---- who delivers it ---- */

/* Nothing of ours holds up whoever waits for our end, or reads what we say. */
static void
detach(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	close_range(0, ~0U, 0);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (open("/dev/null", O_RDWR) < 0)
			_exit(EX_OSERR);
	if (chdir("/") < 0)
		_exit(EX_OSERR);
}

/* Without a child it waits for the next queue run. */
static void
run_in_background(const struct settings *s, const char *id)
{
	if (fork() != 0)
		return;
	detach();
	_exit(runq_one(s, id, NULL, NULL));
}

static void
wait_for_it(struct queueing *q, const char *id)
{
	const struct settings *s = q->settings;
	struct envelope *e = &q->intake->envelope;
	struct follow f = { .settings = s, .id = id, .envelope = e };

	if (s->enqueue.wait_seconds > 0)
		f.until = clock_now() + SECONDS(s->enqueue.wait_seconds);
	if (!follow_daemon(&f))
		runq_one(s, id, follow_news, &f);
}

static void
set_off(struct queueing *q, const char *id)
{
	const struct settings *s = q->settings;

	if (s->sendmail.delivery == DELIVERY_QUEUE)
		return;
	if (waits(s) && !s->sendmail.hold)
		wait_for_it(q, id);
	else if (control_wake(s->queue.run, id) == CONTROL_NOBODY &&
	    !s->sendmail.hold && !s->enqueue.at)
		run_in_background(s, id);
}

/* ---- into the queue ---- */

/* Only those who are open; what it borrows is the whole one's. */
static void
choose_open(struct envelope *some, const struct envelope *all)
{
	*some = *all;
	some->rcpts = mem_alloc(size_mul(all->n + 1, sizeof *some->rcpts));
	some->n = 0;
	for (size_t i = 0; i < all->n; i++)
		if (is_open(&all->rcpts[i]))
			some->rcpts[some->n++] = all->rcpts[i];
}

static bool
store_it(struct queueing *q, struct enqueued *out, struct outcome *why)
{
	struct intake part = *q->intake;
	struct enqueue_call call = { q->settings, q->self, &part,
		q->report->run.uid, clock_wall().seconds };
	bool ok;

	if (!become_owner_of(q->settings->queue.path, why))
		return false;
	choose_open(&part.envelope, &q->intake->envelope);
	ok = enqueue(&call, out, why);
	if (ok && !out->duplicate)
		report_queued(q->report, &part.envelope.from, out->id,
		    part.message.size, part.envelope.n);
	free(part.envelope.rcpts);
	return ok;
}

static enum queueing_result
bar(struct queueing *q, const char *text)
{
	snprintf(q->bar, sizeof q->bar, "%s", text);
	return QUEUEING_BARRED;
}

enum queueing_result
queueing_run(struct queueing *q, struct outcome *why)
{
	const struct settings *s = q->settings;
	struct envelope *e = &q->intake->envelope;
	enum spool_reach reach;
	struct enqueued done;

	if (s->own_way)
		return bar(q, "your own configuration says where your mail "
		    "goes, and the queue goes by that of this machine");
	reach = spool_reach(s->queue.path);
	q->absent = reach == SPOOL_ABSENT;
	if (q->absent)
		return bar(q, "this machine has no queue");
	if (reach == SPOOL_OTHERS)
		return bar(q, "the queue of this machine takes nothing from "
		    "you");
	if (!store_it(q, &done, why))
		return QUEUEING_FAILED;
	report_has_queue(q->report);
	if (!done.duplicate)
		set_off(q, done.id);
	if (done.duplicate)
		settle_queued(e, done.id, "queued before, with the same key");
	else if (s->enqueue.wait)
		settle_waited(e, done.id);
	else
		settle_queued(e, done.id, "queued on this machine");
	return QUEUEING_DONE;
}
