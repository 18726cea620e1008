/* SPDX-License-Identifier: ISC */
/*
 * run_end.c - a message whose recipients all have what they get this time: its
 * reports, one after the other and each durable, and where it goes then.
 */
#include "queue/runner_impl.h"

#include <sysexits.h>

#include "base/mem.h"
#include "config/idn.h"
#include "net/content.h"
#include "queue/load.h"

#define PAUSE SECONDS(300) /* where nothing can be written */

static struct bounce_call
bounce_call(const struct runner *r)
{
	const struct runner_config *c = r->config;

	return (struct bounce_call){
		.host = slice_of(c->host),
		.postmaster = slice_of(c->postmaster),
		.full_size = c->bounce_size,
		.warn_after = c->schedule.warn_after,
		.lifetime = c->schedule.lifetime,
		.now = r->wall,
		.offset = c->offset,
		.idn = &config_idn,
		.here = c->here,
	};
}

/* ---- where it goes ---- */

/* Nothing is left to do for any of its recipients. */
static bool
is_over(const struct entry *e)
{
	for (size_t k = 0; k < e->mail.envelope.n; k++)
		if (e->slots[k].state != SLOT_DELIVERED &&
		    e->slots[k].state != SLOT_BOUNCED)
			return false;
	return true;
}

static void
forget(struct run *run, int64_t next)
{
	struct runner *r = run->runner;
	struct item *i = run->item;

	news_put(r, i, NEWS_END, NULL, next);
	run_drop(run);
	index_drop(&r->index, i);
}

static void
settle(struct run *run)
{
	struct runner *r = run->runner;
	unsigned uid = run->entry->mail.uid;

	if (!store_settle(r->store, run->entry)) {
		r->status = EX_IOERR;
		runner_log(r, MAILLOG_ERROR, uid, run->item->id, "it is over, "
		    "but the disk keeps it: the next queue run looks again");
	}
	forget(run, 0);
}

/* The site that the first of those who are due next waits for, or 0. */
static uint64_t
site_of(const struct entry *e)
{
	int64_t first = INT64_MAX;
	uint64_t site = 0;

	for (size_t k = 0; k < e->mail.envelope.n; k++) {
		const struct recipient *rcpt = &e->mail.envelope.rcpts[k];

		if (e->slots[k].state != SLOT_PENDING ||
		    e->slots[k].next_try >= first)
			continue;
		first = e->slots[k].next_try;
		site = rcpt->host_fault ? rcpt->site : 0;
	}
	return site;
}

/* Its report is booked for a time before anybody of it is due. */
static bool
waits_for_report(const struct run *run)
{
	const struct item *i = run->item;
	int64_t next;

	if (i->report_at <= run->runner->now)
		return false;
	return i->state == ITEM_WAITS ? i->due > i->report_at :
	    i->state == ITEM_DUE && !schedule_next(run->entry, &next);
}

/* It has been tried, and waits; its site's return is waited for too. */
static void
wait_for_next(struct run *run)
{
	struct runner *r = run->runner;
	struct item *i = run->item;
	uint64_t site = site_of(run->entry);

	i->forced = i->woken = false;
	runner_place(r, i, run->entry);
	if (run->is_paused)
		index_wait(&r->index, i, r->now + PAUSE, 0);
	else if (waits_for_report(run))
		index_wait(&r->index, i, i->report_at, site);
	else if (i->state == ITEM_WAITS && site != 0)
		index_wait(&r->index, i, i->due, site);
}

static void
put_back(struct run *run)
{
	struct runner *r = run->runner;
	struct item *i = run->item;
	bool once = r->config->once || r->config->woken_only;
	bool dirty = i->dirty, kept = run->cancelled;
	int64_t next;

	if (!schedule_next(run->entry, &next))
		next = -1;
	if (once && !dirty) {
		store_release(r->store, run->entry);
		forget(run, next);
		return;
	}
	wait_for_next(run);
	if (kept)
		index_rest(&r->index, i, ITEM_KEPT);
	store_release(r->store, run->entry);
	news_put(r, i, NEWS_END, NULL, next);
	run_drop(run);
	i->dirty = false;
	if (dirty && !kept)
		runner_add(r, i->id);
}

/* ---- out of the way ---- */

/*
 * It cannot even be moved: it stays locked as long as we live, so that it is
 * not sent once more.
 */
static void
keep_locked(struct run *run)
{
	struct runner *r = run->runner;

	news_put(r, run->item, NEWS_END, NULL, -1);
	index_drop(&r->index, run->item);
	run->item = NULL;
	list_remove(&run->node);
	list_append(&r->stuck, &run->node, run);
}

static void
put_aside(struct run *run, enum store_place where, const char *reason)
{
	run->aside = where;
	buf_clear(&run->aside_why);
	buf_puts(&run->aside_why, reason);
	run_ask_aside(run);
}

