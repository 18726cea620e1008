/* SPDX-License-Identifier: ISC */
/* queue_why.c - see queue_why.h */
#include "cli/queue_why.h"

#include "base/ascii.h"
#include "mail/date.h"
#include "net/clock.h"
#include "queue/health.h"
#include "queue/told.h"
#include "queue/wire.h"

/* "2026-11-26 07:11:45", in local time. */
static void
put_time(struct buf *out, int64_t seconds)
{
	struct civil c = civil_from_seconds(seconds +
	    clock_offset(seconds) * 60);

	buf_putf(out, "%04lld-%02u-%02u %02u:%02u:%02u", (long long)c.year,
	    c.month, c.day, c.hour, c.minute, c.second);
}

/* "in 5 min", "is due" */
static void
put_next(struct buf *out, int64_t next, int64_t wall)
{
	if (next <= wall) {
		buf_puts(out, "he is tried in the next run");
		return;
	}
	buf_puts(out, "next try in ");
	span_put(out, next - wall);
	buf_puts(out, ", at ");
	put_time(out, next);
}

static void
put_rcpt(struct buf *out, const struct listing_row *row,
    const struct listing_rcpt *r, int64_t wall)
{
	buf_puts(out, "  to ");
	text_escape(out, r->address);
	if (r->attempts == 0)
		buf_puts(out, ": not tried yet");
	else
		buf_putf(out, ": tried %u time%s", r->attempts,
		    r->attempts == 1 ? "" : "s");
	if (r->state == SLOT_FAILED) {
		buf_puts(out, "; failed, and his sender is to be told");
	} else if (row->state == LISTING_ACTIVE) {
		buf_puts(out, "; on the way just now");
	} else if (row->state == LISTING_HELD || r->state == SLOT_HELD) {
		buf_puts(out, "; held");
	} else {
		buf_puts(out, "; ");
		put_next(out, r->next > row->next ? r->next : row->next, wall);
	}
	buf_putc(out, '\n');
	if (r->reason.n == 0)
		return;
	buf_puts(out, "     ");
	text_escape(out, r->reason);
	buf_putc(out, '\n');
}

static void
put_row(struct buf *out, const struct listing_row *row, int64_t wall)
{
	buf_putf(out, "%s from ", row->id);
	text_escape(out, row->sender);
	buf_putf(out, ", %llu octets, handed in by uid %u\n  here for ",
	    (unsigned long long)row->size, row->uid);
	span_put(out, wall - row->arrival);
	buf_puts(out, ", since ");
	put_time(out, row->arrival);
	buf_putf(out, "; class %s; ", listing_class_name(row->class));
	buf_puts(out, row->state == LISTING_HELD ? "held\n" :
	    row->state == LISTING_ACTIVE ? "being delivered\n" : "waiting\n");
	for (size_t i = 0; i < row->n; i++)
		put_rcpt(out, row, &row->rcpts[i], wall);
}

static void
put_told(struct buf *out, const struct told *t)
{
	struct buf reason = { 0 };

	buf_puts(out, "  ");
	put_time(out, t->at);
	buf_puts(out, "  ");
	text_escape(out, t->rcpt);
	buf_puts(out, t->rcpt.n > 0 ? ": " : "");
	text_escape(out, t->verdict);
	told_put_reason(&reason, t);
	if (reason.n > 0) {
		buf_puts(out, ": ");
		text_escape(out, buf_slice(&reason));
	}
	buf_putc(out, '\n');
	buf_free(&reason);
}

/* A plan has lines of its own, which --explain has made fit to be shown. */
static void
put_plan(struct buf *out, struct slice plan)
{
	struct slice line;

	while (plan.n > 0 && slice_cut(&plan, '\n', &line)) {
		buf_puts(out, "  ");
		text_escape(out, line);
		buf_putc(out, '\n');
	}
}

static void
put_heading(struct buf *out, struct queue_print *p, int what,
    const char *heading)
{
	if ((int)p->why != what)
		buf_puts(out, heading);
	p->why = what == WHY_HISTORY ? WHY_HISTORY : WHY_NOW;
}

static void
put_fact(struct buf *out, struct queue_print *p, char *line, size_t n)
{
	struct slice plan = { 0 }, note = { 0 }, blocked = { 0 };
	const struct wire_field fields[] = {
		WIRE_TEXT("plan", &plan), WIRE_TEXT("note", &note),
		WIRE_TEXT("blocked", &blocked), { 0 }
	};

	if (!wire_read(line, n, fields))
		return;
	put_heading(out, p, WHY_NOW, "if it were tried now\n");
	put_plan(out, plan);
	if (note.n > 0) {
		buf_puts(out, "  ");
		text_escape(out, note);
		buf_putc(out, '\n');
	}
	if (blocked.n > 0) {
		buf_puts(out, "  nothing is tried at all, as the configuration "
		    "cannot be used: ");
		text_escape(out, blocked);
		buf_putc(out, '\n');
	}
}

void
queue_why_put(struct buf *out, struct queue_print *p, char *line, size_t n)
{
	struct slice raw = { line, n };
	struct told t;

	if (slice_starts(raw, SLICE("{\"at\":"))) {
		put_heading(out, p, WHY_HISTORY, "what happened\n");
		if (told_next(&line, &n, &t))
			put_told(out, &t);
	} else if (slice_starts(raw, SLICE("{\"queue_name\":"))) {
		if (listing_read(&p->row, line, n)) {
			buf_puts(out, p->why != WHY_NOTHING ? "\n" : "");
			p->why = WHY_NOTHING;
			put_row(out, &p->row, p->wall);
		}
	} else {
		put_fact(out, p, line, n);
	}
}
