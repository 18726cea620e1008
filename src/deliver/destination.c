/* SPDX-License-Identifier: ISC */
/* destination.c - see destination.h */
#include "deliver/destination_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/wait.h"
#include "route/remedy.h"

#define PROBLEMS_MAX 480

void
destination_init(struct destination *d, struct job *job, const char *domain,
    const struct choice *choice)
{
	*d = (struct destination){ .job = job, .domain = domain,
		.choice = *choice };
	d->problems.max = PROBLEMS_MAX;
	d->silent = true;
	destination_start_route(d);
}

void
destination_add(struct destination *d, struct recipient *r)
{
	d->rcpt = mem_resize(d->rcpt, d->nrcpts + 1, sizeof *d->rcpt);
	d->rcpt[d->nrcpts++] = r;
}

void
destination_free(struct destination *d)
{
	lane_free(&d->lane);
	route_free(d->route);
	buf_free(&d->problems);
	destination_release_tickets(d);
	free(d->tried);
	free(d->rcpt);
	*d = (struct destination){ 0 };
}

const struct plan *
destination_plan(const struct destination *d)
{
	return route_is_done(d->route) ? route_plan(d->route) : NULL;
}

/* ---- the end ---- */

/* Note when and with whom verdicts have fallen since the last look. */
static void
stamp(struct destination *d, int64_t now)
{
	struct session *s = d->lane.session;
	struct recipient *r;

	while (s && (r = session_take_settled(s))) {
		r->decided = r->verdict == PENDING ? 0 : now;
		r->connected = d->lane.connected;
		r->text = d->lane.text;
	}
}

/* What one host cannot take (code 0, 5.y.z) another might have taken. */
static void
defer(struct recipient *r)
{
	struct outcome o = recipient_outcome(r);
	struct result *result;

	o.verdict = DEFERRED;
	if (o.code == 0 && o.esc.cls == 5)
		o.esc.cls = 4;
	result = result_new(&o, SLICE(""));
	recipient_say(r, DEFERRED, result);
	result_release(result);
}

static bool
is_relayed(const struct destination *d)
{
	return d->choice.nrelays > 0;
}

/*
 * Those without a verdict get one: the words that an earlier host had for them,
 * or else this reason.
 */
void
destination_settle(struct destination *d, const struct outcome *why,
    int64_t now)
{
	struct outcome full = *why;
	struct result *result;
	struct recipient *r;

	full.relay = is_relayed(d);
	result = result_new(&full, SLICE(""));
	for (size_t i = 0; i < d->nrcpts; i++) {
		r = d->rcpt[i];
		if (r->verdict != PENDING)
			continue;
		if (r->result)
			defer(r);
		else
			recipient_say(r, why->verdict, result);
		r->decided = now;
	}
	result_release(result);
	d->state = SETTLED;
}

/* Nobody is left to ask: the only reason, or all of them. */
void
destination_give_up(struct destination *d, int64_t now)
{
	struct outcome why = d->last;

	why.timed_out = d->silent;
	if (d->nproblems > 1 && d->problems.n > 0) {
		outcome_set_text(&why, buf_slice(&d->problems));
		why.code = 0; /* it is our text */
		why.ours[0] = '\0';
	}
	destination_settle(d, &why, now);
}

void
destination_stop(struct destination *d, const struct outcome *why, int64_t now)
{
	if (d->state == SETTLED)
		return;
	if (d->state == SENDING) {
		lane_stop(&d->lane, why);
		stamp(d, now);
		d->job->busy--;
	}
	destination_settle(d, why, now);
}

static size_t
max_sessions(const struct destination *d)
{
	size_t max = d->job->config->max_sessions;

	return max ? max : 2;
}

/* Pick the untried addresses of the best preference that has some. */
static void
pick(struct destination *d)
{
	const struct plan *p = route_plan(d->route);
	const struct plan_host *h;
	unsigned preference = 0;

	d->npicked = 0;
	for (size_t i = 0; i < p->naddresses && d->npicked < DIAL_MAX; i++) {
		h = &p->host[p->address[i].host];
		if (d->tried[i])
			continue;
		if (d->npicked > 0 && h->preference != preference)
			break;
		preference = h->preference;
		d->picked[d->npicked++] = i;
	}
}

