/* SPDX-License-Identifier: ISC */
/*
 * lane.c - see lane.h
 *
 * Deadlines are per phase of the dialogue: a dripping server cannot extend
 * them, since a phase ends only with a whole reply or when our octets have got
 * through to it.
 */
#include "deliver/lane_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/clock.h"

#define ROUNDS	      16  /* of reading and writing before others have a turn */
#define HANDSHAKE_MAX 120 /* seconds */
#define RATE_MIN      500 /* octets a second: slower is standing still */
#define FLIGHT_SIZE   16384 /* what may be on the way without any progress */

/* Give up a relay's connection that was not taken over. */
static void
drop_relay(struct lane *l)
{
	if (l->relay)
		l->module->close(l->relay);
	l->relay = NULL;
}

/*
 * The lane is over for this reason; the session settles whom it has, and knows
 * better when it was over already, or all but the reply to QUIT.
 */
void
lane_end(struct lane *l, const struct outcome *why)
{
	l->end = *why;
	if (l->session) {
		session_lost(l->session, why);
		l->end = *session_end(l->session);
	}
	drop_relay(l);
	dial_stop(&l->dial);
	stream_close(&l->stream);
	l->state = LANE_OVER;
}

void __attribute__((format(printf, 3, 4)))
lane_lose(struct lane *l, enum stage stage, const char *fmt, ...)
{
	struct outcome why;
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	why = outcome_make(DEFERRED, stage, ESC(4, 4, 2), "%s", text);
	lane_end(l, &why);
}

static void
begin_phase(struct lane *l, unsigned seconds, int64_t now)
{
	l->since = now;
	l->deadline = now + job_patience(l->job, seconds);
	l->arrived = stream_arrived(&l->stream);
}

static void
close_orderly(struct lane *l)
{
	l->end = *session_end(l->session);
	stream_flush(&l->stream);
	stream_close(&l->stream);
	l->state = LANE_OVER;
}

static bool
start_tls(struct lane *l, int64_t now)
{
	struct tls_context *c = job_tls(l->job);
	struct outcome why = l->job->tls_why;
	const struct tls_demand demand = {
		.host = l->at.host,
		.name = l->job->config->tls_name,
		.level = l->call.config.tls,
	};

	if (!c || !l->job->net->tls->start(&l->stream, c, &demand, &why)) {
		lane_end(l, &why);
		return false;
	}
	l->state = LANE_HANDSHAKE;
	begin_phase(l, HANDSHAKE_MAX, now);
	return true;
}

static void
connected(struct lane *l, int64_t now)
{
	l->at = l->call.target[l->dial.winner];
	l->call.config.host = l->at.host;
	l->call.config.peer = l->at.at;
	l->connected = now;
	stream_open(&l->stream, l->dial.fd);
	l->dial.fd = -1;
	dial_stop(&l->dial);
	l->call.config.local = stream_local(&l->stream);
	l->session = session_new(&l->call.config, l->job->events, l->number);
	l->phase = session_phase(l->session);
	l->state = LANE_TALK;
	begin_phase(l, session_patience(l->session), now);
	if (l->call.config.link == LINK_SMTPS)
		start_tls(l, now);
	else if (l->call.config.tls != TLS_NONE && !job_tls(l->job))
		lane_end(l, &l->job->tls_why); /* never in clear for that */
}

static void
step_dial(struct lane *l, const struct wait *w, int64_t now)
{
	switch (dial_step(&l->dial, w, now)) {
	case DIAL_BUSY:
		return;
	case DIAL_CONNECTED:
		connected(l, now);
		return;
	case DIAL_FAILED:
		l->end = l->dial.attempt[l->dial.n - 1].why;
		dial_stop(&l->dial);
		l->state = LANE_OVER;
		return;
	}
}

/* The relay knows us: the session goes on where libcurl stopped. */
static void
logged_in(struct lane *l, int64_t now)
{
	l->at = l->call.target[0];
	l->connected = now;
	l->module->peer(l->relay, &l->at.at);
	l->call.config.host = l->at.host;
	l->call.config.peer = l->at.at;
	l->session = session_resume(&l->call.config, l->job->events, l->number,
	    l->module->ehlo(l->relay), l->module->tls(l->relay));
	l->module->take(l->relay, &l->stream);
	l->relay = NULL;
	l->phase = session_phase(l->session);
	l->state = LANE_TALK;
	begin_phase(l, session_patience(l->session), now);
}

