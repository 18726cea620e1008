/* SPDX-License-Identifier: ISC */
/* event.c - see event.h */
#include "base/event.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const names[NEVENTS] = {
	[EVENT_LOOKUP] = "lookup",
	[EVENT_ANSWER] = "answer",
	[EVENT_PLAN] = "plan",
	[EVENT_CONNECT] = "connect",
	[EVENT_CONNECTED] = "connected",
	[EVENT_FAILED] = "failed",
	[EVENT_TLS] = "tls",
	[EVENT_SENT] = "sent",
	[EVENT_RECEIVED] = "received",
	[EVENT_SIGNED] = "signed",
	[EVENT_BODY] = "body",
	[EVENT_BODY_LINE] = "body-line",
	[EVENT_MESSAGE] = "message",
	[EVENT_NOTE] = "note",
	[EVENT_RESULT] = "result",
};

const char *
event_name(enum event_kind kind)
{
	return names[kind];
}

void
events_free(struct events *q)
{
	buf_free(&q->arena);
	free(q->queue);
	*q = (struct events){ 0 };
}

struct event
event_make(enum event_kind kind, unsigned lane)
{
	return (struct event){ .kind = kind, .lane = lane };
}

static struct event_field *
add_field(struct event *e, const char *key)
{
	assert(e->n < EVENT_FIELDS);
	e->field[e->n].key = key;
	return &e->field[e->n++];
}

void
event_text(struct event *e, const char *key, struct slice text)
{
	add_field(e, key)->text = text.p ? text : SLICE("");
}

void
event_number(struct event *e, const char *key, int64_t number)
{
	add_field(e, key)->number = number;
}

void
event_endpoint(struct event *e, const struct endpoint *at, struct buf *scratch)
{
	buf_clear(scratch);
	ip_put(scratch, &at->ip);
	event_text(e, "address", buf_slice(scratch));
	event_number(e, "port", at->port);
}

static struct event *
new_slot(struct events *q)
{
	if (q->head + q->n == q->cap) {
		q->cap = q->cap ? size_mul(q->cap, 2) : 32;
		q->queue = mem_resize(q->queue, q->cap, sizeof *q->queue);
	}
	return &q->queue[q->head + q->n++];
}

/*
 * The arena may move while it grows, so a queued field keeps the length of its
 * text only; the bytes stand in the arena in the order of the fields.
 */
static void
enqueue(struct events *q, const struct event *e)
{
	struct event *to = new_slot(q);

	*to = *e;
	to->at = q->now;
	to->mail = q->mail;
	for (size_t i = 0; i < e->n; i++)
		buf_put(&q->arena, e->field[i].text);
}

void
events_put(struct events *q, const struct event *e)
{
	if (events_wanted(q))
		enqueue(q, e);
}

static void
put_remark(struct events *q, unsigned lane, bool warning, const char *text)
{
	struct event e = event_make(EVENT_NOTE, lane);

	event_text(&e, "text", slice_of(text));
	if (warning)
		event_number(&e, "warning", 1);
	enqueue(q, &e);
}

void
events_note(struct events *q, unsigned lane, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!events_wanted(q))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put_remark(q, lane, false, text);
}

void
events_warn(struct events *q, unsigned lane, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!q)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put_remark(q, lane, true, text);
}

bool
events_take(struct events *q, struct event *out)
{
	struct slice bytes = buf_slice(&q->arena);

	if (q->n == 0) {
		q->head = 0;
		buf_clear(&q->arena);
		return false;
	}
	*out = q->queue[q->head++];
	q->n--;
	for (size_t i = 0; i < out->n; i++) {
		if (!out->field[i].text.p)
			continue;
		out->field[i].text.p = bytes.p;
		bytes = slice_from(bytes, out->field[i].text.n);
	}
	buf_consume(&q->arena, q->arena.n - bytes.n);
	return true;
}

static const struct event_field *
find(const struct event *e, const char *key)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->field[i].key, key) == 0)
			return &e->field[i];
	return NULL;
}

struct slice
event_get(const struct event *e, const char *key)
{
	const struct event_field *f = find(e, key);

	return f ? f->text : (struct slice){ 0 };
}

int64_t
event_get_number(const struct event *e, const char *key)
{
	const struct event_field *f = find(e, key);

	return f && !f->text.p ? f->number : -1;
}