struct session_config
destination_session(const struct destination *d)
{
	const struct plan *p = route_plan(d->route);

	return (struct session_config){
		.helo = d->job->config->helo,
		.tls = d->repeat == REPEAT_IN_CLEAR ? TLS_NONE : p->tls,
		.tls_fixed = d->config.tls_floor > TLS_NONE ||
		    (d->choice.rule && d->choice.rule->tls_given),
		.link = p->link,
		.relay = is_relayed(d),
		.quit_after = d->job->config->quit_after,
	};
}

static void
launch(struct destination *d, int64_t now)
{
	const struct plan *p = route_plan(d->route);
	struct lane_call call = {
		.config = destination_session(d),
		.n = d->npicked,
		.rcpt = d->rcpt,
		.nrcpts = d->nrcpts,
	};
	const struct plan_address *a;

	for (size_t i = 0; i < d->npicked; i++) {
		a = &p->address[d->picked[i]];
		call.target[i] = (struct dial_target){ a->at,
			p->host[a->host].name };
	}
	lane_start(&d->lane, d->job, &call, now);
	d->state = SENDING;
	d->job->busy++;
}

/* Relays were named by the user one by one: all of them are asked. */
bool
destination_has_hosts(struct destination *d)
{
	if (is_relayed(d))
		return d->host < route_plan(d->route)->nhosts ||
		    d->relay + 1 < d->choice.nrelays;
	pick(d);
	return d->npicked > 0 && d->sessions < max_sessions(d);
}

static void
next_relay_host(struct destination *d)
{
	d->npicked = 0;
	if (d->repeat == REPEAT_SAME)
		d->host--;
	if (d->host < route_plan(d->route)->nhosts)
		d->state = WANTS_LOGIN;
	else
		destination_next_relay(d);
}

static void
next_host(struct destination *d, int64_t now)
{
	if (d->repeat == REPEAT_NO && !destination_has_hosts(d)) {
		destination_give_up(d, now);
		return;
	}
	if (is_relayed(d)) {
		next_relay_host(d);
		return;
	}
	if (d->repeat != REPEAT_NO) {
		d->picked[0] = d->used;
		d->npicked = 1;
	}
	launch(d, now);
}

/* "connect mx1 [192.0.2.1]:25: refused", "mx2 [192.0.2.2]:25: 421 busy". */
static bool
describe(struct buf *out, const struct outcome *o)
{
	if (o->stage != STAGE_CONNECT && o->host[0] != '\0') {
		buf_putf(out, "%s [", o->host);
		ip_put(out, &o->peer.ip);
		buf_putf(out, "]:%u: ", o->peer.port);
		if (o->ours[0] != '\0')
			buf_putf(out, "%s, it said: ", o->ours);
		if (o->code != 0)
			buf_putf(out, "%u ", o->code);
	}
	return buf_puts(out, o->text) && !out->full;
}

/* Keep the reason that a host gave, for the case that none does better. */
void
destination_add_problem(struct destination *d, const struct outcome *why)
{
	size_t n = d->problems.n;

	d->silent = d->silent && why->timed_out;
	d->nproblems++;
	if (n > 0)
		buf_puts(&d->problems, "; ");
	if (!describe(&d->problems, why))
		buf_cut(&d->problems, n); /* enough said */
}

/* Mark what the race has shown: failed attempts, and who answered. */
static void
note_race(struct destination *d)
{
	const struct lane *l = &d->lane;

	for (size_t i = 0; i < d->npicked; i++) {
		if (l->dial.attempt[i].state == ATTEMPT_FAILED) {
			d->tried[d->picked[i]] = true;
			destination_add_problem(d, &l->dial.attempt[i].why);
		}
		if (l->session && i == l->dial.winner) {
			d->tried[d->picked[i]] = true;
			d->used = d->picked[i];
		}
	}
}

