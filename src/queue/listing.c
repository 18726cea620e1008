/* SPDX-License-Identifier: ISC */
/* listing.c - see listing.h */
#include "queue/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/deliver.h"

static const char *const states[] = {
	[LISTING_INCOMING] = "incoming",
	[LISTING_ACTIVE] = "active",
	[LISTING_DEFERRED] = "deferred",
	[LISTING_HELD] = "hold",
};

_Static_assert(LISTING_CLASSES == NCLASSES, "a class without a name");
static const char *const classes[NCLASSES] = {
	[CLASS_NORMAL] = "normal",
	[CLASS_URGENT] = "urgent",
	[CLASS_BULK] = "bulk",
};

void
listing_free(struct listing_row *row)
{
	free(row->rcpts);
	buf_free(&row->text);
	*row = (struct listing_row){ 0 };
}

const char *
listing_state_name(enum listing_state s)
{
	return states[s];
}

const char *
listing_class_name(unsigned class)
{
	return class < NCLASSES ? classes[class] : "normal";
}

struct listing_rcpt *
listing_add(struct listing_row *row)
{
	if (row->n == row->cap) {
		row->cap = row->cap ? row->cap * 2 : 4;
		row->rcpts = mem_resize(row->rcpts, row->cap,
		    sizeof *row->rcpts);
	}
	row->rcpts[row->n] = (struct listing_rcpt){ 0 };
	return &row->rcpts[row->n++];
}

/* The row that waits for this recipient. */
static struct listing_rcpt *
find(struct listing_row *row, struct slice path)
{
	for (size_t i = 0; i < row->n; i++)
		if (slice_eq(row->rcpts[i].address, path))
			return &row->rcpts[i];
	return NULL;
}

/* Text moves while it grows: where a reason is, is settled at the end. */
static void
note_reason(struct listing_row *row, struct listing_rcpt *r,
    const struct told *t)
{
	size_t at = row->text.n;

	told_put_reason(&row->text, t);
	if (row->text.n == at)
		return;
	r->at = at;
	r->reason.n = row->text.n - at;
}

/* A failure of them all; what somebody did to the message is no reason. */
static bool
is_of_all(const struct told *t)
{
	return t->rcpt.n == 0 && (slice_eq(t->verdict, SLICE("deferred")) ||
	    slice_eq(t->verdict, SLICE("failed")));
}

static void
note_history(struct listing_row *row, struct buf *told)
{
	char *p = told->base ? told->base + told->off : NULL;
	size_t n = told->n;
	struct told t;

	while (p && told_next(&p, &n, &t)) {
		struct listing_rcpt *r = find(row, t.rcpt);

		if (r && r->attempts > 0)
			note_reason(row, r, &t);
		for (size_t i = 0; is_of_all(&t) && i < row->n; i++)
			if (row->rcpts[i].attempts > 0)
				note_reason(row, &row->rcpts[i], &t);
	}
}

static void
settle_reasons(struct listing_row *row)
{
	struct slice text = buf_slice(&row->text);

	for (size_t i = 0; i < row->n; i++)
		if (row->rcpts[i].reason.n > 0)
			row->rcpts[i].reason.p = text.p + row->rcpts[i].at;
}

static bool
waits(const struct slot *s)
{
	return s->state != SLOT_DELIVERED && s->state != SLOT_BOUNCED;
}

static void
add_waiting(struct listing_row *row, const struct entry *e)
{
	for (size_t i = 0; i < e->mail.envelope.n; i++) {
		const struct slot *s = &e->slots[i];
		struct listing_rcpt *r;

		if (!waits(s))
			continue;
		r = listing_add(row);
		r->address = slice_of(e->mail.envelope.rcpts[i].to.path);
		r->state = s->state;
		r->attempts = s->attempts;
		r->next = s->next_try;
	}
}

/* Last words may be lost; the code of the last try is not. */
static void
add_codes(struct listing_row *row, const struct entry *e)
{
	struct listing_rcpt *r = row->rcpts;
	struct told t = { 0 };

	for (size_t i = 0; i < e->mail.envelope.n; i++) {
		const struct slot *s = &e->slots[i];
		struct buf esc = { 0 };

		if (!waits(s))
			continue;
		esc_put(&esc, s->esc);
		t.code = s->code;
		t.esc = buf_slice(&esc);
		if (r->reason.n == 0 && t.code > 0 && s->attempts > 0)
			note_reason(row, r, &t);
		buf_free(&esc);
		r++;
	}
}

static bool
is_held(const struct entry *e)
{
	size_t held = 0, waiting = 0;

	for (size_t i = 0; i < e->mail.envelope.n; i++) {
		held += e->slots[i].state == SLOT_HELD;
		waiting += waits(&e->slots[i]);
	}
	return e->slot.held || e->place != STORE_QUEUE ||
	    (held > 0 && held == waiting);
}

static enum listing_state
state_of(const struct entry *e, bool active)
{
	if (active)
		return LISTING_ACTIVE;
	if (is_held(e))
		return LISTING_HELD;
	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (e->slots[i].attempts > 0)
			return LISTING_DEFERRED;
	return LISTING_INCOMING;
}

void
listing_fill(struct listing_row *row, const struct entry *e,
    struct buf *told, bool active)
{
	row->n = 0;
	buf_clear(&row->text);
	memcpy(row->id, e->mail.id, sizeof row->id);
	row->state = state_of(e, active);
	row->arrival = e->mail.created;
	row->next = row->state == LISTING_HELD ? 0 :
	    e->slot.next_try > e->mail.not_before ? e->slot.next_try :
	    e->mail.not_before;
	row->size = e->mail.size;
	row->uid = e->mail.uid;
	row->class = e->mail.class;
	row->sender = slice_of(e->mail.envelope.from.path);
	row->tag = slice_of(e->mail.tag);
	add_waiting(row, e);
	note_history(row, told);
	add_codes(row, e);
	settle_reasons(row);
}
