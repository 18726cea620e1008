/* SPDX-License-Identifier: ISC */
/*
 * run_record.c - what is made durable of a message at work.
 *
 * Nothing is sent before the store has answered that the attempt is durable, so
 * that a message that crashes us backs off; the first attempt of a message that
 * was just enqueued is, by its enqueue.  No lane goes on before the verdicts
 * that it brought are durable (FAULTS rows 53, 59, 63).
 */
#include "queue/runner_impl.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "net/random.h"
#include "queue/told.h"
#include "queue/verdict.h"

enum note_kind {
	NOTE_ATTEMPT,
	NOTE_VERDICTS,
	NOTE_REPORT,
	NOTE_PLACE,
	NOTE_FORWARD,
	NOTE_ASIDE,
};

/* What was asked of the store. */
struct note {
	struct run *run;
	enum note_kind kind;
	struct deliver_batch batch;	/* parcel NULL: verdicts of our own */
	struct mark *marks;
	size_t n;
	bool again;              /* the first time it failed */
	struct local_ask *place; /* of NOTE_PLACE */
};

static struct note *
note_new(struct run *run, enum note_kind kind, size_t nmarks)
{
	struct note *note = mem_alloc(sizeof *note);

	note->run = run;
	note->kind = kind;
	note->marks = mem_alloc(size_mul(nmarks, sizeof *note->marks));
	return note;
}

static void
note_free(struct note *note)
{
	free(note->marks);
	free(note);
}

static void
ask(struct note *note)
{
	struct run *run = note->run;

	run->owed++;
	store_mark(run->runner->store, run->entry, note->marks, note->n, note);
}

/* ---- the attempt ---- */

/* The first attempt, which its enqueue recorded, and which it woke us for. */
static bool
is_booked(const struct run *run)
{
	const struct entry *e = run->entry;

	if (!run->item->woken || e->slot.runs != 1)
		return false;
	for (size_t n = 0; n < e->mail.envelope.n; n++)
		if (e->slots[n].attempts > 0)
			return false;
	return true;
}

void
run_record_attempt(struct run *run)
{
	struct runner *r = run->runner;
	const struct mail_slot *old = &run->entry->slot;
	struct note *note;

	if (is_booked(run)) {
		run_try(run);
		return;
	}
	note = note_new(run, NOTE_ATTEMPT, 1);
	note->n = 1;
	note->marks[0].rcpt = STORE_MAIL;
	note->marks[0].mail = *old;
	note->marks[0].mail.runs++;
	note->marks[0].mail.next_try = r->wall + schedule_attempt(
	    &r->config->schedule, old->runs + 1);
	ask(note);
}

/* ---- verdicts ---- */

static int64_t
site_wait(const struct runner *r, const struct recipient *rcpt)
{
	int64_t next;

	if (!rcpt->host_fault || rcpt->site == 0)
		return -1;
	next = deliver_site_next(r->deliver, rcpt->site);
	return next > r->now ? (next - r->now + 999999) / 1000000 : -1;
}

/* Ended by ourselves, for no fault of anybody? */
static bool
was_stopped(const struct run *run, const struct recipient *rcpt)
{
	const struct result *why = rcpt->result;

	return (run->cancelled || run->is_paused ||
	    run->runner->is_stopping) && why &&
	    rcpt->verdict == DEFERRED && why->code == 0 &&
	    why->stage == STAGE_SYSTEM && why->esc.subject == 3 &&
	    why->esc.detail == 2;
}

/* A disk that could not be read may be better the next time. */
static void
note_damage(struct run *run, const struct slot *before,
    const struct result *why)
{
	run->is_damaged = true;
	if (before->attempts > 0 && before->code == 0 &&
	    before->esc.subject == why->esc.subject &&
	    before->esc.detail == why->esc.detail)
		run->was_damaged = true;
}

