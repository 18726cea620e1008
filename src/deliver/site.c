/* SPDX-License-Identifier: ISC */
/*
 * site.c - see site.h; here is who waits and which lanes are begun, site_lane.c
 * has what follows from where a lane is.
 */
#include "deliver/site_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/destination.h"

#define LOGIN_MAX 120 /* seconds for a relay to let us in */

/* ---- which site ---- */

static int
compare_hosts(const void *a, const void *b)
{
	const struct plan_host *const *x = a, *const *y = b;

	if ((*x)->preference != (*y)->preference)
		return (*x)->preference < (*y)->preference ? -1 : 1;
	return strcmp((*x)->name, (*y)->name);
}

/* The hosts in an order that does not depend on who asked. */
static void
put_hosts(struct buf *out, const struct plan *p)
{
	const struct plan_host **v = mem_resize(NULL, p->nhosts,
	    sizeof(struct plan_host *));

	for (size_t i = 0; i < p->nhosts; i++)
		v[i] = &p->host[i];
	if (p->nhosts > 1)
		qsort(v, p->nhosts, sizeof(struct plan_host *), compare_hosts);
	for (size_t i = 0; i < p->nhosts; i++)
		buf_putf(out, " %u %s:%u", v[i]->preference, v[i]->name,
		    v[i]->port);
	free(v);
}

/*
 * Names and CA for TLS, and the client's certificate, are the run's, or the
 * relay's.
 */
static void
put_key(struct buf *out, const struct site_call *call)
{
	const struct plan *p = call->plan;

	buf_put(out, (struct slice){ (const char *)&p->relay,
	    sizeof p->relay });
	buf_putf(out, "%d %d %d %d %u", (int)p->link, (int)p->tls,
	    call->tls_fixed, (int)call->quit_after,
	    p->naddresses > 0 ? p->address[0].at.port : 0);
	put_hosts(out, p);
}

static struct site *
make(struct job *job, const struct site_call *call, struct slice key)
{
	const struct plan *p = call->plan;
	struct site *s = mem_alloc(sizeof *s);

	s->job = job;
	s->tls = p->tls;
	s->tls_fixed = call->tls_fixed;
	s->quit_after = call->quit_after;
	s->link = p->link;
	s->relay = p->relay;
	s->most = job->config->max_site_lanes;
	if (s->most == 0)
		s->most = DELIVER_SITE_LANES;
	table_add(&job->sites, &s->node, (struct slice){ mem_dup(key), key.n },
	    s);
	return s;
}

struct site *
site_find(struct job *job, const struct site_call *call, int64_t now)
{
	struct buf key = { 0 };
	struct site *s;

	put_key(&key, call);
	s = table_find(&job->sites, buf_slice(&key));
	if (!s)
		s = make(job, call, buf_slice(&key));
	buf_free(&key);
	s->users++;
	if (s->hops.n == 0 || now >= s->good_until) {
		hops_take_plan(&s->hops, call->plan);
		s->good_until = call->plan->good_until;
	}
	return s;
}

void
site_free(struct site *s)
{
	list_remove(&s->ready);
	table_remove(&s->job->sites, &s->node);
	free((char *)s->node.key.p);
	hops_free(&s->hops);
	free(s);
}

/* What it knows of its hosts is kept for the run, if there is anything. */
void
site_release(struct site *s)
{
	if (--s->users == 0 && s->lanes.n == 0 && site_waiting(s) == 0 &&
	    !hops_remember(&s->hops))
		site_free(s);
}

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

/* An idle lane that nobody who waits may go aboard of is in the way. */
static void
end_idle(struct site *s)
{
	struct lane *l = list_first(&s->lanes);

	while (l && !l->idle.in)
		l = list_after(&l->sibling);
	if (l)
		l->deadline = 0;
}

void
site_wake(struct site *s)
{
	if (site_waiting(s) == 0 || s->ready.in)
		return;
	if (s->lanes.n < s->most)
		list_append(&s->job->ready, &s->ready, s);
	else
		end_idle(s);
}

/* Nobody here can do more for it. */
void
site_strand(struct site *s, struct parcel *p)
{
	p->doubt = p->doubt || hops_doubt(&s->hops, p);
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
	};
	for (size_t i = 0; i < call->n; i++) {
		h = &s->hops.v[call->hop[i]];
		call->target[i] = (struct dial_target){ h->at, h->host };
		call->tls[i] = h->in_clear ? TLS_NONE : s->tls;
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
	struct lane *l;

	call.n = site_next_hops(s, p, now, call.hop);
	if (call.n == 0) {
		site_strand(s, p);
		return;
	}
	fill_call(s, &call);
	l = begin(s, &call, secret, now);
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

/* Sites in turn, a lane each. */
void
sites_step(struct job *job, int64_t now)
{
	struct site *s;

	while (job->ready.n > 0) {
		if (!has_room(job, now))
			make_room(job, now);
		if (!has_room(job, now))
			return;
		s = list_take(&job->ready);
		if (site_waiting(s) == 0 || s->lanes.n >= s->most)
			continue;
		if (s->relay) {
			list_append(&job->logins, &s->ready, s);
			continue;
		}
		begin_lane(s, NULL, now);
		site_wake(s);
	}
}

void
sites_wait(const struct job *job, struct wait *w)
{
	if (job->ready.n > 0 && job->lanes.n < job->max_lanes)
		wait_until(w, job->pause);
}

/* ---- relays ---- */

void
site_log_in(struct site *s, const struct deliver_secret *secret, int64_t now)
{
	list_remove(&s->ready);
	s->asked = false;
	while (site_waiting(s) > 0 && s->lanes.n < s->most &&
	    has_room(s->job, now))
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
	while ((p = take_first(s))) {
		parcel_add_problem(p, &o);
		p->doubt = true;
		site_strand(s, p);
	}
}