/*
 * What the lane leaves behind, as the reason for whom it did not settle: they
 * were sent nothing, whatever became of those in its last transaction.
 */
static void
note_end(struct destination *d)
{
	const struct lane *l = &d->lane;

	d->last = l->end;
	d->last.maybe_sent = false;
	if (is_relayed(d) && !l->session)
		destination_add_problem(d, &d->last);
	if (d->last.stage == STAGE_AUTH)
		d->refused_by = d->choice.relay[d->relay];
	if (!l->session)
		return;
	outcome_set_host(&d->last, slice_of(l->at.host), &l->at.at);
	d->silent = false;
	d->sessions += d->repeat == REPEAT_NO;
	if (d->last.verdict != PENDING && d->last.verdict != VERIFIED)
		destination_add_problem(d, &d->last);
}

/*
 * Under `may` a failed handshake is followed by a connection in clear, and a
 * server that takes so many mails a session is called again for the rest.
 */
static enum repeat
repeats(const struct destination *d)
{
	const struct plan *p = route_plan(d->route);
	const struct lane *l = &d->lane;

	if (l->tls_failed && d->repeat != REPEAT_IN_CLEAR &&
	    p->tls == TLS_MAY && p->link != LINK_SMTPS)
		return REPEAT_IN_CLEAR;
	if (l->mails == 0 || l->end.verdict != PENDING || lane_is_settled(l))
		return REPEAT_NO;
	return d->repeat == REPEAT_IN_CLEAR ? REPEAT_IN_CLEAR : REPEAT_SAME;
}

/* Those whom another host may help wait again; false when there are none. */
static bool
reopen(struct destination *d)
{
	struct outcome o;
	bool any = false;

	for (size_t i = 0; i < d->nrcpts; i++) {
		o = recipient_outcome(d->rcpt[i]);
		if (remedy_for(&o) == REMEDY_NEXT_HOST) {
			d->rcpt[i]->verdict = PENDING;
			d->rcpt[i]->decided = 0;
		}
		any = any || d->rcpt[i]->verdict == PENDING;
	}
	return any;
}

static void
lane_over(struct destination *d, int64_t now)
{
	d->job->busy--;
	note_race(d);
	note_end(d);
	d->repeat = repeats(d);
	lane_release(&d->lane);
	if (d->lane.tls_failed && d->repeat == REPEAT_IN_CLEAR)
		events_note(d->job->events, d->lane.number,
		    "TLS failed (%s): once more, in clear", d->lane.end.text);
	if (d->repeat != REPEAT_NO) {
		d->state = READY;
		return;
	}
	if (remedy_for(&d->last) != REMEDY_NEXT_HOST)
		destination_settle(d, &d->last, now);
	if (destination_has_hosts(d) && reopen(d))
		d->state = READY;
	else
		destination_give_up(d, now);
}

static void
step_sending(struct destination *d, const struct wait *w, int64_t now)
{
	lane_step(&d->lane, w, now);
	stamp(d, now);
	if (lane_is_over(&d->lane))
		lane_over(d, now);
}

static size_t
max_lanes(const struct destination *d)
{
	size_t max = d->job->config->max_lanes;

	return max ? max : 100;
}

void
destination_step(struct destination *d, const struct wait *w, int64_t now)
{
	if (d->state == ROUTING)
		destination_step_routing(d, now);
	else if (d->state == SENDING)
		step_sending(d, w, now);
	if (d->state == READY && d->job->busy < max_lanes(d))
		next_host(d, now);
}

/* A lane may have become free after this destination's turn. */
void
destination_wait(struct destination *d, struct wait *w)
{
	if (d->state == SENDING)
		lane_wait(&d->lane, w);
	else if ((d->state == READY && d->job->busy < max_lanes(d)) ||
	    (d->state == ROUTING && !d->ticket))
		wait_until(w, 0);
}
