/* SPDX-License-Identifier: ISC */
/* deliver.c - see deliver.h */
#include "deliver/deliver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/destination.h"
#include "net/clock.h"
#include "net/door.h"

struct deliver {
	struct job job;
	struct destination *v;
	size_t n;
};

struct tls_context *
job_tls(struct job *job)
{
	if (job->tls_tried)
		return job->tls;
	job->tls_tried = true;
	job->net = net_module_open(&job->tls_why);
	if (job->net)
		job->tls = job->net->tls->client(&job->config->tls,
		    &job->tls_why);
	if (!job->tls)
		job->tls_why.verdict = DEFERRED;
	return job->tls;
}

int64_t
job_patience(const struct job *job, unsigned seconds)
{
	int64_t limit = job->config->timeout;

	return limit && limit < SECONDS(seconds) ? limit : SECONDS(seconds);
}

const struct relay_module *
job_relays(struct job *job, struct outcome *why)
{
	static const struct door door = RELAY_DOOR;

	if (!job->relays)
		job->relays = door_open(&door, why);
	return job->relays;
}

/* --server goes over all rules. */
static struct choice
choose(const struct job *job, const struct recipient *r)
{
	struct choice c = { 0 };

	if (!job->config->route.server && job->config->rules)
		rules_choose(job->config->rules, job->envelope->from.path,
		    r->to.domain, &c);
	return c;
}

/* With --server, or through one relay, all go one way; else by domain. */
static bool
goes_there(const struct destination *v, const struct choice *c,
    const char *domain)
{
	if (v->choice.nrelays != c->nrelays)
		return false;
	if (c->nrelays > 0)
		return memcmp(v->choice.relay, c->relay,
		    c->nrelays * sizeof c->relay[0]) == 0;
	return v->job->config->route.server || strcmp(v->domain, domain) == 0;
}

static struct destination *
destination_of(struct deliver *d, const struct recipient *r)
{
	struct choice c = choose(&d->job, r);

	for (size_t i = 0; i < d->n; i++)
		if (goes_there(&d->v[i], &c, r->to.domain))
			return &d->v[i];
	destination_init(&d->v[d->n], &d->job, r->to.domain, &c);
	return &d->v[d->n++];
}

struct deliver *
deliver_new(const struct deliver_config *config, struct envelope *envelope,
    const struct message *message, struct events *events)
{
	struct deliver *d = mem_alloc(sizeof *d);

	d->job = (struct job){
		.config = config,
		.envelope = envelope,
		.message = message,
		.events = events,
		.resolver = resolver_new(&config->resolver, events),
	};
	/* at most one destination each, so that they never move */
	d->v = mem_alloc(size_mul(envelope->n, sizeof *d->v));
	for (size_t i = 0; i < envelope->n; i++)
		destination_add(destination_of(d, &envelope->rcpts[i]),
		    &envelope->rcpts[i]);
	return d;
}

void
deliver_free(struct deliver *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		destination_free(&d->v[i]);
	free(d->v);
	resolver_free(d->job.resolver);
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

const struct relay_spec *
deliver_wants_login(const struct deliver *d)
{
	const struct relay_spec *relay = NULL;

	for (size_t i = 0; i < d->n && !relay; i++)
		relay = destination_wants_login(&d->v[i]);
	return relay;
}

void
deliver_login(struct deliver *d, const struct relay_spec *relay,
    const struct deliver_secret *secret)
{
	for (size_t i = 0; i < d->n; i++)
		if (destination_wants_login(&d->v[i]) == relay)
			destination_login(&d->v[i], secret);
}

void
deliver_no_login(struct deliver *d, const struct relay_spec *relay,
    const struct outcome *why, int64_t now)
{
	for (size_t i = 0; i < d->n; i++)
		if (destination_wants_login(&d->v[i]) == relay)
			destination_no_login(&d->v[i], why, now);
}

const struct relay_spec *
deliver_refused_login(struct deliver *d)
{
	const struct relay_spec *relay = NULL;

	for (size_t i = 0; i < d->n && !relay; i++)
		relay = destination_refused_login(&d->v[i]);
	return relay;
}

void
deliver_wait(struct deliver *d, struct wait *w)
{
	resolver_wait(d->job.resolver, w);
	for (size_t i = 0; i < d->n; i++)
		destination_wait(&d->v[i], w);
}

void
deliver_step(struct deliver *d, const struct wait *w, int64_t now)
{
	resolver_step(d->job.resolver, w, now);
	for (size_t i = 0; i < d->n; i++)
		destination_step(&d->v[i], w, now);
}

bool
deliver_is_done(const struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].state != SETTLED)
			return false;
	return true;
}

void
deliver_stop(struct deliver *d, const struct outcome *why, int64_t now)
{
	for (size_t i = 0; i < d->n; i++)
		destination_stop(&d->v[i], why, now);
}

const struct plan *
deliver_plan(const struct deliver *d, size_t i)
{
	return i < d->n ? destination_plan(&d->v[i]) : NULL;
}

size_t
deliver_destinations(const struct deliver *d)
{
	return d->n;
}

void
deliver_progress(const struct deliver *d, uint64_t *sent, uint64_t *size)
{
	*sent = d->job.text_sent;
	*size = d->job.text_size;
	for (size_t i = 0; i < d->n; i++)
		lane_progress(&d->v[i].lane, sent, size);
}

struct awaited
deliver_awaited(const struct deliver *d)
{
	struct awaited longest = { 0 }, a;

	for (size_t i = 0; i < d->n; i++) {
		a = destination_awaited(&d->v[i]);
		if (a.stage != STAGE_NONE && (longest.stage == STAGE_NONE ||
		    a.since < longest.since))
			longest = a;
	}
	return longest;
}
