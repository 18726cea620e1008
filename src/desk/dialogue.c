/* SPDX-License-Identifier: ISC */
/* dialogue.c - see dialogue.h */
#include "desk/dialogue.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "desk/record.h"
#include "net/clock.h"
#include "report/explained.h"

#define PATIENCE SECONDS(300)
#define PARTING	 SECONDS(2)

static void
show(struct dialogue *d)
{
	d->show(d->self);
}

void
dialogue_note(struct dialogue *d, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	d->call.events->now = clock_now();
	events_note(d->call.events, 0, "%s", text);
	show(d);
}

static void
tell(struct dialogue *d, enum event_kind kind, struct slice line, bool typed)
{
	struct event e = event_make(kind, 1);

	d->call.events->now = clock_now();
	e.secure = d->link.secure;
	event_text(&e, "line", line);
	if (typed)
		event_number(&e, "typed", 1);
	events_put(d->call.events, &e);
}

static bool
tell_lost(struct dialogue *d, const struct outcome *why)
{
	struct event e = event_make(EVENT_FAILED, 1);

	d->call.events->now = clock_now();
	event_text(&e, "host", slice_of(d->link.host));
	event_text(&e, "why", slice_of(why->text));
	events_put(d->call.events, &e);
	d->dropped = d->dropped || d->owed > 0;
	dialogue_drop(d, false);
	show(d);
	return false;
}

static void
begin(struct dialogue *d)
{
	d->topic = TOPIC_OTHER;
	d->in_text = d->secret_next = false;
	d->owed = 0;
	d->lines_whole = true;
	buf_clear(&d->hello);
}

bool
dialogue_open(struct dialogue *d, struct outcome *why)
{
	bool ok;

	begin(d);
	d->patience = d->call.config->timeout > 0 ? d->call.config->timeout :
						    PATIENCE;
	ok = connection_open(&d->link, &d->call, why);
	d->owed = ok;
	show(d);
	return ok;
}

void
dialogue_drop(struct dialogue *d, bool reset)
{
	connection_close(&d->link, reset);
	begin(d);
}

int
dialogue_fail(const char *program, const struct outcome *why)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: ", program);
	text_escape(&line, slice_of(why->text));
	fprintf(stderr, "%s\n", buf_str(&line));
	buf_free(&line);
	return outcome_exit(why);
}

void
dialogue_free(struct dialogue *d)
{
	connection_free(&d->link);
	buf_free(&d->hello);
	buf_free(&d->lines);
	buf_free(&d->record);
}

const struct reply *
dialogue_reply(const struct dialogue *d)
{
	return &d->link.parser.reply;
}

/* ---- saying ---- */

static enum topic
topic_of(struct slice line)
{
	static const struct {
		struct slice verb;
		enum topic topic;
	} verbs[] = {
		{ { "EHLO", 4 }, TOPIC_HELLO },
		{ { "LHLO", 4 }, TOPIC_HELLO },
		{ { "DATA", 4 }, TOPIC_DATA },
		{ { "AUTH", 4 }, TOPIC_AUTH },
		{ { "STARTTLS", 8 }, TOPIC_TLS },
	};
	struct slice verb = slice_first(line, slice_find(line, ' '));

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (slice_eq_nocase(verb, verbs[i].verb))
			return verbs[i].topic;
	return TOPIC_OTHER;
}

/* "AUTH PLAIN AGpv..." and what follows a 334: for nobody's eyes. */
static void
put_masked(const struct dialogue *d, struct buf *out, struct slice line,
    unsigned how)
{
	struct slice rest = line, verb, mechanism;

	if (how & SAY_SECRET || d->secret_next) {
		buf_puts(out, slice_eq(line, SLICE("*")) ? "*" : "***");
		return;
	}
	if (d->topic != TOPIC_AUTH || d->in_text ||
	    !slice_cut(&rest, ' ', &verb) ||
	    !slice_cut(&rest, ' ', &mechanism) || !rest.p) {
		buf_put(out, line);
		return;
	}
	buf_put(out, slice_first(line, line.n - rest.n));
	buf_puts(out, "***");
}

/* Tell it and keep it; a masked one cannot be said again. */
static void
note_said(struct dialogue *d, struct slice line, unsigned how)
{
	struct buf shown = { 0 };

	put_masked(d, &shown, line, how);
	tell(d, EVENT_SENT, buf_slice(&shown), how & SAY_TYPED);
	record_said(&d->record, buf_slice(&shown),
	    slice_eq(line, buf_slice(&shown)));
	buf_free(&shown);
}

static bool
send(struct dialogue *d, struct slice octets)
{
	struct outcome why;

	return connection_write(&d->link, octets, &why) || tell_lost(d, &why);
}

/* A line of text; a dot alone ends it and is owed a reply. */
static bool
say_text(struct dialogue *d, struct slice line, unsigned how)
{
	struct buf wire = { 0 };
	bool dot = line.n > 0 && line.p[0] == '.', ok;

	if (dot && line.n > 1)
		buf_putc(&wire, '.');
	buf_put(&wire, line);
	note_said(d, buf_slice(&wire), how);
	buf_puts(&wire, "\r\n");
	if (dot && line.n == 1) {
		d->in_text = false;
		d->topic = TOPIC_OTHER;
		d->owed++;
	}
	ok = send(d, buf_slice(&wire));
	buf_free(&wire);
	return ok;
}

