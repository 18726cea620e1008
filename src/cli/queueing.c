/* SPDX-License-Identifier: ISC */
/* queueing.c - see queueing.h */
#include "cli/queueing_impl.h"

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
#include "cli/mailback.h"
#include "cli/runq.h"
#include "net/clock.h"
#include "queue/control_client.h"
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

/* Nobody is to try it yet. */
static bool
rests(const struct settings *s)
{
	return s->sendmail.hold || s->enqueue.at;
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

void
queueing_say(struct recipient *r, const struct outcome *o, const char *id)
{
	struct result *result = result_new(o, slice_of(id));

	recipient_say(r, o->verdict, result);
	result_release(result);
	r->decided = clock_now();
}

/*
 * He is safe.  What a server said of him before stays what is known of him.
 */
static void
say_queued(struct recipient *r, const char *id, const char *text)
{
	struct outcome o = recipient_outcome(r);

	if (o.verdict == PENDING)
		o = outcome_make(DELIVERED, STAGE_SYSTEM, ESC(2, 0, 0), "%s",
		    text);
	o.verdict = DELIVERED;
	o.stage = STAGE_SYSTEM;
	queueing_say(r, &o, id);
}

/* Waiting has an end, and so has this: what is open still is no success. */
static void
say_waits(struct recipient *r, const char *id)
{
	struct outcome o = recipient_outcome(r);
	struct buf text = { 0 };

	if (outcome_is_queued(o.verdict, o.stage))
		o = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 7),
		    "no answer yet");
	buf_putf(&text, "%s%sit stays in the queue as %s",
	    o.code ? "" : o.text, o.code ? "" : "; ", id);
	if (o.code != 0)
		outcome_set_ours(&o, "%s", buf_str(&text));
	else
		outcome_set_text(&o, buf_slice(&text));
	buf_free(&text);
	queueing_say(r, &o, id);
}

/* After waiting: of those who are in the queue. */
static void
settle(struct envelope *e, const char *id, bool is_success)
{
	for (size_t i = 0; i < e->n; i++) {
		struct recipient *r = &e->rcpts[i];
		struct outcome o = recipient_outcome(r);
		bool queued = outcome_is_queued(o.verdict, o.stage);

		if (!r->result || strcmp(r->result->queue_id, id) != 0)
			continue;
		if (is_success && o.verdict == DEFERRED)
			say_queued(r, id, "");
		else if (!is_success && (queued || o.verdict == DEFERRED))
			say_waits(r, id);
	}
}

/* ---- who delivers it ---- */

/* All but the way to the agent, which is the lowest then. */
static int
close_all(int feed)
{
	int kept = feed >= 0 ? dup2(feed, STDERR_FILENO + 1) : -1;

	close_range(0, STDERR_FILENO, 0);
	close_range(STDERR_FILENO + (kept < 0 ? 1 : 2), ~0U, 0);
	return kept;
}

/* Nothing of ours holds up whoever waits for our end, or reads what we say. */
static void
detach(struct home_agent *agent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	agent->feed = agent->client.feed = close_all(agent->feed);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (open("/dev/null", O_RDWR) < 0)
			_exit(EX_OSERR);
	if (chdir("/") < 0)
		_exit(EX_OSERR);
}

/* Without a child it waits for the next queue run. */
static void
run_in_background(const struct settings *s, const char *id,
    struct home_agent *agent)
{
	if (fork() != 0)
		return;
	detach(agent);
	_exit(runq_one(s, id, agent, NULL, NULL));
}

/* Where no daemon is there we do its work; a time limit is a signal then. */
static void
wait_for_it(struct queueing *q, const char *id)
{
	const struct settings *s = q->settings;
	struct follow f = { .settings = s, .id = id,
		.envelope = &q->intake->envelope };

	if (s->enqueue.wait_seconds > 0)
		f.until = clock_now() + SECONDS(s->enqueue.wait_seconds);
	if (follow_daemon(&f) || !q->is_ours)
		return;
	alarm(s->enqueue.wait_seconds);
	runq_one(s, id, &q->agent, follow_news, &f);
	alarm(0);
}

/* Who waits hears of the first part alone. */
static void
begin(struct queueing *q, const char *id)
{
	const struct settings *s = q->settings;

	if (q->is_ours && control_wake(s->queue.run, id) == CONTROL_NOBODY &&
	    !rests(s) && !q->tried)
		run_in_background(s, id, &q->agent);
}

/* A message that was handed in is the daemon's to begin with. */
static void
set_off(struct queueing *q, const char *id)
{
	const struct settings *s = q->settings;
	struct slice rest = buf_slice(&q->parts), part;

	if (s->sendmail.delivery == DELIVERY_QUEUE)
		return;
	if (waits(s) && !rests(s)) {
		wait_for_it(q, id);
		settle(&q->intake->envelope, id, !s->enqueue.wait);
	} else {
		begin(q, id);
	}
	while (rest.n > 0 && slice_cut(&rest, '\0', &part))
		begin(q, part.p);
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
extras_of(const struct stored *facts, const struct settings *s)
{
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
		.queue_only = facts->queue_only || (waits(s) && !rests(s)),
		.hops = (uint16_t)s->message.hop_count,
	};
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
			continue;
		}
		if (out->id[0] == '\0')
			snprintf(out->id, sizeof out->id, "%s",
			    r->result->queue_id);
		say_queued(whole, r->result->queue_id, r->result->code ?
		    QUEUED : r->result->text);
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
	h.extras = extras_of(&facts, s);
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

	if (reach == SPOOL_OURS)
		return queueing_store(q, part, out, why) ? QUEUEING_DONE
							 : QUEUEING_FAILED;
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

	if (q->settings->own_way)
		return bar(q, "your own configuration says where your mail "
		    "goes, and the queue goes by that of this machine");
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
		set_off(q, done.id);
	home_leave_agent(&q->agent);
	buf_free(&q->parts);
	return result;
}

bool
queueing_mail_back(struct queueing *q)
{
	const struct settings *s = q->settings;
	const struct enqueue_call call = queueing_call(q, q->intake);
	enum error_mode mode = s->sendmail.errors;
	struct outcome why;

	if ((mode != ERRORS_MAIL && mode != ERRORS_MAIL_OK) || s->own_way ||
	    !queueing_is_first(s) || spool_reach(s->queue.path) != SPOOL_OURS)
		return false;
	if (q->intake->envelope.nbad == 0)
		return q->id[0] != '\0';
	return q->intake->message.size > 0 && mail_back(&call, q->id, &why);
}
