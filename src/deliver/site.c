/* SPDX-License-Identifier: ISC */
/*
 * site.c - see site.h; here is who waits and which lanes are begun.  Which site
 * it is says site_find.c, what follows from where a lane is site_lane.c, how
 * much a site is given site_wait.c.
 */
#include "deliver/site_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/destination.h"
#include "deliver/gate.h"

#define LOGIN_MAX 120 /* seconds for a relay to let us in */

/* ---- who waits ---- */

size_t
site_waiting(const struct site *s)
{
	size_t n = 0;

	for (size_t i = 0; i < NCLASSES; i++)
		n += s->waiting[i].n;
	return n;
}

struct list *
site_queue(struct site *s, size_t k)
{
	static const enum mail_class turns[] = { CLASS_URGENT, CLASS_NORMAL,
		CLASS_URGENT, CLASS_NORMAL, CLASS_URGENT, CLASS_BULK,
		CLASS_URGENT };
	static const enum mail_class by_urgency[NCLASSES] = { CLASS_URGENT,
		CLASS_NORMAL, CLASS_BULK };
	size_t n = sizeof turns / sizeof turns[0];

	return &s->waiting[k == 0 ? turns[s->turn % n] : by_urgency[k - 1]];
}

void
site_put_first(struct site *s, struct parcel *p)
{
	list_prepend(&s->waiting[p->consignment->class], &p->queue, p);
}

/* Who has waited longest, of the class whose turn it is. */
static struct parcel *
take_first(struct site *s)
{
	struct parcel *p = NULL;

	for (size_t k = 0; !p && k <= NCLASSES; k++)
		p = list_take(site_queue(s, k));
	s->turn++;
	return p;
}

static struct lane *
any_idle(const struct site *s)
{
	struct lane *l = list_first(&s->lanes);

	while (l && !l->idle.in)
		l = list_after(&l->sibling);
	return l;
}

/* An idle lane that nobody who waits may go aboard of is in the way. */
static void
end_idle(struct site *s)
{
	struct lane *l = any_idle(s);

	if (l)
		l->deadline = 0;
}

/* Its next mail is not due yet. */
static void
await_pace(struct site *s)
{
	list_append(&s->job->paced, &s->ready, s);
	if (s->pace < s->job->pace)
		s->job->pace = s->pace;
}

void
site_wake(struct site *s)
{
	if (site_waiting(s) == 0 || s->ready.in)
		return;
	if (site_is_down(s, s->job->now))
		list_prepend(&s->job->ready, &s->ready, s);
	else if (site_is_paced(s, s->job->now))
		await_pace(s);
	else if (s->lanes.n < site_lanes_max(s))
		list_append(&s->job->ready, &s->ready, s);
	else
		end_idle(s);
}

/* Nobody here can do more for it. */
void
site_strand(struct site *s, struct parcel *p)
{
	p->doubt = p->doubt || hops_doubt(&s->hops, p);
	if (s->next != 0 && (p->soonest == 0 || s->next < p->soonest_next)) {
		p->soonest = s->node.hash;
		p->soonest_next = s->next;
	}
	list_append(&s->job->stranded, &p->queue, p);
}

bool
site_may_take(const struct lane *l, const struct parcel *p)
{
	size_t hop = l->call.hop[l->winner];

	return (p->same == NO_HOP || p->same == hop) &&
	    !parcel_has_tried(p, hop);
}

static struct lane *
idle_lane(struct site *s, const struct parcel *p)
{
	struct lane *l = list_first(&s->lanes);

	while (l && (!l->idle.in || !site_may_take(l, p)))
		l = list_after(&l->sibling);
	return l;
}

void
site_put(struct site *s, struct parcel *p, int64_t now)
{
	struct lane *l = site_waiting(s) == 0 ? idle_lane(s, p) : NULL;

	p->site = s->node.hash;
	if (l) {
		lane_board(l, p);
		site_go_on(l, now);
		return;
	}
	list_append(&s->waiting[p->consignment->class], &p->queue, p);
	site_wake(s);
}

