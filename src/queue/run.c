/* SPDX-License-Identifier: ISC */
/* run.c - one message at work: taken, tried, given back by deliver. */
#include "queue/runner_impl.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/mem.h"
#include "queue/load.h"
#include "queue/told.h"

/* ---- taking ---- */

/* Somebody else has it: a little later, then now and then. */
static void
find_busy(struct runner *r, struct item *i)
{
	static const int64_t pause[] = { MILLISECONDS(100), SECONDS(1),
		SECONDS(60), SECONDS(300) };
	size_t n = sizeof pause / sizeof pause[0];
	size_t at = i->busy < n ? i->busy : n - 1;

	if (at >= 2 && (r->config->once || r->config->woken_only)) {
		news_put(r, i, NEWS_END, NULL, r->wall + SCHEDULE_BOOKED);
		index_drop(&r->index, i);
		return;
	}
	i->busy++;
	index_wait(&r->index, i, r->now + pause[at], 0);
}

static void
leave_alone(struct runner *r, struct item *i, const struct outcome *why,
    enum maillog_level level)
{
	runner_log(r, level, 0, i->id, "%s", why->text);
	r->status = r->status ? r->status : EX_TEMPFAIL;
	news_put(r, i, NEWS_END, NULL, -1);
	index_drop(&r->index, i);
}

static void
look_later(struct runner *r, struct item *i, const struct outcome *why)
{
	runner_log(r, MAILLOG_WARNING, 0, i->id, "%s", why->text);
	index_wait(&r->index, i, r->now + SECONDS(300), 0);
}

#define UNREAD SLICE("not read") /* a verdict of its history */

/* Was it so when it was looked at last, by whomever? */
static bool
was_unread(struct runner *r, struct item *i)
{
	struct buf text = { 0 };
	struct told told = { 0 };
	size_t n;
	char *p;

	if (i->unread)
		return true;
	store_told_at(r->store, STORE_QUEUE, i->id, &text);
	p = text.base ? text.base + text.off : NULL;
	n = text.n;
	while (p && told_next(&p, &n, &told))
		i->unread = slice_eq(told.verdict, UNREAD);
	buf_free(&text);
	return i->unread;
}

/* A -q that ends here leaves the second look to the next one. */
static void
tell_unread(struct runner *r, struct item *i, const struct outcome *why)
{
	struct buf line = { 0 };

	i->unread = true;
	told_put(&line, &(struct told){ .at = r->wall, .verdict = UNREAD,
	    .text = slice_of(why->text) });
	store_tell(r->store, i->id, buf_slice(&line));
	buf_free(&line);
}

/* What a disk refuses once more is so for good (FAULTS 49). */
static void
cannot_read(struct runner *r, struct item *i, struct outcome *why)
{
	bool again = was_unread(r, i);
	struct outcome said;

	if (!again)
		tell_unread(r, i, why);
	if (!again || !store_give_up(r->store, i->id, why)) {
		if (r->config->once || r->config->woken_only)
			leave_alone(r, i, why, MAILLOG_ERROR);
		else
			look_later(r, i, why);
		return;
	}
	outcome_fail(&said, FAILED, STAGE_READ, ESC(5, 3, 0),
	    "put aside into corrupt/: %s", why->text);
	leave_alone(r, i, &said, MAILLOG_CRITICAL);
}

/* It has it all, and nothing is to be done for it now. */
static void
give_back(struct run *run)
{
	struct runner *r = run->runner;
	struct item *i = run->item;

	runner_place(r, i, run->entry);
	store_release(r->store, run->entry);
	run_drop(run);
}

static struct run *
run_new(struct runner *r, struct item *i, struct entry *e)
{
	struct run *run = mem_alloc(sizeof *run);

	run->runner = r;
	run->item = i;
	run->entry = e;
	run->begun = r->now;
	run->message.body.fd = -1;
	e->owner = run;
	i->run = run;
	i->busy = 0;
	i->unread = false;
	list_append(&r->runs, &run->node, run);
	return run;
}

void
run_drop(struct run *run)
{
	list_remove(&run->node);
	bounce_free(&run->bounce);
	signing_free(&run->signing);
	run_forward_free(run);
	buf_free(&run->aside_why);
	load_free(&run->message);
	free(run);
}

/* Has it slots that wait for more than their time? */
static bool
has_pending(const struct entry *e)
{
	for (size_t n = 0; n < e->mail.envelope.n; n++)
		if (e->slots[n].state == SLOT_PENDING)
			return true;
	return false;
}

static bool
is_due(const struct runner *r, const struct item *i, const struct entry *e)
{
	int64_t next;

	if (e->slot.held || e->place != STORE_QUEUE)
		return false;
	if (e->mail.not_before > r->wall)
		return !has_pending(e); /* a report is owed */
	if (i->report_at != 0 && i->report_at <= r->now)
		return true;
	if (!schedule_next(e, &next))
		return !has_pending(e);
	return i->forced || r->config->once ||
	    schedule_due_in(&r->config->schedule, next, 0, r->wall) == 0;
}

