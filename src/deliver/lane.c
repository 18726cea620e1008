/* SPDX-License-Identifier: ISC */
/*
 * lane.c - see lane.h
 *
 * Deadlines are per phase of the dialogue: a dripping server cannot extend
 * them, since a phase ends only with a whole reply or when our octets have got
 * through to it.
 */
#include "deliver/lane.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/body.h"
#include "mail/recode.h"
#include "net/clock.h"

#define ROUNDS	      16  /* of reading and writing before others have a turn */
#define RCPTS_MAX     100 /* per transaction when the server does not say */
#define HANDSHAKE_MAX 120 /* seconds */
#define RATE_MIN      500 /* octets a second: slower is standing still */
#define FLIGHT_SIZE   16384 /* what may be on the way without any progress */

/*
 * The lane is over for this reason; the session settles whom it has, and knows
 * better when it was over already, or all but the reply to QUIT.
 */
static void
end(struct lane *l, const struct outcome *why)
{
	l->end = *why;
	if (l->session) {
		session_lost(l->session, why);
		l->end = *session_end(l->session);
	}
	dial_stop(&l->dial);
	stream_close(&l->stream);
	l->state = LANE_OVER;
}

static void __attribute__((format(printf, 3, 4)))
lose(struct lane *l, enum stage stage, const char *fmt, ...)
{
	struct outcome why;
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	why = outcome_make(DEFERRED, stage, ESC(4, 4, 2), "%s", text);
	end(l, &why);
}

static void
begin_phase(struct lane *l, unsigned seconds, int64_t now)
{
	l->deadline = now + job_patience(l->job, seconds);
	l->arrived = stream_arrived(&l->stream);
}

/* ---- the mails ---- */

static bool
is_waiting(const struct recipient *r)
{
	return r->outcome.verdict == PENDING;
}

static size_t
rcpts_limit(const struct caps *caps)
{
	return caps->max_rcpts ? (size_t)caps->max_rcpts : RCPTS_MAX;
}

/*
 * Gather the recipients of the next transaction; how many.  Without SMTPUTF8
 * those who need it stand apart, so that the others are not refused with them.
 */
static size_t
gather(struct lane *l, const struct caps *caps)
{
	size_t n = 0, most = rcpts_limit(caps);
	struct recipient *r;

	for (size_t i = 0; i < l->call.nrcpts && n < most; i++) {
		r = l->call.rcpt[i];
		if (!is_waiting(r))
			continue;
		if (n == 0 || caps->smtputf8 ||
		    r->to.utf8 == l->offered[0]->to.utf8)
			l->offered[n++] = r;
	}
	return n;
}

/* Only what needs it is sent with SMTPUTF8 (RFC 6531 3.4). */
static bool
needs_utf8(const struct job *job, size_t n, struct recipient **rcpt)
{
	bool need = job->message->utf8_headers || job->envelope->from.utf8;

	for (size_t i = 0; i < n; i++)
		need = need || rcpt[i]->to.utf8;
	return need;
}

static bool
needs_recoding(const struct message *m, const struct caps *caps)
{
	return m->recode && (recode_is_forced(m) || !caps->eight_bit);
}

static bool
may_mail(const struct lane *l, const struct caps *caps)
{
	return caps->max_mails == 0 || l->mails < caps->max_mails;
}

static void
next_mail(struct lane *l)
{
	const struct caps *caps = session_caps(l->session);
	const struct envelope *env = l->job->envelope;
	const struct message *m = l->job->message;
	size_t n = may_mail(l, caps) ? gather(l, caps) : 0;

	l->mail = (struct mail){
		.from = &env->from,
		.ret = env->ret,
		.envid = env->envid,
		.rcpt = l->offered,
		.n = n,
		.message = m,
		.smtputf8 = needs_utf8(l->job, n, l->offered),
		.seven_bit = needs_recoding(m, caps),
	};
	if (n == 0) {
		session_quit(l->session);
		return;
	}
	l->read = 0;
	l->mails++;
	session_mail(l->session, &l->mail);
}

static void
feed_body(struct lane *l)
{
	static const struct slice none;
	char block[BODY_BLOCK];
	struct outcome why;
	struct slice raw = none;

	if (!body_read(l->job->message, l->read, block, &raw, &why)) {
		end(l, &why);
		return;
	}
	l->read += raw.n;
	session_body(l->session, raw);
}

/* ---- bytes ---- */

/* Read what is there; false when the stream is over (or nothing is there). */
static bool
take_input(struct lane *l, enum io *got)
{
	char block[16384];
	size_t n;

	*got = stream_read(&l->stream, block, sizeof block, &n);
	if (*got != IO_OK)
		return false;
	session_input(l->session, (struct slice){ block, n });
	return true;
}

static void
lost_read(struct lane *l, enum io got)
{
	const char *awaits = session_awaits(l->session);

	if (got == IO_END)
		lose(l, STAGE_NONE, "the server closed the connection while we "
		    "waited for %s", awaits);
	else
		lose(l, STAGE_NONE, "lost the connection while waiting for %s: "
		    "%s", awaits, stream_error(&l->stream));
}

