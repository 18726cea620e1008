/* SPDX-License-Identifier: ISC */
/*
 * visit.c - see visit.h
 *
 * A deadline is for a whole step, so dripping octets do not extend it.
 */
#include "desk/visit_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"

#define ROUNDS	 16	    /* of reading before others have a turn */
#define GOODBYE	 SECONDS(2) /* for the reply to QUIT */

void
visit_enter(struct visit *v, enum step step, int64_t now)
{
	int64_t patience = v->call->patience;

	if (step == STEP_QUIT && patience > GOODBYE)
		patience = GOODBYE;
	v->step = step;
	v->deadline = now + patience;
}

void
visit_blame(struct visit *v, enum visit_fault fault, const struct outcome *why)
{
	if (v->fault != VISIT_FINE)
		return;
	v->fault = fault;
	v->why = *why;
	outcome_set_host(&v->why, slice_of(v->target.host), &v->target.at);
}

void
visit_end(struct visit *v, int64_t now)
{
	if (v->state == VISIT_OVER)
		return;
	dial_stop(&v->dial);
	stream_close(&v->stream);
	v->state = VISIT_OVER;
	v->ended = now;
}

/* Nobody minds how a server takes leave. */
static void __attribute__((format(printf, 4, 5)))
fail(struct visit *v, enum visit_fault fault, int64_t now, const char *fmt, ...)
{
	struct outcome why;
	char text[480];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	why = outcome_make(DEFERRED, visit_stage(v), ESC(4, 4, 2), "%s", text);
	if (v->step != STEP_QUIT)
		visit_blame(v, fault, &why);
	visit_end(v, now);
}

/* ---- TLS ---- */

void
visit_secure(struct visit *v, int64_t now)
{
	const struct tls_demand demand = { .host = v->target.host,
		.name = v->call->tls_name, .level = TLS_ENCRYPT,
		.dane = v->dane };
	struct outcome why;

	v->state = VISIT_HANDSHAKE;
	v->deadline = now + v->call->patience;
	if (v->call->module->start(&v->stream, v->call->context, &demand,
		&why))
		return;
	visit_blame(v, VISIT_LOCAL, &why);
	visit_end(v, now);
}

/* With SMTPS the greeting is still to come. */
static void
secured(struct visit *v, int64_t now)
{
	v->secured = true;
	v->state = VISIT_TALK;
	v->call->module->facts(&v->stream, &v->facts);
	v->call->module->report(&v->stream, v->call->events, v->number);
	if (v->step == STEP_STARTTLS) {
		visit_hello(v, now);
	} else {
		visit_enter(v, STEP_GREETING, now);
		stream_flush(&v->stream);
	}
}

static void
step_handshake(struct visit *v, int64_t now)
{
	struct outcome why;

	switch (v->call->module->step(&v->stream, &why)) {
	case TLS_BUSY:
		return;
	case TLS_FAILED:
		visit_blame(v, VISIT_NO_HANDSHAKE, &why);
		visit_end(v, now);
		return;
	case TLS_DONE:
		secured(v, now);
		return;
	}
}

/* ---- talking ---- */

static void
tell_line(struct visit *v, struct slice line)
{
	struct event e = event_make(EVENT_RECEIVED, v->number);

	if (!line.p || !events_wanted(v->call->events))
		return;
	e.secure = v->secured;
	event_text(&e, "line", line);
	events_put(v->call->events, &e);
}

static void
got_garbage(struct visit *v, struct slice line, int64_t now)
{
	struct outcome why = outcome_from_garbage(&v->in, line, visit_stage(v));

	if (v->step != STEP_QUIT)
		visit_blame(v, VISIT_GARBAGE, &why);
	visit_end(v, now);
}

static void
take(struct visit *v, struct slice in, int64_t now)
{
	struct slice line;
	enum parse got;

	while (in.n > 0 && v->state == VISIT_TALK) {
		got = reply_parse(&v->in, &in, &line);
		tell_line(v, line);
		if (got == PARSE_BAD)
			got_garbage(v, line, now);
		else if (got == PARSE_OK)
			visit_got(v, &v->in.reply, now);
	}
	if (in.n > 0 && v->state == VISIT_HANDSHAKE) {
		struct outcome why = outcome_from_injection();

		visit_blame(v, VISIT_GARBAGE, &why);
		visit_end(v, now);
	}
}

static void
lost(struct visit *v, enum io got, int64_t now)
{
	const char *awaits = visit_awaits(v);

	if (got == IO_END)
		fail(v, VISIT_LOST, now, "the server closed the connection "
		    "while we waited for %s", awaits);
	else
		fail(v, VISIT_LOST, now, "lost the connection while waiting "
		    "for %s: %s", awaits, stream_error(&v->stream));
}

/*
 * Commands are few and short: what does not fit now goes with the next poll.
 * Nobody needs the reply to QUIT but who watches the dialogue.
 */
static void
give(struct visit *v, int64_t now)
{
	enum io got = IO_OK;
	size_t n;

	while (got == IO_OK && v->out.n > 0) {
		got = stream_write(&v->stream, buf_slice(&v->out), &n);
		if (got == IO_OK)
			buf_consume(&v->out, n);
	}
	if (got == IO_OK && v->stream.unsent)
		got = stream_flush(&v->stream);
	if (got == IO_ERROR || got == IO_END)
		lost(v, IO_ERROR, now);
	else if (v->step == STEP_QUIT && v->out.n == 0 && !v->stream.unsent &&
	    !events_wanted(v->call->events))
		visit_end(v, now);
}