static struct mark
mark_for(struct run *run, struct recipient *rcpt)
{
	struct runner *r = run->runner;
	size_t k = (size_t)(rcpt - run->entry->mail.envelope.rcpts);
	struct verdict_call call = { .schedule = &r->config->schedule,
		.mail = &run->entry->mail, .wall = r->wall,
		.site_wait = site_wait(r, rcpt),
		.stopped = was_stopped(run, rcpt) };
	uint64_t random;

	random_draw(&random, sizeof random);
	call.random = (uint32_t)random;
	if (rcpt->result && rcpt->result->stage == STAGE_READ)
		note_damage(run, &run->entry->slots[k], rcpt->result);
	return (struct mark){ .rcpt = k,
		.slot = verdict_slot(rcpt, &run->entry->slots[k], &call) };
}

/* When somebody is due first, once these marks are made; false: nobody is. */
static bool
next_after(const struct note *note, int64_t *next)
{
	const struct entry *e = note->run->entry;
	size_t n = e->mail.envelope.n;
	struct entry after = *e;
	bool found;

	after.slots = mem_alloc(size_mul(n, sizeof *after.slots));
	memcpy(after.slots, e->slots, n * sizeof *after.slots);
	for (size_t k = 0; k < note->n; k++)
		after.slots[note->marks[k].rcpt] = note->marks[k].slot;
	after.slot.next_try = 0;
	found = schedule_next(&after, next);
	free(after.slots);
	return found;
}

/*
 * The message is not to wait for longer than its first recipient: its attempt
 * was recorded with a time that was only guessed.
 */
static void
mark_mail(struct note *note)
{
	const struct mail_slot *slot = &note->run->entry->slot;
	int64_t next;

	if (!next_after(note, &next) || next >= slot->next_try)
		return;
	note->marks[note->n] = (struct mark){ .rcpt = STORE_MAIL,
		.mail = *slot };
	note->marks[note->n++].mail.next_try = next;
}

void
run_record(struct run *run, const struct deliver_batch *batch)
{
	struct note *note = note_new(run, NOTE_VERDICTS, batch->n + 1);
	struct recipient *rcpt = batch->rcpts.first;

	note->batch = *batch;
	for (size_t k = 0; k < batch->n; k++, rcpt = rcpt->next)
		note->marks[note->n++] = mark_for(run, rcpt);
	run->open -= batch->n;
	if (run->open == 0)
		mark_mail(note);
	ask(note);
}

static bool
marks_delivery(const struct note *note)
{
	for (size_t k = 0; k < note->n; k++)
		if (note->marks[k].rcpt != STORE_MAIL &&
		    note->marks[k].slot.state == SLOT_DELIVERED)
			return true;
	return false;
}

/* The last words of one of them, for who asks why. */
static void
tell(const struct run *run, const struct recipient *rcpt)
{
	size_t k = (size_t)(rcpt - run->entry->mail.envelope.rcpts);
	struct outcome o = recipient_outcome(rcpt);
	struct buf line = { 0 };

	if (rcpt->verdict == DELIVERED && run->entry->mail.envelope.n == 1)
		return; /* it ends here */
	told_put_outcome(&line, slice_of(rcpt->to.path), &o,
	    run->runner->wall, run->entry->slots[k].next_try);
	store_tell(run->runner->store, run->entry->mail.id, buf_slice(&line));
	buf_free(&line);
}

static void
publish(const struct note *note)
{
	const struct recipient *rcpt = note->batch.rcpts.first;
	struct run *run = note->run;

	for (size_t k = 0; k < note->batch.n; k++, rcpt = rcpt->next) {
		runner_log_verdict(run, rcpt);
		tell(run, rcpt);
		news_put(run->runner, run->item, NEWS_VERDICT, rcpt,
		    run->entry->slots[note->marks[k].rcpt].next_try);
	}
}

static void
end_if_over(struct run *run)
{
	if (!run->sending && run->owed == 0 && run->local.n == 0)
		run_end(run);
}