void
run_aside(struct run *run, const struct store_answer *a)
{
	static const char *const folder[] = { [STORE_HELD] = "held/",
		[STORE_BAD] = "corrupt/" };
	bool critical = run->is_unsafe || run->aside == STORE_BAD;
	const char *reason = buf_str(&run->aside_why);
	struct runner *r = run->runner;
	struct item *i = run->item;
	unsigned uid = run->entry->mail.uid;

	if (a->ok) {
		store_release(r->store, run->entry);
		runner_log(r, critical ? MAILLOG_CRITICAL : MAILLOG_ERROR, uid,
		    i->id, "put aside into %s: %s", folder[run->aside],
		    reason);
		if (run->is_unsafe)
			runner_unpause(r);
		forget(run, -1);
		return;
	}
	runner_log(r, MAILLOG_CRITICAL, uid, i->id, "it cannot be put aside "
	    "(%s): %s", reason, a->why.text);
	r->status = EX_IOERR;
	if (run->is_unsafe) {
		keep_locked(run);
		return;
	}
	run->is_paused = true;
	put_back(run);
}

/*
 * Can its text be read now?  What is damaged is so for good, and so is what a
 * disk refuses once more (FAULTS 49); whom there is nothing to send to has no
 * need of it.
 */
static bool
is_damaged(struct run *run, struct outcome *why)
{
	if (!run->is_damaged || run->is_paused || run->cancelled ||
	    load_check(run->entry, why))
		return false;
	if (!content_is_damaged(why) && !run->was_damaged)
		return false;
	run->runner->status = EX_IOERR;
	return true;
}

static void
run_over(struct run *run)
{
	struct outcome why;

	bounce_free(&run->bounce);
	if (is_over(run->entry) && !run->owes_report)
		settle(run);
	else if (is_damaged(run, &why))
		put_aside(run, STORE_BAD, why.text);
	else
		put_back(run);
}

/* ---- reports ---- */

/* Who is told, for the log. */
static const char *
told(const struct run *run)
{
	bool orphan = run->entry->mail.envelope.from.path[0] == '\0';

	return orphan ? "the postmaster" : "its sender";
}

static void
report_failed(struct run *run, const struct outcome *why)
{
	struct runner *r = run->runner;

	runner_log(r, MAILLOG_ERROR, run->entry->mail.uid, run->item->id,
	    "%s could not be told: %s", told(run), why->text);
	r->status = r->status ? r->status : EX_TEMPFAIL;
	run->is_paused = true;
	run->owes_report = true;
	run_over(run);
}

/*
 * A user's reports may be too many for this minute: this one has its time then,
 * which it keeps whoever looks at the message before.
 */
static bool
is_too_early(struct run *run)
{
	struct runner *r = run->runner;
	struct item *i = run->item;
	unsigned uid = run->entry->mail.uid;
	struct report_booking b;

	if (i->report_at == 0) {
		b = report_limit_book(&r->reports, uid, r->now);
		i->report_at = b.at;
		if (b.is_first)
			runner_log(r, MAILLOG_WARNING, uid, i->id,
			    "more than %u reports a minute about messages of "
			    "uid %u: this one, and others, are made later",
			    r->reports.most, uid);
	}
	return i->report_at > r->now;
}

static void
write_report(struct run *run, const struct bounce_call *call)
{
	struct outcome why;

	if (is_too_early(run)) {
		run->owes_report = true;
		run_over(run);
	} else if (bounce_write(run->runner->store, run->entry, call,
		       &run->bounce, &why))
		run_ask_report(run);
	else
		report_failed(run, &why);
}

static void
next_report(struct run *run)
{
	struct bounce_call call = bounce_call(run->runner);

	if (run->cancelled || run->is_paused ||
	    !bounce_plan(&run->bounce, run->entry, &call)) {
		run_over(run);
		return;
	}
	switch (run->bounce.todo) {
	case BOUNCE_MARK:
		run_ask_report(run);
		break;
	case BOUNCE_WRITE:
		write_report(run, &call);
		break;
	case BOUNCE_ASIDE:
		put_aside(run, STORE_HELD, run->bounce.reason);
		break;
	case BOUNCE_NOTHING:
		run_over(run);
		break;
	}
}

void
run_reported(struct run *run, const struct store_answer *a)
{
	static const char *const names[] = { "failure", "delay", "success" };
	struct runner *r = run->runner;

	if (!a->ok) {
		report_failed(run, &a->why);
		return;
	}
	if (run->bounce.todo == BOUNCE_WRITE) {
		run->item->report_at = 0;
		runner_log(r, MAILLOG_INFO, run->entry->mail.uid, run->item->id,
		    "%s is told of the %s by %s", told(run),
		    names[run->bounce.kind], a->id);
		runner_add(r, a->id);
	}
	next_report(run);
}

void
run_end(struct run *run)
{
	if (run->is_unsafe)
		put_aside(run, STORE_HELD, "it was delivered, and that could "
		    "not be recorded");
	else
		next_report(run);
}