/* ---- beginning lanes ---- */

static size_t
max_sessions(const struct job *job)
{
	return job->config->max_sessions ? job->config->max_sessions :
					   DELIVER_SESSIONS;
}

/* Relays were named by the user one by one: all of them are asked. */
size_t
site_next_hops(struct site *s, struct parcel *p, int64_t now,
    size_t out[DIAL_MAX])
{
	if (!s->relay && p->same == NO_HOP &&
	    p->sessions >= max_sessions(s->job))
		return 0;
	return hops_next(&s->hops, p, now, out);
}

static void
fill_call(const struct site *s, struct lane_call *call)
{
	const struct hop *h;

	call->config = (struct session_config){
		.helo = s->job->config->helo,
		.tls = s->tls,
		.tls_fixed = s->tls_fixed,
		.link = s->link,
		.relay = s->relay != NULL,
		.quit_after = s->quit_after,
		.drill = s->job->config->drill,
	};
	for (size_t i = 0; i < call->n; i++) {
		h = &s->hops.v[call->hop[i]];
		call->target[i] = (struct dial_target){ h->at, h->host };
		call->tls[i] = h->in_clear ? TLS_NONE : h->tls;
		call->dane[i] = h->dane;
		call->by_sts[i] = h->by_sts;
		call->no_bdat[i] = h->no_bdat;
	}
}

static struct relay_call
relay_call(const struct site *s, const struct hop *h,
    const struct deliver_secret *secret)
{
	const struct relay_spec *spec = s->relay;

	return (struct relay_call){
		.host = h->host,
		.port = h->at.port,
		.addresses = h->addresses,
		.implicit_tls = h->implicit_tls,
		.helo = spec->helo ? spec->helo : s->job->config->helo,
		.ca = spec->ca,
		.cert = spec->cert,
		.key = spec->key,
		.tls_name = spec->tls_name,
		.terms = s->job->config->tls.terms,
		.proxy = spec->proxy,
		.source = spec->source.version ? spec->source :
						 s->job->config->dial.source,
		.auth = secret->kind,
		.user = secret->user,
		.secret = secret->secret,
		.mechanism = auth_method_name(spec->auth),
		.timeout = job_patience(s->job, LOGIN_MAX),
	};
}

static struct lane *
begin(struct site *s, const struct lane_call *call,
    const struct deliver_secret *secret, int64_t now)
{
	struct relay_call login;
	struct lane *l;

	if (!secret)
		return lane_dial(s->job, s, call, now);
	login = relay_call(s, &s->hops.v[call->hop[0]], secret);
	l = lane_log_in(s->job, s, call, &login);
	l->secret_kept = secret->kept && !s->stale;
	return l;
}

/* For the first parcel that waits; it is stranded when nobody can be asked. */
static void
begin_lane(struct site *s, const struct deliver_secret *secret, int64_t now)
{
	struct parcel *p = take_first(s);
	struct lane_call call = { .n = 0 };
	struct gate *full;
	struct lane *l;

	call.n = site_next_hops(s, p, now, call.hop);
	if (call.n == 0) {
		site_strand(s, p);
		return;
	}
	fill_call(s, &call);
	full = gate_limit(s->job, &call);
	if (full) {
		site_put_first(s, p);
		gate_await(full, s);
		return;
	}
	site_pace(s, now);
	job_about(s->job, p);
	l = begin(s, &call, secret, now);
	job_about(s->job, NULL);
	l->paid = true;
	gate_begin(l);
	list_append(&s->lanes, &l->sibling, l);
	lane_board(l, p);
}

static bool
has_room(const struct job *job, int64_t now)
{
	return job->lanes.n < job->max_lanes && now >= job->pause;
}