static void
answer_verdicts(struct note *note, const struct store_answer *a)
{
	struct run *run = note->run;
	struct runner *r = run->runner;

	if (!a->ok && !note->again && marks_delivery(note)) {
		note->again = true; /* into the other slot */
		ask(note);
		return;
	}
	if (!a->ok) {
		r->status = EX_IOERR;
		runner_log(r, MAILLOG_ERROR, run->entry->mail.uid,
		    run->item->id, "a verdict could not be recorded: %s",
		    a->why.text);
		if (marks_delivery(note)) {
			run->is_unsafe = true;
			runner_pause(r);
		}
	}
	publish(note);
	if (note->batch.parcel)
		deliver_recorded(r->deliver, &note->batch);
	note_free(note);
	end_if_over(run);
}

/* ---- what goes elsewhere ---- */

void
run_record_forward(struct run *run, struct draft *d, size_t k)
{
	struct note *note = note_new(run, NOTE_FORWARD, 1);
	struct recipient *rcpt = &run->entry->mail.envelope.rcpts[k];

	note->batch = (struct deliver_batch){ .n = 1 };
	recipient_append(&note->batch.rcpts, rcpt);
	note->marks[note->n++] = mark_for(run, rcpt);
	run->owed++;
	store_bounce(run->runner->store, run->entry, d, note->marks, note->n,
	    note);
}

/* He was the last: the others' times are known. */
static void
record_next_try(struct run *run)
{
	struct note *note = note_new(run, NOTE_VERDICTS, 1);

	mark_mail(note);
	if (note->n > 0)
		ask(note);
	else
		note_free(note);
}

static void
answer_forward(struct note *note, const struct store_answer *a)
{
	struct run *run = note->run;

	if (a->ok)
		publish(note);
	note_free(note);
	run->open--;
	run_forwarded(run, a);
	if (run->open == 0 && a->ok)
		record_next_try(run);
	end_if_over(run);
}

void
run_record_place(struct run *run, struct local_ask *place, size_t rcpt,
    const struct local_answer *at)
{
	struct note *note = note_new(run, NOTE_PLACE, 1);

	note->place = place;
	note->n = 1;
	note->marks[0] = (struct mark){ .rcpt = rcpt,
		.slot = run->entry->slots[rcpt] };
	note->marks[0].slot.inode = at->inode;
	note->marks[0].slot.offset = at->at;
	ask(note);
}

static void
answer_attempt(struct note *note, const struct store_answer *a)
{
	struct run *run = note->run;
	struct runner *r = run->runner;

	note_free(note);
	if (a->ok) {
		run_try(run);
		return;
	}
	r->status = EX_IOERR;
	runner_log(r, MAILLOG_ERROR, run->entry->mail.uid, run->item->id,
	    "not tried, since that could not be recorded: %s", a->why.text);
	run->is_paused = true;
	run_end(run);
}

void
run_ask_report(struct run *run)
{
	struct note *note = note_new(run, NOTE_REPORT, 0);
	struct store *s = run->runner->store;
	struct bounce *b = &run->bounce;

	run->owed++;
	if (b->draft)
		store_bounce(s, run->entry, b->draft, b->marks, b->n, note);
	else
		store_mark(s, run->entry, b->marks, b->n, note);
	b->draft = NULL;
}

void
run_ask_aside(struct run *run)
{
	run->owed++;
	store_put_aside(run->runner->store, run->entry, run->aside,
	    buf_str(&run->aside_why), note_new(run, NOTE_ASIDE, 0));
}

void
run_ignore_answer(const struct store_answer *a)
{
	note_free(a->owner);
}

void
run_answer(const struct store_answer *a)
{
	struct note *note = a->owner;

	note->run->owed--;
	switch (note->kind) {
	case NOTE_ATTEMPT:
		answer_attempt(note, a);
		break;
	case NOTE_VERDICTS:
		answer_verdicts(note, a);
		break;
	case NOTE_REPORT:
		run_reported(note->run, a);
		note_free(note);
		break;
	case NOTE_FORWARD:
		answer_forward(note, a);
		break;
	case NOTE_ASIDE:
		run_aside(note->run, a);
		note_free(note);
		break;
	case NOTE_PLACE:
		run_local_noted(note->place, a->ok);
		note_free(note);
		break;
	}
}