static void
step_relay(struct lane *l, const struct wait *w, int64_t now)
{
	struct outcome why;

	l->since = l->since ? l->since : now;
	switch (l->module->step(l->relay, w, now, &why)) {
	case RELAY_BUSY:
		return;
	case RELAY_READY:
		logged_in(l, now);
		return;
	case RELAY_FAILED:
		lane_end(l, &why);
		return;
	}
}

static void
handshake_failed(struct lane *l, struct outcome why)
{
	l->tls_failed = true;
	lane_end(l, &why);
}

static void
step_handshake(struct lane *l, int64_t now)
{
	const struct tls_module *tls = l->job->net->tls;
	struct outcome why;

	switch (tls->step(&l->stream, &why)) {
	case TLS_BUSY:
		if (now >= l->deadline)
			handshake_failed(l, outcome_make(DEFERRED, STAGE_TLS,
			    ESC(4, 7, 0), "the TLS handshake timed out"));
		return;
	case TLS_FAILED:
		if (why.esc.detail == 5) /* a certificate; this one */
			tls->report(&l->stream, l->job->events, l->number);
		handshake_failed(l, why);
		return;
	case TLS_DONE:
		tls->report(&l->stream, l->job->events, l->number);
		session_secured(l->session, tls->version(&l->stream));
		l->state = LANE_TALK;
		l->phase = session_phase(l->session);
		begin_phase(l, session_patience(l->session), now);
		return;
	}
}

/* Has enough of what we say got through in this time, in microseconds? */
static bool
is_moving(const struct lane *l, int64_t time)
{
	uint64_t least = (uint64_t)(time / SECONDS(1)) * RATE_MIN;
	uint64_t arrived = stream_arrived(&l->stream);
	uint64_t moved = arrived > l->arrived ? arrived - l->arrived : 0;

	return moved >= (least > FLIGHT_SIZE ? least : FLIGHT_SIZE);
}

static void
check_deadline(struct lane *l, int64_t now)
{
	unsigned phase = session_phase(l->session);
	unsigned seconds = session_patience(l->session);
	int64_t time = job_patience(l->job, seconds);

	if (now < l->deadline && phase == l->phase)
		return;
	if (phase != l->phase || is_moving(l, time)) {
		l->phase = phase;
		begin_phase(l, seconds, now);
		return;
	}
	lane_lose(l, STAGE_NONE, "timed out after waiting %.3g s for %s",
	    (double)time / SECONDS(1), session_awaits(l->session));
}

static bool
has_output(const struct lane *l)
{
	return session_output(l->session).n > 0 || l->stream.unsent;
}

/* Nobody needs the answer to QUIT, unless somebody watches the dialogue. */
static bool
is_leaving(const struct lane *l)
{
	return session_is_leaving(l->session) && !has_output(l) &&
	    !l->job->config->hear_goodbye;
}

/* Do what the session asks for besides bytes; true when that changed much. */
static bool
serve(struct lane *l, int64_t now)
{
	switch (session_need(l->session)) {
	case SESSION_IO:
		if (session_wants_body(l->session))
			lane_feed_body(l, now);
		else if (is_leaving(l))
			close_orderly(l);
		else
			return false;
		return true;
	case SESSION_TLS:
		return !has_output(l) && start_tls(l, now);
	case SESSION_MAIL:
		lane_next_mail(l);
		return true;
	case SESSION_CLOSE: /* nothing is left to say that anybody awaits */
		close_orderly(l);
		return false;
	}
	return false;
}

/* One round of talk; false when there is nothing to do until the next poll. */
static bool
talk(struct lane *l, int64_t now)
{
	enum io got = IO_AGAIN;
	bool busy = lane_take_input(l, &got);

	if (!busy && got != IO_AGAIN) {
		lane_lost_read(l, got);
		return false;
	}
	while (l->state == LANE_TALK && serve(l, now))
		busy = true;
	if (l->state == LANE_TALK && lane_give_output(l))
		busy = true;
	return busy;
}