/* A lane that waits for a mail makes room for one that has one. */
static void
make_room(struct job *job, int64_t now)
{
	struct lane *l = list_first(&job->idle);

	if (job->lanes.n >= job->max_lanes && l) {
		lane_quit(l, now);
		site_go_on(l, now);
	}
}

/* All who wait for it are told that it is down. */
static void
strand_all(struct site *s, int64_t now)
{
	size_t hop[DIAL_MAX];
	struct parcel *p;

	while ((p = take_first(s))) {
		p->same = NO_HOP;
		site_next_hops(s, p, now, hop);
		site_strand(s, p);
	}
}

/* A lane that was left waiting by the rate takes the next mail. */
static bool
rouse(struct site *s, int64_t now)
{
	struct lane *l = s->interval > 0 ? any_idle(s) : NULL;
	size_t n = site_waiting(s);

	if (!l || site_is_paced(s, now) || site_is_down(s, now))
		return false;
	site_go_on(l, now);
	return site_waiting(s) < n;
}

/* A lane for the first who waits, if all agree. */
static void
advance(struct site *s, int64_t now)
{
	if (site_is_down(s, now))
		strand_all(s, now);
	if (site_waiting(s) == 0 || rouse(s, now))
		return;
	if (site_is_paced(s, now)) {
		await_pace(s);
	} else if (s->lanes.n >= site_lanes_max(s)) {
		end_idle(s);
	} else if (s->relay) {
		list_append(&s->job->logins, &s->ready, s);
	} else {
		begin_lane(s, NULL, now);
	}
}

/* May the next site that is ready have its turn? */
static bool
is_next(struct job *job, int64_t now)
{
	const struct site *s = list_first(&job->ready);

	if (s && !has_room(job, now) && !site_is_down(s, now))
		make_room(job, now);
	s = list_first(&job->ready);
	return s && (has_room(job, now) || site_is_down(s, now));
}

static void
wake_paced(struct job *job, int64_t now)
{
	struct site *s, *next;

	if (now < job->pace)
		return;
	job->pace = WAIT_NEVER;
	for (s = list_first(&job->paced); s; s = next) {
		next = list_after(&s->ready);
		if (!site_is_paced(s, now)) {
			list_remove(&s->ready);
			list_append(&job->ready, &s->ready, s);
		} else if (s->pace < job->pace) {
			job->pace = s->pace;
		}
	}
}

/* Sites in turn, a lane each. */
void
sites_step(struct job *job, int64_t now)
{
	struct gate *from;
	struct site *s;

	wake_paced(job, now);
	while (is_next(job, now)) {
		s = list_take(&job->ready);
		s->users++; /* it stays until this is done */
		from = s->gate;
		s->gate = NULL;
		advance(s, now);
		site_wake(s);
		gate_pass(from);
		site_release(s);
	}
}

void
sites_wait(const struct job *job, struct wait *w)
{
	if (job->ready.n > 0 && job->lanes.n < job->max_lanes)
		wait_until(w, job->pause);
	if (job->paced.n > 0)
		wait_until(w, job->pace);
	if (job->down.n > 0)
		wait_until(w, job->due);
}

/* ---- relays ---- */

void
site_log_in(struct site *s, const struct deliver_secret *secret, int64_t now)
{
	list_remove(&s->ready);
	s->asked = false;
	while (site_waiting(s) > 0 && s->lanes.n < site_lanes_max(s) &&
	    !site_is_paced(s, now) && has_room(s->job, now))
		begin_lane(s, secret, now);
	s->stale = false;
	site_wake(s);
}

/* It would be the same at its other hosts. */
void
site_refuse_login(struct site *s, const struct outcome *why)
{
	struct outcome o = *why;
	struct parcel *p;

	list_remove(&s->ready);
	s->asked = s->stale = false;
	o.verdict = DEFERRED;
	site_barred(s, &o, s->job->now);
	while ((p = take_first(s))) {
		bool heard = p->heard;

		parcel_add_problem(p, &o);
		p->heard = heard;
		p->doubt = true;
		site_strand(s, p);
	}
}
