/* SPDX-License-Identifier: ISC */
/* queueing.c - see queueing.h */
#include "cli/queueing_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/become.h"
#include "cli/enqueue.h"
#include "cli/mailback.h"
#include "config/own_queue.h"
#include "deliver/deliver.h"
#include "net/clock.h"
#include "queue/handin.h"

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

bool
queueing_rests(const struct settings *s)
{
	return s->sendmail.hold || s->enqueue.at;
}

bool
queueing_waits(const struct queueing *q)
{
	const struct settings *s = q->settings;

	return q->waits || s->enqueue.wait ||
	    s->sendmail.delivery == DELIVERY_NOW;
}

/* ---- verdicts ---- */

static bool
is_open(const struct recipient *r)
{
	return r->verdict == PENDING || r->verdict == DEFERRED;
}

void
queueing_say(struct recipient *r, const struct outcome *o, const char *id)
{
	struct result *result = result_new(o, slice_of(id));

	recipient_say(r, o->verdict, result);
	result_release(result);
	r->decided = clock_now();
}

void
queueing_say_queued(struct recipient *r, const char *id, const char *text)
{
	struct outcome o = recipient_outcome(r);

	if (o.verdict == PENDING)
		o = outcome_make(DELIVERED, STAGE_SYSTEM, ESC(2, 0, 0), "%s",
		    text);
	o.verdict = DELIVERED;
	o.stage = STAGE_SYSTEM;
	queueing_say(r, &o, id);
}

/* ---- whose queue ---- */

static bool
is_own(const struct queueing *q)
{
	return q->settings == &q->own;
}

/* The machine's; or for mail that goes the user's own way one of his own.
 * False with the bar. */
static bool
choose_queue(struct queueing *q)
{
	const struct settings *s = q->settings;
	struct buf why = { 0 };

	if (!s->own_way)
		return true;
	if (own_queue_path(&s->queue, true, &q->own_path, &why)) {
		q->own = *s;
		own_queue_use(&q->own, buf_str(&q->own_path));
		q->settings = &q->own;
		return true;
	}
	snprintf(q->bar, sizeof q->bar, "your own configuration says where "
	    "your mail goes, and %s%s", s->queue.user_queue ?
	    "there is no queue of your own for it: " :
	    "the queue goes by that of this machine",
	    s->queue.user_queue ? buf_str(&why) : "");
	buf_clear(&q->own_path);
	buf_free(&why);
	return false;
}

/* It is the place that is not good for it, no fault of the message. */
static bool
is_fault_of_place(const struct outcome *why)
{
	return why->stage == STAGE_SYSTEM || why->stage == STAGE_CONFIG;
}

/* ---- into the queue ---- */

/* Only those who are open, as if nobody had been asked yet. */
static void
choose_open(struct envelope *some, const struct envelope *all)
{
	struct recipient *r;

	*some = *all;
	some->rcpts = mem_alloc(size_mul(all->n + 1, sizeof *some->rcpts));
	some->n = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (!is_open(&all->rcpts[i]))
			continue;
		r = &some->rcpts[some->n++];
		*r = all->rcpts[i];
		r->verdict = PENDING;
		r->result = NULL;
	}
}

/* Has somebody been asked for those who are open? */
static bool
was_tried(const struct envelope *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->rcpts[i].verdict == DEFERRED)
			return true;
	return false;
}

/* Who waits wakes it himself, or it is over before he can ask. */
static struct mail_extras
extras_of(const struct queueing *q, const struct stored *facts)
{
	const struct settings *s = q->settings;
	static const int priorities[NCLASSES] = {
		[CLASS_URGENT] = 4, [CLASS_BULK] = -4,
	};

	return (struct mail_extras){
		.require_tls = facts->require_tls,
		.hold_until = facts->not_before,
		.return_after = (uint32_t)facts->expires,
		.priority = priorities[facts->class],
		.form = FORM_FINISHED,
		.key = s->enqueue.key,
		.tag = s->sendmail.log_tag,
		.hold = facts->hold,
		.hold_reason = s->sendmail.hold_reason,
		.no_alias = s->sendmail.no_aliases,
		.queue_only = facts->queue_only ||
		    (queueing_waits(q) && !queueing_rests(s)),
		.hops = (uint16_t)s->message.hop_count,
	};
}

/* More recipients than a transaction takes are several messages. */
static void
note_id(struct queueing *q, const char *id, struct enqueued *first)
{
	struct slice rest = buf_slice(&q->parts), part;
	char own[sizeof first->id] = "";

	snprintf(own, sizeof own, "%s", id);
	if (first->id[0] == '\0')
		memcpy(first->id, own, sizeof own);
	if (strcmp(first->id, own) == 0)
		return;
	while (rest.n > 0 && slice_cut(&rest, '\0', &part))
		if (slice_eq(part, slice_of(own)))
			return;
	buf_put(&q->parts, (struct slice){ own, sizeof own });
}

