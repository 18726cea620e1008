/* SPDX-License-Identifier: ISC */
/*
 * deliver.c - see deliver.h
 *
 * A step costs what there is to do, not what there is: only what is under way
 * stands in a list that is walked (routes, lanes), and there are limits to how
 * much that is.
 */
#include "deliver/deliver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/destination.h"
#include "deliver/lane.h"
#include "deliver/parcel.h"
#include "deliver/site.h"
#include "deliver/sts.h"
#include "mail/header.h"
#include "net/limit.h"
#include "net/random.h"

#define RESERVE	 24 /* descriptors for files, pipes, signals, a library */
#define DNS_PART 64 /* ... for questions, but a quarter at most */
#define RACE	 2  /* ... of a lane, while it races addresses */

/* As many lanes as are wished, and as there are descriptors for. */
static size_t
lanes_limit(const struct deliver_config *config)
{
	size_t most = config->max_lanes ? config->max_lanes : DELIVER_LANES;
	size_t have = limit_descriptors(RESERVE + DNS_PART +
	    size_mul(most, RACE));
	size_t dns = have / 4 < DNS_PART ? have / 4 : DNS_PART;

	have = have > RESERVE + dns ? (have - RESERVE - dns) / RACE : 0;
	if (have < most)
		most = have;
	return most > 0 ? most : 1;
}

struct deliver *
deliver_new(const struct deliver_config *config, struct events *events)
{
	struct deliver *d = mem_alloc(sizeof *d);

	d->job.config = config;
	d->job.events = events;
	d->job.resolver = resolver_new(&config->resolver, events);
	if (config->sts_refresh)
		d->job.sts = sts_new(config, d->job.resolver, events);
	d->job.most_lanes = d->job.max_lanes = lanes_limit(config);
	d->job.pause = INT64_MIN;
	random_draw(&d->job.destinations.seed,
	    sizeof d->job.destinations.seed);
	d->job.sites.seed = d->job.destinations.seed;
	d->job.gates.seed = d->job.destinations.seed;
	d->job.due = d->job.pace = WAIT_NEVER;
	return d;
}

static void
drop_site(void *site)
{
	site_free(site);
}

static void
drop_destination(void *destination)
{
	destination_free(destination);
}

static void
drop_parcels(struct list *consignments)
{
	struct consignment *c;
	struct parcel *p;

	while ((c = list_take(consignments))) {
		while ((p = list_first(&c->parcels)))
			parcel_free(p);
		parcel_forget_signatures(c);
	}
}

void
deliver_free(struct deliver *d)
{
	struct lane *l;

	if (!d)
		return;
	while ((l = list_first(&d->job.lanes))) {
		lane_land(l);
		lane_free(l);
	}
	drop_parcels(&d->job.open);
	table_each(&d->job.destinations, drop_destination);
	table_each(&d->job.sites, drop_site);
	table_free(&d->job.destinations);
	table_free(&d->job.sites);
	table_free(&d->job.gates); /* each ended with its last lane */
	sts_free(d->job.sts);
	resolver_free(d->job.resolver); /* after all that hold tickets */
	if (d->job.tls)
		d->job.net->tls->context_free(d->job.tls);
	free(d);
}

bool
deliver_check_tls(struct deliver *d, struct outcome *why)
{
	if (job_tls(&d->job))
		return true;
	*why = d->job.tls_why;
	if (why->stage == STAGE_CONFIG)
		why->verdict = FAILED; /* nothing was tried: no need to wait */
	return false;
}

/* ---- consignments ---- */

bool
deliver_takes(const struct deliver_config *config, const struct recipient *r)
{
	return !r->local ||
	    (config->mailbox && r->local->kind == LOCAL_MAILBOX &&
		(!config->owner_first || r->local->index == LOCAL_ITSELF));
}

/* --server goes over all rules, but for those of this machine. */
static struct destination *
destination_for(struct job *job, const struct consignment *c,
    const struct recipient *r)
{
	struct choice choice = { .nrelays = 0 };
	struct route_key key = { .domain = r->to.domain,
		.quit_after = c->quit_after, .tls_floor = c->tls_floor,
		.tls_floor_why = c->tls_floor_why,
		.tls_optional = c->tls_report,
		.tls_waived = c->tls_waived };

	if (r->local) {
		key.rule = job->config->mailbox;
	} else if (!job->config->route.server && job->config->rules) {
		rules_choose(job->config->rules, c->envelope->from.path,
		    r->to.domain, &choice);
		key.rule = choice.nrelays > 0 ? NULL : choice.rule;
		key.relay = choice.relay;
		key.nrelays = choice.nrelays;
	}
	return destination_find(job, &key);
}

/* The consignment's parcel for this destination, made with its first. */
static struct parcel *
parcel_for(struct job *job, struct consignment *c, const struct recipient *r)
{
	struct destination *d = destination_for(job, c, r);
	struct parcel *p;

	if (d->latest && d->latest->consignment == c)
		return d->latest;
	p = parcel_new(job, c, d);
	destination_put(d, p);
	return p;
}

void
deliver_add(struct deliver *d, struct consignment *c)
{
	struct job *job = &d->job;
	struct envelope *e = c->envelope;

	assert(!job->closed);
	c->tls_waived = c->message &&
	    header_waives_tls(buf_slice(&c->message->head));
	for (size_t i = 0; i < e->n; i++) {
		if (e->rcpts[i].verdict != PENDING ||
		    !deliver_takes(job->config, &e->rcpts[i]))
			continue;
		e->rcpts[i].site = 0;
		e->rcpts[i].host_fault = false;
		parcel_add(parcel_for(job, c, &e->rcpts[i]), &e->rcpts[i]);
	}
	list_append(c->parcels.n > 0 ? &job->open : &job->finished, &c->node,
	    c);
}

