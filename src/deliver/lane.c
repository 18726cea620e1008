/* SPDX-License-Identifier: ISC */
/*
 * lane.c - see lane.h
 *
 * Deadlines are per phase of the dialogue: a dripping server cannot extend
 * them, since a phase ends only with a whole reply or when our octets have got
 * through to it.
 */
#include "deliver/lane_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/gate.h"
#include "net/clock.h"

#define ROUNDS	      16  /* of reading and writing before others have a turn */
#define RATE_MIN      500 /* octets a second: slower is standing still */
#define FLIGHT_SIZE   16384 /* what may be on the way without any progress */

void
lane_drop_relay(struct lane *l)
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
	lane_drop_relay(l);
	dial_stop(&l->dial);
	stream_close(&l->stream);
	l->state = LANE_OVER;
}

void
lane_begin_phase(struct lane *l, unsigned seconds, int64_t now)
{
	l->since = now;
	l->deadline = now + job_patience(l->job, seconds);
	l->arrived = stream_arrived(&l->stream);
}

static void
close_orderly(struct lane *l)
{
	l->end = *session_end(l->session);
	lane_hang_up(l);
	l->state = LANE_OVER;
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
	struct outcome why;

	if (now < l->deadline && phase == l->phase)
		return;
	if (phase != l->phase || is_moving(l, time)) {
		l->phase = phase;
		lane_begin_phase(l, seconds, now);
		return;
	}
	why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "timed out after waiting %.3g s for %s",
	    (double)time / SECONDS(1), session_awaits(l->session));
	why.late = true;
	lane_end(l, &why);
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
		return !has_output(l) && lane_start_tls(l, now);
	case SESSION_MAIL: /* is the next mail its parcel's, or another's? */
		l->state = LANE_FREE;
		return false;
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
	if (l->state == LANE_TALK && !lane_pauses(l, now))
		check_deadline(l, now);
}

/* Nothing is under way: what comes now is a good-bye. */
static void
step_free(struct lane *l)
{
	enum io got;

	while (lane_take_input(l, &got))
		continue;
	if (got != IO_AGAIN)
		lane_lost_read(l, got);
	else if (session_need(l->session) == SESSION_CLOSE)
		close_orderly(l);
}

static struct lane *
begin(struct job *job, struct site *site, const struct lane_call *call,
    enum lane_state state)
{
	struct lane *l = mem_alloc(sizeof *l);

	l->job = job;
	l->site = site;
	l->call = *call;
	l->state = state;
	l->stream.fd = -1;
	l->slot = WAIT_NO_SLOT;
	l->number = ++job->begun;
	list_append(&job->lanes, &l->node, l);
	return l;
}

struct lane *
lane_dial(struct job *job, struct site *site, const struct lane_call *call,
    int64_t now)
{
	struct lane *l = begin(job, site, call, LANE_DIAL);

	l->since = now;
	dial_start(&l->dial, l->call.target, call->n, &job->config->dial,
	    job->events, l->number, now);
	return l;
}

struct lane *
lane_log_in(struct job *job, struct site *site, const struct lane_call *call,
    const struct relay_call *login)
{
	struct lane *l = begin(job, site, call, LANE_RELAY);
	struct outcome why;

	l->call.config.logged_in = login->auth != RELAY_NO_AUTH ||
	    login->mechanism != NULL;
	l->module = job_relays(job, &why);
	if (l->module)
		l->relay = l->module->open(login, job->events, l->number, &why);
	if (!l->relay) {
		why.verdict = DEFERRED; /* what is mended here goes out then */
		lane_end(l, &why);
	}
	return l;
}

void
lane_board(struct lane *l, struct parcel *p)
{
	assert(!l->parcel);
	list_remove(&l->idle);
	l->parcel = p;
	p->lane = l;
	l->reused = l->mails > 0;
	p->same = NO_HOP;
}

struct parcel *
lane_land(struct lane *l)
{
	struct parcel *p = l->parcel;

	if (p)
		p->lane = NULL;
	l->parcel = NULL;
	return p;
}

void
lane_idle(struct lane *l, int64_t deadline)
{
	l->deadline = deadline;
	if (!l->idle.in)
		list_append(&l->job->idle, &l->idle, l);
}