static void
start(struct run *run)
{
	struct runner *r = run->runner;
	struct item *i = run->item;
	bool all = i->forced || r->config->once;

	runner_note(r, i, run->entry);
	if (index_is_crowded(&r->index, i)) {
		store_release(r->store, run->entry);
		index_ready(&r->index, i);
		run_drop(run);
		return;
	}
	if (!is_due(r, i, run->entry)) {
		give_back(run);
		return;
	}
	run->open = load_recipients(run->entry, &r->config->schedule, all,
	    r->wall);
	if (run->open == 0)
		run_end(run);
	else
		run_record_attempt(run);
}

void
run_begin(struct runner *r, struct item *i)
{
	struct outcome why = { 0 };
	struct entry *e;

	switch (store_take(r->store, i->id, &e, &why)) {
	case STORE_TAKEN:
		start(run_new(r, i, e));
		break;
	case STORE_BUSY:
		find_busy(r, i);
		break;
	case STORE_GONE:
		news_put(r, i, NEWS_END, NULL, 0);
		index_drop(&r->index, i);
		break;
	case STORE_CORRUPT:
		leave_alone(r, i, &why, MAILLOG_CRITICAL);
		break;
	case STORE_NEWER:
		leave_alone(r, i, &why, MAILLOG_ERROR);
		break;
	case STORE_UNREADABLE:
		cannot_read(r, i, &why);
		break;
	case STORE_REFUSED:
		r->status = r->status ? r->status : EX_TEMPFAIL;
		if (r->config->once || r->config->woken_only)
			leave_alone(r, i, &why, MAILLOG_WARNING);
		else
			look_later(r, i, &why);
		break;
	}
}

/* ---- trying ---- */

/* Those whom we have a verdict for ourselves. */
static void
record_own(struct run *run, struct recipient_list rcpts, size_t n)
{
	const struct deliver_batch batch = { &run->consignment, rcpts, n,
		NULL };

	if (n > 0)
		run_record(run, &batch);
}

/* Everybody who is left gets this outcome; or only who is for a server. */
static void
settle_all(struct run *run, bool servers, const struct outcome *why)
{
	struct envelope *v = &run->entry->mail.envelope;
	struct result *result = result_new(why, SLICE(""));
	struct recipient_list rcpts = { 0 };
	size_t n = 0;

	for (size_t k = 0; k < v->n; k++) {
		if (v->rcpts[k].verdict != PENDING ||
		    (servers && !deliver_takes(&run->runner->way,
			&v->rcpts[k])))
			continue;
		recipient_say(&v->rcpts[k], why->verdict, result);
		v->rcpts[k].decided = run->runner->now;
		recipient_append(&rcpts, &v->rcpts[k]);
		n++;
	}
	result_release(result);
	record_own(run, rcpts, n);
}

/* Those to whom it comes round in a circle. */
static void
settle_loops(struct run *run)
{
	struct envelope *v = &run->entry->mail.envelope;
	struct slice head = buf_slice(&run->message.head);
	unsigned max = run->runner->config->max_hops;
	struct recipient_list rcpts = { 0 };
	struct outcome why;
	struct result *result;
	size_t n = 0;

	for (size_t k = 0; k < v->n; k++) {
		if (v->rcpts[k].verdict != PENDING ||
		    !bounce_is_loop(run->entry, k, head, max, &why))
			continue;
		result = result_new(&why, SLICE(""));
		recipient_say(&v->rcpts[k], why.verdict, result);
		result_release(result);
		v->rcpts[k].decided = run->runner->now;
		recipient_append(&rcpts, &v->rcpts[k]);
		n++;
	}
	record_own(run, rcpts, n);
}

void
run_try(struct run *run)
{
	struct runner *r = run->runner;
	struct outcome why;

	if (run->cancelled || run->is_paused || r->is_stopping) {
		run_end(run);
		return;
	}
	news_put(r, run->item, NEWS_TRY, NULL, 0);
	run->consignment = load_consignment(run->entry, &run->message, run);
	if (!load_message(&run->message, run->entry, &why)) {
		settle_all(run, false, &why);
		return;
	}
	settle_loops(run);
	if (!run_sign(run, &why))
		settle_all(run, true, &why);
	run->sending = true;
	run_local(run);
	deliver_add(r->deliver, &run->consignment);
}

void
run_cancel(struct run *run, const struct outcome *why)
{
	run->cancelled = true;
	run_local_cancel(run, why);
	if (run->sending)
		deliver_cancel(run->runner->deliver, &run->consignment, why,
		    run->runner->now);
}

void
run_delivered(struct run *run)
{
	run->sending = false;
	if (run->owed == 0 && run->local.n == 0)
		run_end(run);
}
