/* SPDX-License-Identifier: ISC */
/* destination.c - see destination.h */
#include "deliver/destination.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/parcel.h"
#include "deliver/site.h"
#include "deliver/sts.h"

/*
 * Routes under way at a time: more than the resolver's questions, so that it is
 * never idle; few enough that 20,000 domains that wait cost nothing.
 */
#define ROUTING_MAX 256
#define SWEEP_FROM  1024 /* destinations from which old ones are looked for */

/* ---- finding ---- */

/* Only the octets up to the domain tell ways by relay or --server apart. */
static void
put_key(struct buf *out, const struct route_key *key, bool mixed)
{
	buf_put(out, (struct slice){ (const char *)&key->rule,
	    sizeof(void *) });
	buf_put(out, (struct slice){ (const char *)key->relay,
	    key->nrelays * sizeof(void *) });
	buf_putc(out, (char)key->quit_after);
	buf_putc(out, (char)key->tls_waived);
	buf_putc(out, (char)key->tls_floor);
	buf_putc(out, (char)key->tls_optional);
	if (!mixed)
		buf_puts(out, key->domain);
}

static struct destination *
make(struct job *job, const struct route_key *key, struct slice octets)
{
	struct destination *d = mem_alloc(sizeof *d);
	const struct relay_spec **relay;

	d->job = job;
	d->key = *key;
	d->key.domain = mem_dup(slice_of(key->domain));
	d->key.relay = NULL;
	if (key->nrelays > 0) {
		relay = mem_resize(NULL, key->nrelays, sizeof(void *));
		memcpy(relay, key->relay, key->nrelays * sizeof(void *));
		d->key.relay = relay;
	}
	table_add(&job->destinations, &d->node,
	    (struct slice){ mem_dup(octets), octets.n }, d);
	if (job->config->plan_only)
		list_append(&job->plans, &d->listed, d);
	return d;
}

/* Nobody names it, and it knows nothing that is still good. */
static void
sweep(void *destination)
{
	struct destination *d = destination;

	if (d->users == 0 && d->state == DESTINATION_KNOWN &&
	    d->job->now >= d->good_until)
		destination_free(d);
}

struct destination *
destination_find(struct job *job, const struct route_key *key)
{
	bool mixed = key->nrelays > 0 || job->config->route.server;
	struct destination *d;
	struct buf octets = { 0 };

	put_key(&octets, key, mixed);
	d = table_find(&job->destinations, buf_slice(&octets));
	if (!d && job->destinations.n >= job->sweep_at) {
		table_each(&job->destinations, sweep);
		job->sweep_at = 2 * job->destinations.n + SWEEP_FROM;
	}
	if (!d)
		d = make(job, key, buf_slice(&octets));
	buf_free(&octets);
	return d;
}

struct destination *
destination_next(const struct destination *d)
{
	struct route_key key = d->key;

	if (key.nrelays < 2)
		return NULL;
	key.relay++;
	key.nrelays--;
	return destination_find(d->job, &key);
}

void
destination_free(struct destination *d)
{
	assert(d->users == 0);
	list_remove(&d->queue);
	list_remove(&d->listed);
	destination_end_route(d);
	table_remove(&d->job->destinations, &d->node);
	free((char *)d->node.key.p);
	free((char *)d->key.domain);
	free((void *)d->key.relay);
	buf_free(&d->rcpts);
	result_release(d->no_way);
	sts_policy_free(d->policy);
	free(d->policy);
	if (d->site)
		site_release(d->site);
	free(d);
}

/* When no more will come, what is of no use any more goes at once. */
void
destination_release(struct destination *d)
{
	d->users--;
	if (d->users == 0 && d->job->closed && !d->job->config->plan_only)
		destination_free(d);
}

void
destination_put(struct destination *d, struct parcel *p)
{
	if (p->destination != d) {
		d->users++;
		destination_release(p->destination);
		p->destination = d;
	}
	d->latest = p;
	list_append(&d->parcels, &p->queue, p);
	if (!d->queue.in)
		list_append(&d->job->todo, &d->queue, d);
}

/* ---- stepping ---- */

/*
 * A relay that cannot be found is no reason to bounce: the next, or later; nor
 * is the server that has our mailboxes.
 */
static void
no_way(struct destination *d, struct parcel *p, int64_t now)
{
	struct outcome why = result_outcome(d->no_way);

	if (d->key.rule && d->key.rule->is_mailbox) {
		why.verdict = DEFERRED;
		why.esc.cls = 4;
	}
	if (d->key.nrelays == 0) {
		parcel_settle(p, &why, now);
		parcel_retire(p);
		return;
	}
	why.verdict = DEFERRED;
	parcel_add_problem(p, &why);
	p->doubt = true;
	list_append(&d->job->stranded, &p->queue, p);
}

/* Whom --explain names. */
static void
note_recipients(struct destination *d, const struct parcel *p)
{
	for (const struct recipient *r = p->waiting.first; r; r = r->next)
		buf_putf(&d->rcpts, "%s\n", r->to.path);
}

/* The parcels that waited for it go on, or end when a plan was all. */
static void
dispatch(struct destination *d, int64_t now)
{
	struct parcel *p;

	d->users++; /* it stays until all have gone */
	while ((p = list_take(&d->parcels))) {
		if (d->job->config->plan_only)
			note_recipients(d, p);
		if (d->no_way)
			no_way(d, p, now);
		else if (d->job->config->plan_only)
			list_append(&d->job->stranded, &p->queue, p);
		else
			site_put(d->site, p, now);
	}
	d->latest = NULL;
	destination_release(d);
}

void
destinations_step(struct job *job, int64_t now)
{
	struct destination *d, *next;

	for (d = list_first(&job->routing); d; d = next) {
		next = list_after(&d->queue);
		if (destination_step_route(d, now)) {
			list_remove(&d->queue);
			dispatch(d, now);
		}
	}
	while ((d = list_first(&job->todo))) {
		bool known = d->state == DESTINATION_KNOWN &&
		    now < d->good_until;

		if (!known && job->routing.n >= ROUTING_MAX)
			return;
		list_remove(&d->queue);
		if (!known)
			destination_start_route(d);
		if (known || destination_step_route(d, now))
			dispatch(d, now);
		else
			list_append(&job->routing, &d->queue, d);
	}
}

void
destinations_wait(const struct job *job, struct wait *w)
{
	sts_wait(job->sts, w);
	if (job->todo.n > 0 && job->routing.n < ROUTING_MAX)
		wait_until(w, 0);
}
