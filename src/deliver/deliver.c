/* SPDX-License-Identifier: ISC */
/* deliver.c - see deliver.h */
#include "deliver/deliver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/destination.h"
#include "net/clock.h"

struct deliver {
	struct job job;
	struct destination *v;
	size_t n;
};

struct tls_context *
job_tls(struct job *job)
{
	if (!job->tls_tried) {
		job->tls_tried = true;
		job->tls = tls_client_context(&job->config->tls, &job->tls_why);
		if (!job->tls)
			job->tls_why.verdict = DEFERRED;
	}
	return job->tls;
}

int64_t
job_patience(const struct job *job, unsigned seconds)
{
	int64_t limit = job->config->timeout;

	return limit && limit < SECONDS(seconds) ? limit : SECONDS(seconds);
}

/* With --server all go one way; else each domain is a destination. */
static struct destination *
destination_of(struct deliver *d, const struct recipient *r)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->job.config->route.server ||
		    strcmp(d->v[i].domain, r->to.domain) == 0)
			return &d->v[i];
	destination_init(&d->v[d->n], &d->job, r->to.domain);
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
	tls_context_free(d->job.tls);
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
