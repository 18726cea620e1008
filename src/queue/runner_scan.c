/* SPDX-License-Identifier: ISC */
/*
 * runner_scan.c - the index is filled: with all that there is at the start, a
 * few at a time so that nobody waits for it, and now and then with those whose
 * enqueuer died before he could tell.
 */
#include "queue/runner_impl.h"

#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"

#define PER_STEP 100		    /* messages that are looked at */
#define TRUST	 SECONDS(3600)	    /* ... in the clock of the wall: --at */
#define INTERVAL 1800		    /* of queue runs, seconds */

void
runner_note(struct runner *r, struct item *i, const struct entry *e)
{
	const struct envelope *v = &e->mail.envelope;

	for (size_t k = 0; k < v->n; k++) {
		if (e->slots[k].state != SLOT_PENDING)
			continue;
		index_set_crowd(&r->index, i, index_crowd(&r->index,
		    slice_of(v->rcpts[k].to.domain)));
		break;
	}
	index_set_owner(&r->index, i, e->mail.uid, e->mail.size);
	i->class = e->mail.class < NCLASSES ? e->mail.class : CLASS_NORMAL;
}

/* Seconds until somebody is due; false when nobody is PENDING. */
static bool
due_in(const struct runner *r, const struct item *i, const struct entry *e,
    int64_t *wait)
{
	int64_t next, interval = r->config->interval;
	bool now = i->forced || r->config->once;

	if (!schedule_next(e, &next))
		return false;
	if (now)
		next = 0;
	*wait = schedule_due_in(&r->config->schedule, next,
	    e->mail.not_before, r->wall);
	if (e->mail.queue_only && e->slot.runs == 0 && !now && *wait == 0)
		*wait = interval ? interval : INTERVAL;
	return true;
}

static bool
owes_something(const struct entry *e)
{
	size_t held = 0;

	for (size_t k = 0; k < e->mail.envelope.n; k++)
		held += e->slots[k].state == SLOT_HELD;
	return held == 0;
}

void
runner_place(struct runner *r, struct item *i, const struct entry *e)
{
	int64_t wait;

	if (e->slot.held || e->place != STORE_QUEUE)
		index_rest(&r->index, i, ITEM_HELD);
	else if (due_in(r, i, e, &wait) && wait > 0)
		index_wait(&r->index, i, wait < TRUST / SECONDS(1) ?
		    r->now + SECONDS(wait) : r->now + TRUST, 0);
	else if (due_in(r, i, e, &wait) || owes_something(e))
		index_ready(&r->index, i);
	else
		index_rest(&r->index, i, ITEM_HELD);
}

/* ---- the filter of -q ---- */

static bool
contains(const char *text, struct slice part)
{
	struct slice s = slice_of(text);

	for (size_t at = 0; at + part.n <= s.n; at++)
		if (slice_starts_nocase(slice_from(s, at), part))
			return true;
	return false;
}

static bool
has_rcpt(const struct entry *e, struct slice part)
{
	for (size_t k = 0; k < e->mail.envelope.n; k++)
		if (contains(e->mail.envelope.rcpts[k].to.path, part))
			return true;
	return false;
}

bool
runner_is_wanted(const struct runner_filter *f, const struct entry *e)
{
	struct slice part = slice_of(f->match);

	switch (f->by) {
	case 'I':
		return contains(e->mail.id, part) != f->not;
	case 'R':
		return has_rcpt(e, part) != f->not;
	case 'S':
		return contains(e->mail.envelope.from.path, part) != f->not;
	}
	return true;
}

/* ---- looking ---- */

static void
place_looked_at(struct runner *r, struct item *i, const struct entry *e)
{
	const struct runner_config *c = r->config;

	index_rest(&r->index, i, ITEM_NEW);
	if (c->once && !runner_is_wanted(&c->filter, e)) {
		index_drop(&r->index, i);
		return;
	}
	runner_note(r, i, e);
	runner_place(r, i, e);
	if (c->once && i->state != ITEM_DUE)
		index_drop(&r->index, i);
}

static void
look_away(struct runner *r, struct item *i, const struct outcome *why)
{
	if (why->text[0] != '\0') {
		runner_log(r, MAILLOG_ERROR, 0, i->id, "%s", why->text);
		r->status = r->status ? r->status : EX_TEMPFAIL;
	}
	news_put(r, i, NEWS_END, NULL, 0);
	index_drop(&r->index, i);
}

void
runner_look(struct runner *r, struct item *i)
{
	struct outcome why = { 0 };
	struct entry *e;

	switch (store_look(r->store, i->id, &e, &why)) {
	case STORE_TAKEN:
		place_looked_at(r, i, e);
		store_release(r->store, e);
		break;
	case STORE_CORRUPT:
	case STORE_UNREADABLE:
		index_ready(&r->index, i); /* who takes it moves it */
		break;
	case STORE_GONE: /* another runner was done with it */
		why.text[0] = '\0';
		look_away(r, i, &why);
		break;
	case STORE_NEWER:
		look_away(r, i, &why);
		break;
	case STORE_BUSY:
	case STORE_REFUSED:
		if (r->config->once || r->config->woken_only)
			look_away(r, i, &why);
		else
			index_wait(&r->index, i, r->now + SECONDS(300), 0);
		break;
	}
}

/* ---- all of them ---- */

bool
runner_is_scanning(const struct runner *r)
{
	return r->scanned < r->scan.n;
}

void
runner_scan_begin(struct runner *r)
{
	struct outcome why;

	buf_free(&r->scan);
	r->scanned = 0;
	r->rescan = r->now + RUNNER_RESCAN;
	if (store_list(r->store, STORE_QUEUE, &r->scan, &why))
		return;
	runner_log(r, MAILLOG_ERROR, 0, "NOQUEUE", "%s", why.text);
	r->status = r->status ? r->status : EX_TEMPFAIL;
	buf_clear(&r->scan);
}

void
runner_scan_step(struct runner *r)
{
	struct item *i;
	const char *id;

	for (int n = 0; n < PER_STEP && runner_is_scanning(r); n++) {
		id = buf_slice(&r->scan).p + r->scanned;
		r->scanned += strlen(id) + 1;
		i = index_get(&r->index, id);
		if (i->state != ITEM_NEW)
			continue;
		i->forced = r->is_flushing;
		runner_look(r, i);
	}
	if (!runner_is_scanning(r) && r->scan.n > 0) {
		buf_free(&r->scan);
		r->scanned = 0;
		r->is_flushing = false;
	}
}