struct consignment *
deliver_finished(struct deliver *d)
{
	return list_take(&d->job.finished);
}

void
deliver_close(struct deliver *d)
{
	d->job.closed = true;
}

static void
end_parcel(struct parcel *p, const struct outcome *why, int64_t now)
{
	struct lane *l = p->lane;

	if (l) {
		lane_stop(l, why, now);
		lane_land(l);
		site_end_lane(l, now);
	}
	list_remove(&p->queue);
	parcel_settle(p, why, now);
	parcel_retire(p);
}

/* All that is left of it ends now, for this reason. */
static void
end_consignment(struct consignment *c, const struct outcome *why, int64_t now)
{
	struct parcel *p, *next;

	for (p = list_first(&c->parcels); p; p = next) {
		next = list_after(&p->sibling);
		end_parcel(p, why, now);
	}
}

void
deliver_cancel(struct deliver *d, struct consignment *c,
    const struct outcome *why, int64_t now)
{
	(void)d;
	end_consignment(c, why, now);
}

void
deliver_withdraw(struct deliver *d, struct consignment *c,
    const struct outcome *why, int64_t now)
{
	struct parcel *p, *next;

	(void)d;
	for (p = list_first(&c->parcels); p; p = next) {
		next = list_after(&p->sibling);
		if (p->lane && lane_is_connected(p->lane) &&
		    session_is_committed(p->lane->session))
			parcel_settle(p, why, now);
		else
			end_parcel(p, why, now);
	}
}

void
deliver_stop(struct deliver *d, const struct outcome *why, int64_t now)
{
	struct consignment *c, *next;
	struct lane *l;

	for (c = list_first(&d->job.open); c; c = next) {
		next = list_after(&c->node);
		end_consignment(c, why, now);
	}
	while ((l = list_first(&d->job.lanes))) {
		lane_stop(l, why, now);
		site_end_lane(l, now);
	}
}

/* ---- recording ---- */

bool
deliver_unrecorded(struct deliver *d, struct deliver_batch *out)
{
	struct parcel *p = list_take(&d->job.unrecorded);

	if (!p)
		return false;
	*out = (struct deliver_batch){ .consignment = p->consignment,
		.rcpts = p->fresh, .n = p->nfresh, .parcel = p };
	p->recording += p->nfresh;
	p->fresh = (struct recipient_list){ 0 };
	p->nfresh = 0;
	return true;
}

void
deliver_recorded(struct deliver *d, const struct deliver_batch *batch)
{
	struct parcel *p = batch->parcel;

	assert(p->recording >= batch->n);
	p->recording -= batch->n;
	if (!p->lane)
		parcel_retire(p);
	else if (p->lane->state == LANE_FREE)
		p->lane->deadline = d->job.now; /* the next step's */
}

/* ---- the loop ---- */

/* Whom no host here could help: the next relay, or that is the end. */
static void
step_stranded(struct job *job, int64_t now)
{
	struct destination *next;
	struct parcel *p;

	while ((p = list_take(&job->stranded))) {
		if (job->config->plan_only) {
			parcel_end(p);
			continue;
		}
		next = destination_next(p->destination);
		if (!next) {
			parcel_give_up(p, now);
			parcel_retire(p);
			continue;
		}
		parcel_reopen(p);
		parcel_forget_tries(p);
		destination_put(next, p);
	}
}

static void
step_lanes(struct job *job, const struct wait *w, int64_t now)
{
	struct lane *l, *next;

	for (l = list_first(&job->lanes); l; l = next) {
		next = list_after(&l->node);
		site_step_lane(l, w, now);
	}
}

void
deliver_step(struct deliver *d, const struct wait *w, int64_t now)
{
	struct job *job = &d->job;

	job->now = now;
	sites_wake(job, now);
	resolver_step(job->resolver, w, now);
	sts_step(job->sts, w, now);
	step_lanes(job, w, now);
	step_stranded(job, now);
	destinations_step(job, now);
	step_stranded(job, now);
	sites_step(job, now);
}

void
deliver_wait(struct deliver *d, struct wait *w)
{
	struct job *job = &d->job;
	struct lane *l;

	resolver_wait(job->resolver, w);
	destinations_wait(job, w);
	sites_wait(job, w);
	for (l = list_first(&job->lanes); l; l = list_after(&l->node))
		lane_wait(l, w);
	if (job->stranded.n > 0 || (job->closed && job->idle.n > 0))
		wait_until(w, 0);
}

bool
deliver_is_idle(const struct deliver *d)
{
	return d->job.open.n == 0 && d->job.lanes.n == 0;
}

bool
deliver_next_plan(struct deliver *d, const struct plan **plan,
    struct slice *rcpts)
{
	const struct destination *next = list_take(&d->job.plans);

	*plan = NULL;
	*rcpts = next ? buf_slice(&next->rcpts) : SLICE("");
	if (next && next->routing)
		*plan = route_plan(next->routing->route);
	return next != NULL;
}

void
deliver_progress(const struct deliver *d, uint64_t *sent, uint64_t *size)
{
	const struct lane *l = list_first(&d->job.lanes);

	*sent = d->job.text_sent;
	*size = d->job.text_size;
	for (; l; l = list_after(&l->node))
		lane_progress(l, sent, size);
}

struct awaited
deliver_awaited(const struct deliver *d)
{
	return job_awaited(&d->job);
}

unsigned
deliver_lanes(const struct deliver *d)
{
	return d->job.begun;
}