/* One round; false when there is nothing to do until the next poll. */
static bool
talk(struct visit *v, int64_t now)
{
	char block[8192];
	size_t n;
	enum io got;

	if (v->state == VISIT_HANDSHAKE)
		step_handshake(v, now);
	if (v->state != VISIT_TALK)
		return false;
	give(v, now);
	if (v->state != VISIT_TALK)
		return false;
	got = stream_read(&v->stream, block, sizeof block, &n);
	if (got == IO_AGAIN)
		return false;
	if (got == IO_OK)
		take(v, (struct slice){ block, n }, now);
	else
		lost(v, got, now);
	return true;
}

static void
step_talk(struct visit *v, int64_t now)
{
	for (int i = 0; i < ROUNDS && talk(v, now); i++)
		continue;
	if (v->state == VISIT_TALK)
		give(v, now);
	if (v->state == VISIT_OVER || now < v->deadline)
		return;
	fail(v, VISIT_SILENT, now, "nothing came within %.3g s while we waited "
	    "for %s", (double)v->call->patience / SECONDS(1), visit_awaits(v));
}

/* ---- connecting ---- */

static void
connected(struct visit *v, int64_t now)
{
	v->connected = now;
	stream_open(&v->stream, v->dial.fd);
	v->dial.fd = -1;
	dial_stop(&v->dial);
	v->state = VISIT_TALK;
	visit_enter(v, STEP_GREETING, now);
	if (v->call->link == LINK_SMTPS && v->call->tls)
		visit_secure(v, now);
}

static void
unreachable(struct visit *v, int64_t now)
{
	const struct outcome *why = &v->dial.attempt[0].why;

	visit_blame(v, why->stage == STAGE_SYSTEM ? VISIT_LOCAL :
	    VISIT_UNREACHABLE, why);
	visit_end(v, now);
}

static void
step_dial(struct visit *v, const struct wait *w, int64_t now)
{
	switch (dial_step(&v->dial, w, now)) {
	case DIAL_BUSY:
		return;
	case DIAL_CONNECTED:
		connected(v, now);
		return;
	case DIAL_FAILED:
		unreachable(v, now);
		return;
	}
}

/* ---- its life ---- */

void
visit_start(struct visit *v, const struct visit_call *call,
    const struct dial_target *target, int64_t now)
{
	v->call = call;
	v->target = *target;
	v->begun = now;
	v->slot = WAIT_NO_SLOT;
	v->stream.fd = -1;
	v->rcpt = mem_alloc((call->nrcpts + 1) * sizeof *v->rcpt);
	dial_start(&v->dial, &v->target, 1, &call->dial, call->events,
	    v->number, now);
}

void
visit_wait(struct visit *v, struct wait *w)
{
	short events = POLLIN;

	switch (v->state) {
	case VISIT_DIAL:
		dial_wait(&v->dial, w);
		return;
	case VISIT_OVER:
		return;
	case VISIT_HANDSHAKE:
		events = v->stream.events ? v->stream.events : POLLIN | POLLOUT;
		break;
	case VISIT_TALK:
		if (v->out.n > 0 || v->stream.unsent)
			events = POLLIN | POLLOUT;
		break;
	}
	v->slot = wait_add(w, v->stream.fd, events);
	wait_until(w, v->stream.readable ? 0 : v->deadline);
}

void
visit_step(struct visit *v, const struct wait *w, int64_t now)
{
	if (v->state == VISIT_DIAL)
		step_dial(v, w, now);
	else if (v->state == VISIT_OVER || (wait_ready(w, v->slot) == 0 &&
	    !v->stream.readable && now < v->deadline))
		return;
	if (v->state == VISIT_TALK || v->state == VISIT_HANDSHAKE)
		step_talk(v, now);
}

void
visit_stop(struct visit *v, const struct outcome *why, int64_t now)
{
	if (v->state == VISIT_OVER)
		return;
	visit_blame(v, VISIT_LOCAL, why);
	visit_end(v, now);
}

void
visit_free(struct visit *v)
{
	struct said *all[] = { &v->greeting, &v->ehlo, &v->ehlo_tls,
		&v->starttls, &v->mail };

	dial_stop(&v->dial);
	if (v->call)
		stream_close(&v->stream);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		buf_free(&all[i]->text);
	for (size_t i = 0; v->call && i < v->call->nrcpts; i++)
		buf_free(&v->rcpt[i].text);
	if (v->secured)
		v->call->module->facts_free(&v->facts);
	free(v->rcpt);
	reply_parser_free(&v->in);
	buf_free(&v->out);
	memset(v, 0, sizeof *v);
}

const struct said *
visit_offer(const struct visit *v)
{
	return v->ehlo_tls.code != 0 ? &v->ehlo_tls : &v->ehlo;
}

const struct said *
visit_rcpt(const struct visit *v, size_t i)
{
	return v->mail.code != 0 ? &v->mail : &v->rcpt[i];
}