bool
dialogue_say(struct dialogue *d, struct slice line, unsigned how)
{
	struct buf wire = { 0 };
	bool ok;

	if (d->in_text && d->link.is_open)
		return say_text(d, line, how);
	if (!d->secret_next)
		d->topic = topic_of(line);
	if (d->link.is_open)
		note_said(d, line, how);
	d->secret_next = false;
	d->owed++;
	buf_put(&wire, line);
	buf_puts(&wire, "\r\n");
	ok = send(d, buf_slice(&wire));
	explicit_bzero(wire.base + wire.off, wire.n);
	buf_free(&wire);
	show(d);
	return ok;
}

bool
dialogue_write(struct dialogue *d, struct slice octets)
{
	return send(d, octets);
}

bool
dialogue_raw(struct dialogue *d, struct slice octets)
{
	tell(d, EVENT_SENT, octets, false);
	record_raw(&d->record, octets);
	show(d);
	return send(d, octets);
}

/* ---- hearing ---- */

/* What a refusal means, in one line. */
static void
explain(struct dialogue *d)
{
	const struct reply *r = dialogue_reply(d);
	struct buf b = { 0 };

	if (d->quiet || r->code < 400)
		return;
	explained_put(&b, r->code, r->esc, buf_slice(&r->text));
	events_note(d->call.events, 1, "%s", buf_str(&b));
	buf_free(&b);
}

/* What a whole reply changes. */
static void
take_reply(struct dialogue *d)
{
	const struct reply *r = dialogue_reply(d);

	record_reply(&d->record, r->code);
	d->secret_next = d->topic == TOPIC_AUTH && r->code == 334;
	d->in_text = d->topic == TOPIC_DATA && r->code == 354 && !d->literal;
	if (d->topic == TOPIC_HELLO && reply_kind(r) == REPLY_DONE) {
		buf_clear(&d->hello);
		buf_put(&d->hello, buf_slice(&r->text));
	}
	if (d->owed > 0)
		d->owed--;
	d->lines_whole = true;
	explain(d);
}

static void
heard(struct dialogue *d, struct slice line)
{
	tell(d, EVENT_RECEIVED, line, false);
	record_heard(&d->record, line);
	if (d->lines_whole)
		buf_clear(&d->lines);
	else
		buf_putc(&d->lines, '\n');
	d->lines_whole = false;
	buf_put(&d->lines, line);
}

static void
take_rubbish(struct dialogue *d, struct slice line)
{
	heard(d, line);
	d->lines_whole = true;
	events_note(d->call.events, 1, "the server broke the protocol: %s",
	    d->link.parser.error);
}

static void
take_end(struct dialogue *d)
{
	struct slice rest = connection_rest(&d->link);
	const char *error = stream_error(&d->link.stream);

	if (rest.n > 0)
		heard(d, rest);
	d->dropped = d->owed > 0;
	if (error[0] != '\0')
		events_note(d->call.events, 1, "the connection is lost: %s",
		    error);
	else
		events_note(d->call.events, 1,
		    "the server closed the connection");
	record_end(&d->record);
	dialogue_drop(d, false);
}

enum heard
dialogue_hear(struct dialogue *d)
{
	struct slice line;
	enum heard got;

	if (!d->link.is_open)
		return HEARD_END;
	got = connection_hear(&d->link, &line);
	switch (got) {
	case HEARD_NOTHING:
		return got;
	case HEARD_LINE:
		heard(d, line);
		break;
	case HEARD_REPLY:
		heard(d, line);
		take_reply(d);
		break;
	case HEARD_RUBBISH:
		take_rubbish(d, line);
		break;
	case HEARD_END:
		take_end(d);
		break;
	}
	show(d);
	return got;
}

enum heard
dialogue_await(struct dialogue *d)
{
	int64_t end = clock_now() + d->patience;
	enum heard got = HEARD_REPLY;

	while (d->owed > 0) {
		got = dialogue_hear(d);
		if (got == HEARD_END)
			return got;
		if (got != HEARD_NOTHING)
			continue;
		if (clock_now() >= end || !connection_wait(&d->link, end))
			return HEARD_NOTHING;
	}
	return HEARD_REPLY;
}

void
dialogue_part(struct dialogue *d)
{
	int64_t end = clock_now() + PARTING;

	while (clock_now() < end)
		if (dialogue_hear(d) == HEARD_END ||
		    !connection_wait(&d->link, end))
			return;
}

/* ---- TLS ---- */

bool
dialogue_secure(struct dialogue *d)
{
	struct outcome why;

	if (!connection_secure(&d->link, &why))
		return tell_lost(d, &why);
	record_tls(&d->record);
	begin(d); /* what was learnt before it is forgotten (RFC 3207) */
	show(d);
	return true;
}
