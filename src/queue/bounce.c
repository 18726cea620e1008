/* SPDX-License-Identifier: ISC */
/* bounce.c - which reports are owed: see bounce.h */
#include "queue/bounce_impl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mail/received.h"

/* Does his sender want a report of that kind?  RFC 3461 4.1. */
static bool
wants(const struct recipient *r, enum bounce_kind kind)
{
	switch (kind) {
	case BOUNCE_FAILURE:
		return r->notify == 0 || r->notify & NOTIFY_FAILURE;
	case BOUNCE_DELAY:
		return r->notify == 0 || r->notify & NOTIFY_DELAY;
	case BOUNCE_SUCCESS:
		return r->notify & NOTIFY_SUCCESS;
	}
	return false;
}

static bool
is_late(const struct slot *s, const struct bounce_call *call)
{
	return s->state == SLOT_PENDING && !s->delay_told &&
	    s->attempts > 0 && call->warn_after > 0 &&
	    s->age >= call->warn_after;
}

/* Is that so of recipient i, whoever wants to know? */
static bool
is_due(const struct entry *e, size_t i, enum bounce_kind kind,
    const struct bounce_call *call)
{
	const struct slot *s = &e->slots[i];

	switch (kind) {
	case BOUNCE_FAILURE:
		return s->state == SLOT_FAILED;
	case BOUNCE_DELAY:
		return is_late(s, call) && !e->slot.held;
	case BOUNCE_SUCCESS:
		return s->state == SLOT_DELIVERED && !s->success_told;
	}
	return false;
}

/* What his slot is when it is done. */
static struct slot
slot_after(struct slot s, enum bounce_kind kind)
{
	if (kind == BOUNCE_FAILURE)
		s.state = SLOT_BOUNCED;
	else if (kind == BOUNCE_DELAY)
		s.delay_told = true;
	else
		s.success_told = true;
	return s;
}

static void
make_marks(struct bounce *b, const struct entry *e,
    const struct bounce_call *call)
{
	b->marks = mem_alloc(size_mul(size_add(e->mail.envelope.n, 1),
	    sizeof *b->marks));
	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (is_due(e, i, b->kind, call))
			b->marks[b->n++] = (struct mark){ .rcpt = i,
				.slot = slot_after(e->slots[i], b->kind) };
	if (b->todo != BOUNCE_WRITE)
		return;
	b->marks[b->n] = (struct mark){ .rcpt = STORE_MAIL, .mail = e->slot };
	b->marks[b->n++].mail.bounces++;
}

/* Are there any, and does anybody want to know? */
static bool
count(const struct entry *e, enum bounce_kind kind,
    const struct bounce_call *call, size_t *wanted)
{
	size_t due = 0;

	*wanted = 0;
	for (size_t i = 0; i < e->mail.envelope.n; i++) {
		if (!is_due(e, i, kind, call))
			continue;
		due++;
		*wanted += wants(&e->mail.envelope.rcpts[i], kind);
	}
	return due > 0;
}

static bool
is_over(const struct entry *e)
{
	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (e->slots[i].state == SLOT_PENDING ||
		    e->slots[i].state == SLOT_HELD)
			return false;
	return true;
}

/* The postmaster's own report that failed goes nowhere. */
static bool
is_for(const struct entry *e, struct slice postmaster)
{
	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (e->slots[i].state == SLOT_FAILED &&
		    slice_eq_nocase(slice_of(
		    e->mail.envelope.rcpts[i].to.path), postmaster))
			return true;
	return false;
}

/* Of a message from <>, some of whose recipients failed (RFC 5321 4.5.5). */
static enum bounce_todo
orphan_todo(struct bounce *b, const struct entry *e,
    const struct bounce_call *call)
{
	if (call->postmaster.n > 0 && !is_for(e, call->postmaster)) {
		b->to = call->postmaster;
		return BOUNCE_WRITE;
	}
	b->reason = call->postmaster.n > 0 ?
	    "not delivered to the postmaster, and nobody else can be told" :
	    "not delivered, and it has no sender who could be told; no "
	    "postmaster = is set";
	return is_over(e) ? BOUNCE_ASIDE : BOUNCE_NOTHING;
}

static enum bounce_todo
todo(struct bounce *b, const struct entry *e, const struct bounce_call *call)
{
	size_t wanted;

	if (!count(e, b->kind, call, &wanted))
		return BOUNCE_NOTHING;
	if (wanted == 0)
		return b->kind == BOUNCE_FAILURE ? BOUNCE_MARK :
						   BOUNCE_NOTHING;
	b->to = slice_of(e->mail.envelope.from.path);
	if (b->to.n > 0)
		return BOUNCE_WRITE;
	return b->kind == BOUNCE_FAILURE ? orphan_todo(b, e, call) :
					   BOUNCE_NOTHING;
}

bool
bounce_plan(struct bounce *b, const struct entry *e,
    const struct bounce_call *call)
{
	static const enum bounce_kind kinds[] = { BOUNCE_FAILURE,
		BOUNCE_DELAY, BOUNCE_SUCCESS };

	bounce_free(b);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		*b = (struct bounce){ .kind = kinds[i] };
		b->todo = todo(b, e, call);
		if (b->todo == BOUNCE_NOTHING)
			continue;
		if (b->todo != BOUNCE_ASIDE)
			make_marks(b, e, call);
		return true;
	}
	return false;
}

void
bounce_free(struct bounce *b)
{
	free(b->marks);
	*b = (struct bounce){ 0 };
}

bool
bounce_is_about(const struct bounce *b, const struct entry *e, size_t mark)
{
	size_t i = b->marks[mark].rcpt;

	return i != STORE_MAIL && wants(&e->mail.envelope.rcpts[i], b->kind);
}

bool
bounce_is_expired(const struct slot *s)
{
	return s->state == SLOT_FAILED && s->esc.cls == 4 &&
	    s->esc.subject == 4 && s->esc.detail == 7;
}

bool
bounce_tells_failure(const struct recipient *r)
{
	return wants(r, BOUNCE_FAILURE);
}

bool
bounce_success_told(const struct recipient *r)
{
	return !wants(r, BOUNCE_SUCCESS) || r->tells;
}

bool
bounce_is_loop(const struct entry *e, size_t rcpt, struct slice head,
    unsigned max, struct outcome *why)
{
	const char *path = e->mail.envelope.rcpts[rcpt].to.path;

	if (max == 0)
		max = RECEIVED_MAX;
	if (e->mail.hops > max) {
		*why = outcome_make(FAILED, STAGE_MESSAGE, ESC(5, 4, 6),
		    "it came by %u hosts already, and no more than %u are "
		    "taken: a loop", e->mail.hops, max);
		return true;
	}
	if (!received_is_back(head, slice_of(path)))
		return false;
	*why = outcome_make(FAILED, STAGE_MESSAGE, ESC(5, 4, 6),
	    "it was delivered to %s twice already: a loop", path);
	return true;
}