static void
note_refused(struct queueing *q, struct recipient *r)
{
	if (r->verdict == FAILED)
		recipient_append(&q->refused, r);
	else
		q->put_off = true;
}

/* What was said of each of the lot. */
static void
take_verdicts(struct queueing *q, struct intake *part, struct enqueued *out)
{
	struct envelope *some = &part->envelope;
	struct recipient *whole = q->intake->envelope.rcpts, *r;

	for (size_t i = 0; i < some->n; i++, whole++) {
		while (!is_open(whole))
			whole++;
		r = &some->rcpts[i];
		if (r->verdict != DELIVERED) {
			recipient_say(whole, r->verdict, r->result);
			whole->decided = r->decided;
			note_refused(q, whole);
			continue;
		}
		note_id(q, r->result->queue_id, out);
		queueing_say_queued(whole, r->result->queue_id,
		    r->result->code ? QUEUED : r->result->text);
	}
}

/* False: there is nobody to hand it to. */
static bool
hand_it_in(struct queueing *q, struct intake *part)
{
	const struct settings *s = q->settings;
	const struct enqueue_call call = queueing_call(q, part);
	struct buf path = { 0 };
	struct handin h = { .envelope = &part->envelope,
		.message = &part->message,
		.helo = q->self->host[0] ? q->self->host : NULL };
	struct stored facts;
	struct outcome why;
	bool ok;

	buf_putf(&path, "%s/submit", s->queue.run);
	h.path = buf_str(&path);
	ok = enqueue_facts(&call, &facts, &why);
	h.extras = extras_of(q, &facts);
	if (!ok)
		envelope_settle(&part->envelope, &why, clock_now());
	ok = !ok || handin_run(&h, q->events, &why);
	buf_free(&path);
	return ok;
}

static enum queueing_result
bar(struct queueing *q, const char *text)
{
	snprintf(q->bar, sizeof q->bar, "%s", text);
	return QUEUEING_BARRED;
}

static enum queueing_result
put_in(struct queueing *q, struct intake *part, struct enqueued *out,
    struct outcome *why)
{
	const struct settings *s = q->settings;
	enum spool_reach reach = spool_reach(s->queue.path);

	if (reach == SPOOL_OURS) {
		if (queueing_store(q, part, out, why))
			return QUEUEING_DONE;
		return is_own(q) && is_fault_of_place(why) ?
		    bar(q, why->text) : QUEUEING_FAILED;
	}
	if (hand_it_in(q, part))
		return QUEUEING_DONE;
	q->absent = reach == SPOOL_ABSENT;
	return bar(q, q->absent ? "this machine has no queue" :
	    "the daemon of this machine's queue does not run");
}

enum queueing_result
queueing_run(struct queueing *q, struct outcome *why)
{
	struct intake part = *q->intake;
	struct enqueued done = { .id = "" };
	enum queueing_result result;

	if (!choose_queue(q))
		return QUEUEING_BARRED;
	q->tried = was_tried(&q->intake->envelope);
	q->agent = HOME_NO_AGENT;
	choose_open(&part.envelope, &q->intake->envelope);
	result = put_in(q, &part, &done, why);
	if (result == QUEUEING_DONE)
		take_verdicts(q, &part, &done);
	for (size_t i = 0; i < part.envelope.n; i++)
		result_release(part.envelope.rcpts[i].result);
	free(part.envelope.rcpts);
	memcpy(q->id, done.id, sizeof q->id);
	if (done.id[0] == '\0')
		return result;
	report_has_queue(q->report);
	if (!done.duplicate)
		queueing_set_off(q);
	home_leave_agent(&q->agent);
	buf_free(&q->parts);
	return result;
}

/* Of those who are in the queue its own bounces tell. */
bool
queueing_mail_back(struct queueing *q)
{
	enum error_mode mode = q->settings->sendmail.errors;
	bool wanted = (mode == ERRORS_MAIL || mode == ERRORS_MAIL_OK) &&
	    queueing_is_first(q->settings) && choose_queue(q);
	const struct settings *s = q->settings;
	const struct enqueue_call call = queueing_call(q, q->intake);
	struct mail_back m = { &call, q->id, q->refused, NULL };
	struct buf path = { 0 };
	struct outcome why;
	bool ok;

	if (!wanted)
		return false;
	if (q->intake->envelope.nbad == 0 && !q->refused.first)
		return q->id[0] != '\0' && !q->put_off;
	buf_putf(&path, "%s/submit", s->queue.run);
	if (spool_reach(s->queue.path) != SPOOL_OURS)
		m.socket = buf_str(&path);
	ok = q->intake->message.size > 0 && mail_back(&m, &why);
	buf_free(&path);
	return ok && !q->put_off;
}

void
queueing_free(struct queueing *q)
{
	buf_free(&q->own_path);
}