static void
step_talk(struct lane *l, int64_t now)
{
	for (int i = 0; i < ROUNDS && l->state == LANE_TALK; i++)
		if (!talk(l, now))
			break;
	if (l->state == LANE_TALK)
		check_deadline(l, now);
}

static void
begin(struct lane *l, struct job *job, const struct lane_call *call,
    enum lane_state state)
{
	*l = (struct lane){ .job = job, .call = *call, .state = state };
	l->offered = mem_resize(NULL, call->nrcpts, sizeof *l->offered);
	l->number = ++job->lanes;
}

void
lane_start(struct lane *l, struct job *job, const struct lane_call *call,
    int64_t now)
{
	begin(l, job, call, LANE_DIAL);
	l->since = now;
	dial_start(&l->dial, l->call.target, call->n, &job->config->dial,
	    job->events, l->number, now);
}

void
lane_start_relay(struct lane *l, struct job *job, const struct lane_call *call,
    const struct relay_call *login)
{
	struct outcome why;

	begin(l, job, call, LANE_RELAY);
	l->module = job_relays(job, &why);
	if (l->module)
		l->relay = l->module->open(login, job->events, l->number, &why);
	if (!l->relay) {
		why.verdict = DEFERRED; /* what is mended here goes out then */
		lane_end(l, &why);
	}
}

void
lane_wait(struct lane *l, struct wait *w)
{
	short events = POLLIN;

	if (l->state == LANE_DIAL) {
		dial_wait(&l->dial, w);
		return;
	}
	if (l->state == LANE_RELAY) {
		l->module->wait(l->relay, w);
		return;
	}
	if (l->state == LANE_OVER) { /* as soon as it began */
		wait_until(w, 0);
		return;
	}
	if (l->state == LANE_HANDSHAKE)
		events = l->stream.events;
	else if (has_output(l) || session_wants_body(l->session))
		events = POLLIN | POLLOUT;
	l->slot = wait_add(w, l->stream.fd, events);
	wait_until(w, l->stream.readable ? 0 : l->deadline);
}

static void
step_state(struct lane *l, const struct wait *w, int64_t now)
{
	switch (l->state) {
	case LANE_DIAL:
		step_dial(l, w, now);
		break;
	case LANE_RELAY:
		step_relay(l, w, now);
		break;
	case LANE_HANDSHAKE:
		step_handshake(l, now);
		break;
	case LANE_TALK:
		step_talk(l, now);
		break;
	case LANE_IDLE:
	case LANE_OVER:
		break;
	}
}

static bool
is_due(const struct lane *l, const struct wait *w, int64_t now)
{
	return l->state == LANE_DIAL || l->state == LANE_RELAY ||
	    l->stream.readable ||
	    wait_ready(w, l->slot) != 0 || now >= l->deadline;
}

/* A new state has something to say at once: a ClientHello, an EHLO. */
void
lane_step(struct lane *l, const struct wait *w, int64_t now)
{
	enum lane_state before = l->state;

	if (!is_due(l, w, now))
		return;
	step_state(l, w, now);
	while (l->state != before && l->state != LANE_OVER) {
		before = l->state;
		step_state(l, w, now);
	}
}

bool
lane_is_settled(const struct lane *l)
{
	for (size_t i = 0; i < l->call.nrcpts; i++)
		if (lane_is_waiting(l->call.rcpt[i]))
			return false;
	return true;
}

void
lane_stop(struct lane *l, const struct outcome *why)
{
	if (l->state != LANE_IDLE && l->state != LANE_OVER)
		lane_end(l, why);
}

void
lane_release(struct lane *l)
{
	lane_progress(l, &l->job->text_sent, &l->job->text_size);
	session_free(l->session);
	free(l->offered);
	l->session = NULL;
	l->offered = NULL;
}

void
lane_free(struct lane *l)
{
	if (l->state == LANE_DIAL)
		dial_stop(&l->dial);
	drop_relay(l);
	stream_close(&l->stream);
	session_free(l->session);
	free(l->offered);
	*l = (struct lane){ 0 };
}