void
lane_wait(struct lane *l, struct wait *w)
{
	short events = POLLIN;

	switch (l->state) {
	case LANE_DIAL:
		dial_wait(&l->dial, w);
		return;
	case LANE_RELAY:
		l->module->wait(l->relay, w);
		return;
	case LANE_OVER: /* as soon as it began */
		wait_until(w, 0);
		return;
	case LANE_HANDSHAKE:
		events = l->stream.events;
		break;
	case LANE_TALK:
		if (has_output(l) || session_wants_body(l->session))
			events = POLLIN | POLLOUT;
		break;
	case LANE_FREE:
		break;
	}
	l->slot = wait_add(w, l->stream.fd, events);
	wait_until(w, l->stream.readable ? 0 : l->deadline);
}

static void
step_state(struct lane *l, const struct wait *w, int64_t now)
{
	switch (l->state) {
	case LANE_DIAL:
		lane_step_dial(l, w, now);
		break;
	case LANE_RELAY:
		lane_step_relay(l, w, now);
		break;
	case LANE_HANDSHAKE:
		lane_step_handshake(l, now);
		break;
	case LANE_TALK:
		step_talk(l, now);
		break;
	case LANE_FREE:
		step_free(l);
		break;
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

/* Is it more than the server can do now, or may it be given more? */
static void
note_words(struct lane *l, const struct recipient *r)
{
	const struct result *why = r->result;

	l->took = l->took || r->verdict == DELIVERED;
	l->pushed = l->pushed || (r->verdict == DEFERRED && why &&
	    why->stage == STAGE_MAIL && why->code / 100 == 4);
}

/* What the session says of recipients goes to their parcel. */
static void
hand_back(struct lane *l, int64_t now)
{
	bool stale = l->session && lane_is_stale(l) &&
	    session_has_cut_off(l->session);
	struct recipient *r;

	while (l->session && (r = session_take_settled(l->session))) {
		r->connected = l->connected;
		r->text = l->text;
		note_words(l, r);
		if (stale)
			recipient_say(r, PENDING, NULL);
		else
			l->reused = false;
		parcel_take(l->parcel, r, now);
	}
}

/* A new state has something to say at once: a ClientHello, an EHLO. */
void
lane_step(struct lane *l, const struct wait *w, int64_t now)
{
	enum lane_state before = l->state;

	if (!is_due(l, w, now))
		return;
	job_about(l->job, l->parcel);
	step_state(l, w, now);
	while (l->state != before && l->state != LANE_FREE &&
	    l->state != LANE_OVER) {
		before = l->state;
		step_state(l, w, now);
	}
	lane_tell_tls(l);
	hand_back(l, now);
	job_about(l->job, NULL);
}

/* Back to talking, from FREE: what the session has to say leaves at once. */
static void
talk_again(struct lane *l, int64_t now)
{
	list_remove(&l->idle);
	l->state = LANE_TALK;
	lane_begin_talk(l, now);
	step_talk(l, now);
	hand_back(l, now);
}

bool
lane_mail(struct lane *l, size_t most, int64_t now)
{
	bool given;

	assert(l->state == LANE_FREE);
	job_about(l->job, l->parcel);
	lane_tell_tls(l);
	given = lane_give_mail(l, most);
	if (given)
		talk_again(l, now);
	job_about(l->job, NULL);
	return given;
}

void
lane_quit(struct lane *l, int64_t now)
{
	assert(l->state == LANE_FREE);
	session_quit(l->session);
	talk_again(l, now);
}

void
lane_stop(struct lane *l, const struct outcome *why, int64_t now)
{
	if (l->state == LANE_OVER)
		return;
	lane_end(l, why);
	hand_back(l, now);
}

void
lane_progress(const struct lane *l, uint64_t *sent, uint64_t *size)
{
	if (!l->session)
		return;
	*sent += session_text_sent(l->session);
	*size += l->size;
}

void
lane_free(struct lane *l)
{
	assert(!l->parcel);
	lane_progress(l, &l->job->text_sent, &l->job->text_size);
	dial_stop(&l->dial);
	lane_drop_relay(l);
	gate_end(l);
	stream_close(&l->stream);
	session_free(l->session);
	free(l->offered);
	free(l->tls_told);
	list_remove(&l->node);
	list_remove(&l->sibling);
	list_remove(&l->idle);
	free(l);
}