/*
 * Writing failed: the server may have said why before it went (FAULTS row 47).
 */
static void
lost_write(struct lane *l)
{
	const char *error = stream_error(&l->stream);
	char reason[256];
	enum io got;

	memcpy(reason, error, strnlen(error, sizeof reason - 1) + 1);
	reason[sizeof reason - 1] = '\0';
	for (int i = 0; i < ROUNDS && take_input(l, &got); i++)
		continue;
	lose(l, STAGE_NONE, "lost the connection while sending: %s", reason);
}

/* Write what there is; false when nothing more can be written now. */
static bool
give_output(struct lane *l)
{
	struct slice out = session_output(l->session);
	enum io got;
	size_t n = 0;

	if (out.n == 0 && !l->stream.unsent)
		return false;
	got = out.n > 0 ? stream_write(&l->stream, out, &n) :
			  stream_flush(&l->stream);
	if (got == IO_ERROR || got == IO_END)
		lost_write(l);
	if (got != IO_OK)
		return false;
	session_sent(l->session, n);
	return true;
}

static void
close_orderly(struct lane *l)
{
	l->end = *session_end(l->session);
	stream_flush(&l->stream);
	stream_close(&l->stream);
	l->state = LANE_OVER;
}

/* ---- the states ---- */

static bool
start_tls(struct lane *l, int64_t now)
{
	struct tls_context *c = job_tls(l->job);
	struct outcome why = l->job->tls_why;

	if (!c || !tls_start(&l->stream, c, l->at.host, l->call.config.tls,
		      &why)) {
		end(l, &why);
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
	stream_open(&l->stream, l->dial.fd);
	l->dial.fd = -1;
	dial_stop(&l->dial);
	l->session = session_new(&l->call.config, l->job->events, l->number);
	l->phase = session_phase(l->session);
	l->state = LANE_TALK;
	begin_phase(l, session_patience(l->session), now);
	if (l->call.config.link == LINK_SMTPS)
		start_tls(l, now);
	else if (l->call.config.tls != TLS_NONE)
		job_tls(l->job); /* while the greeting is under way */
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

static void
handshake_failed(struct lane *l, struct outcome why)
{
	l->tls_failed = true;
	end(l, &why);
}

static void
step_handshake(struct lane *l, int64_t now)
{
	struct outcome why;

	switch (tls_step(&l->stream, &why)) {
	case TLS_BUSY:
		if (now >= l->deadline)
			handshake_failed(l, outcome_make(DEFERRED, STAGE_TLS,
			    ESC(4, 7, 0), "the TLS handshake timed out"));
		return;
	case TLS_FAILED:
		handshake_failed(l, why);
		return;
	case TLS_DONE:
		tls_report(&l->stream, l->job->events, l->number);
		session_secured(l->session, tls_version(&l->stream));
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
	uint64_t moved = stream_arrived(&l->stream) - l->arrived;

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
	lose(l, STAGE_NONE, "timed out after waiting %.3g s for %s",
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
			feed_body(l);
		else if (is_leaving(l))
			close_orderly(l);
		else
			return false;
		return true;
	case SESSION_TLS:
		return !has_output(l) && start_tls(l, now);
	case SESSION_MAIL:
		next_mail(l);
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
	bool busy = take_input(l, &got);

	if (!busy && got != IO_AGAIN) {
		lost_read(l, got);
		return false;
	}
	while (l->state == LANE_TALK && serve(l, now))
		busy = true;
	if (l->state == LANE_TALK && give_output(l))
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

void
lane_start(struct lane *l, struct job *job, const struct lane_call *call,
    int64_t now)
{
	*l = (struct lane){ .job = job, .call = *call, .state = LANE_DIAL };
	l->offered = mem_resize(NULL, call->nrcpts, sizeof *l->offered);
	l->number = ++job->lanes;
	dial_start(&l->dial, l->call.target, call->n, &job->config->dial,
	    job->events, l->number, now);
}

void
lane_wait(struct lane *l, struct wait *w)
{
	short events = POLLIN;

	if (l->state == LANE_DIAL) {
		dial_wait(&l->dial, w);
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
	return l->state == LANE_DIAL || l->stream.readable ||
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
		if (is_waiting(l->call.rcpt[i]))
			return false;
	return true;
}

void
lane_stop(struct lane *l, const struct outcome *why)
{
	if (l->state != LANE_IDLE && l->state != LANE_OVER)
		end(l, why);
}

void
lane_progress(const struct lane *l, uint64_t *sent, uint64_t *size)
{
	if (!l->session)
		return;
	*sent += session_text_sent(l->session);
	*size += l->job->message->size;
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
	stream_close(&l->stream);
	session_free(l->session);
	free(l->offered);
	*l = (struct lane){ 0 };
}
