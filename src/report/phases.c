/* SPDX-License-Identifier: ISC */
/* phases.c - see phases.h */
#include "report/phases.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

const char *
phase_name(enum phase_kind kind)
{
	static const char *const names[NPHASES] = {
		[PHASE_DNS] = "DNS",
		[PHASE_CONNECT] = "connect",
		[PHASE_GREETING] = "greeting",
		[PHASE_EHLO] = "EHLO",
		[PHASE_STARTTLS] = "STARTTLS",
		[PHASE_TLS] = "TLS",
		[PHASE_AUTH] = "AUTH",
		[PHASE_ENVELOPE] = "envelope",
		[PHASE_MESSAGE] = "message",
		[PHASE_QUIT] = "QUIT",
	};

	return names[kind];
}

/* What is going on there; NULL = nothing. */
static struct phase *
current(const struct phases *p, unsigned lane)
{
	for (size_t i = p->n; i-- > 0;)
		if (p->phase[i].lane == lane && p->phase[i].open)
			return &p->phase[i];
	return NULL;
}

static void
end(struct phases *p, const struct event *e)
{
	struct phase *ph;

	while ((ph = current(p, e->lane))) {
		ph->open = false;
		ph->to = e->at;
	}
}

/* Attempts to connect run side by side; all else ends what was before. */
static struct phase *
begin(struct phases *p, const struct event *e, enum phase_kind kind)
{
	struct phase *ph;

	if (kind != PHASE_CONNECT)
		end(p, e);
	if (p->n == PHASES_MAX)
		return NULL;
	if (p->n == p->cap) {
		p->cap = p->cap ? size_mul(p->cap, 2) : 16;
		p->phase = mem_resize(p->phase, p->cap, sizeof *p->phase);
	}
	ph = &p->phase[p->n++];
	*ph = (struct phase){ .kind = kind, .lane = e->lane, .from = e->at,
		.to = e->at, .open = true };
	return ph;
}

static void
say(struct phase *ph, struct slice text)
{
	if (ph)
		snprintf(ph->detail, sizeof ph->detail, "%.*s", (int)text.n,
		    text.p ? text.p : "");
}

/* ---- events ---- */

/* All questions that are out at one time are one stretch. */
static void
asked(struct phases *p, const struct event *e)
{
	if (p->asked++ == 0)
		say(begin(p, e, PHASE_DNS), event_get(e, "name"));
}

static void
answered(struct phases *p, const struct event *e)
{
	if (p->asked > 0 && --p->asked == 0)
		end(p, e);
}

/* "mx1.example.org [192.0.2.1]:25" */
static void
put_target(struct buf *b, const struct event *e)
{
	if (!slice_eq(event_get(e, "host"), event_get(e, "address"))) {
		buf_put(b, event_get(e, "host"));
		buf_putc(b, ' ');
	}
	buf_putc(b, '[');
	buf_put(b, event_get(e, "address"));
	buf_putf(b, "]:%lld", (long long)event_get_number(e, "port"));
}

static void
connecting(struct phases *p, const struct event *e)
{
	struct buf text = { 0 };

	put_target(&text, e);
	say(begin(p, e, PHASE_CONNECT), buf_slice(&text));
	buf_free(&text);
}

static void
connected(struct phases *p, const struct event *e)
{
	begin(p, e, PHASE_GREETING);
}

/* The attempt at this address has failed, or what came of it later. */
static void
failed(struct phases *p, const struct event *e)
{
	struct phase *ph = NULL;
	struct buf text = { 0 };

	put_target(&text, e);
	for (size_t i = p->n; i-- > 0 && !ph;)
		if (p->phase[i].open && p->phase[i].lane == e->lane &&
		    slice_eq(slice_of(p->phase[i].detail), buf_slice(&text)))
			ph = &p->phase[i];
	buf_free(&text);
	if (!ph)
		ph = current(p, e->lane);
	if (!ph)
		return;
	ph->failed = true;
	ph->open = false;
	ph->to = e->at;
}

/* By SMTPS what seemed to be a greeting was the handshake. */
static void
secured(struct phases *p, const struct event *e)
{
	struct phase *ph = current(p, e->lane);
	struct buf text = { 0 };

	if (!ph)
		return;
	ph->kind = PHASE_TLS;
	buf_put(&text, event_get(e, "version"));
	if (event_get(e, "verdict").n > 0) {
		buf_puts(&text, " (");
		buf_put(&text, event_get(e, "verdict"));
		buf_putc(&text, ')');
	}
	say(ph, buf_slice(&text));
	buf_free(&text);
	if (e->secure)
		begin(p, e, PHASE_GREETING);
	else
		failed(p, e);
}

static void
sent(struct phases *p, const struct event *e)
{
	static const struct {
		const char *verb;
		enum phase_kind kind;
	} rows[] = {
		{ "EHLO", PHASE_EHLO },
		{ "HELO", PHASE_EHLO },
		{ "LHLO", PHASE_EHLO },
		{ "STARTTLS", PHASE_STARTTLS },
		{ "AUTH", PHASE_AUTH },
		{ "MAIL", PHASE_ENVELOPE },
		{ "QUIT", PHASE_QUIT },
	};
	struct phase *ph = current(p, e->lane);
	struct slice line = event_get(e, "line");

	if (ph && ph->kind == PHASE_GREETING && ph->from == e->at)
		p->n--; /* STARTTLS has none */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (slice_starts_nocase(line, slice_of(rows[i].verb))) {
			begin(p, e, rows[i].kind);
			return;
		}
}

/* Whose end is the reply to it; STARTTLS leads to the handshake. */
static void
received(struct phases *p, const struct event *e)
{
	struct phase *ph = current(p, e->lane);
	struct slice line = event_get(e, "line");

	if (!ph || (line.n > 3 && line.p[3] == '-'))
		return;
	if (ph->kind == PHASE_STARTTLS && slice_starts(line, SLICE("2")))
		begin(p, e, PHASE_TLS);
	else if (ph->kind == PHASE_ENVELOPE && slice_starts(line, SLICE("354")))
		begin(p, e, PHASE_MESSAGE);
	else if (ph->kind == PHASE_MESSAGE || ph->kind == PHASE_ENVELOPE)
		ph->to = e->at; /* there may be more of them */
	else if (ph->kind != PHASE_AUTH || !slice_starts(line, SLICE("334")))
		end(p, e);
}

static void
body(struct phases *p, const struct event *e)
{
	struct phase *ph = current(p, e->lane);

	if (ph && ph->kind == PHASE_ENVELOPE)
		begin(p, e, PHASE_MESSAGE);
}

void
phases_event(struct phases *p, const struct event *e)
{
	static void (*const on[NEVENTS])(struct phases *p,
	    const struct event *e) = {
		[EVENT_LOOKUP] = asked,
		[EVENT_ANSWER] = answered,
		[EVENT_CONNECT] = connecting,
		[EVENT_CONNECTED] = connected,
		[EVENT_FAILED] = failed,
		[EVENT_TLS] = secured,
		[EVENT_SENT] = sent,
		[EVENT_RECEIVED] = received,
		[EVENT_BODY] = body,
	};

	if (on[e->kind])
		on[e->kind](p, e);
}

void
phases_end(struct phases *p, int64_t now)
{
	for (size_t i = 0; i < p->n; i++) {
		struct phase *ph = &p->phase[i];

		if (ph->open && ph->kind != PHASE_ENVELOPE &&
		    ph->kind != PHASE_MESSAGE)
			ph->to = now;
		ph->open = false;
	}
}

/* ---- what they say ---- */

unsigned
phases_lane_to(const struct phases *p, struct slice address)
{
	struct buf want = { 0 };
	unsigned lane = 0;

	buf_putc(&want, '[');
	buf_put(&want, address);
	buf_puts(&want, "]:");
	for (size_t i = p->n; i-- > 0 && lane == 0;) {
		struct slice detail = slice_of(p->phase[i].detail);

		if (p->phase[i].kind == PHASE_CONNECT &&
		    slice_starts(slice_from(detail, slice_find(detail, '[')),
		        buf_slice(&want)))
			lane = p->phase[i].lane;
	}
	buf_free(&want);
	return lane;
}

int64_t
phases_sum(const struct phases *p, unsigned lane, enum phase_kind kind)
{
	int64_t sum = -1;

	for (size_t i = 0; i < p->n; i++)
		if (p->phase[i].lane == lane && p->phase[i].kind == kind)
			sum = (sum < 0 ? 0 : sum) + p->phase[i].to -
			    p->phase[i].from;
	return sum;
}

void
phases_free(struct phases *p)
{
	free(p->phase);
	*p = (struct phases){ 0 };
}
