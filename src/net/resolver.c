/* SPDX-License-Identifier: ISC */
/*
 * resolver.c - see resolver.h
 *
 * A ticket is waiting (in the queue), under way (it has a lookup and stands in
 * `active`) or done; one that nobody holds is always done.
 */
#include "net/resolver_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/hosts.h"
#include "net/module.h"
#include "net/random.h"

#define ATTEMPT	       SECONDS(5)
#define BUDGET	       SECONDS(15)
#define TURNS	       2
#define FAILURE_KEPT   SECONDS(30)
#define HOSTS_KEPT     SECONDS(10)
#define STARVED_PAUSE  (SECONDS(1) / 10)
#define STARVED_BUDGET 20 /* times the budget of a question */

/*
 * Defaults for zeros; and however short the budget, it is enough to ask every
 * server, and one of them twice.
 */
static void
fill_in(struct resolver_config *c)
{
	int64_t share;

	if (c->budget == 0 || c->budget > BUDGET)
		c->budget = BUDGET;
	share = c->budget / (int64_t)(c->n + 1);
	if (c->attempt == 0)
		c->attempt = ATTEMPT;
	if (c->attempt > share)
		c->attempt = share;
	if (c->attempts == 0)
		c->attempts = TURNS;
}

struct resolver *
resolver_new(const struct resolver_config *config, struct events *events)
{
	struct resolver *r = mem_alloc(sizeof *r);

	assert(config->n <= RESOLVER_SERVERS);
	r->all.config = *config;
	fill_in(&r->all.config);
	r->all.events = events;
	r->all.heard_at = INT64_MIN;
	r->pause_ends = r->silent_at = INT64_MIN;
	random_draw(&r->cache.table.seed, sizeof r->cache.table.seed);
	return r;
}

/* Its lookup, if any, ends; it stands in no queue and is not active. */
static void
stop_lookup(struct ticket *t)
{
	if (t->lookup)
		lookup_free(t->lookup);
	free(t->lookup);
	t->lookup = NULL;
}

void
resolver_free(struct resolver *r)
{
	if (!r)
		return;
	resolver_free_chains(r);
	validator_free(&r->validator);
	for (size_t i = 0; i < r->nactive; i++)
		stop_lookup(r->active[i]);
	sockets_close(&r->all.sockets);
	cache_free(&r->cache);
	free(r);
}

static struct dns_question
question_of(const struct ticket *t)
{
	return (struct dns_question){ .name = t->name, .type = t->type,
		.raw = t->kind == BY_PACKET };
}

/* How long the answer is good for, unless it has no use but for its askers. */
static int64_t
lifetime(const struct dns_answer *a)
{
	if (a->fault != STAGE_NONE)
		return 0;
	return a->status == DNS_SOFT ? FAILURE_KEPT : SECONDS((int64_t)a->ttl);
}

void
resolver_settle(struct resolver *r, struct ticket *t, struct dns_answer answer,
    int64_t now)
{
	struct dns_question q = question_of(t);

	stop_lookup(t);
	t->answer = answer;
	t->answer.good_until = now + lifetime(&answer);
	t->done = true;
	if (t->kind != BY_PACKET)
		lookups_report(&r->all, &q, &t->answer);
}

/* ---- short of descriptors ---- */

/* The ticket goes back to the front of the queue, and all wait a little. */
static void
starved(struct resolver *r, struct ticket *t, int64_t now)
{
	char why[sizeof t->lookup->why];
	struct dns_answer a;

	memcpy(why, t->lookup->why, sizeof why);
	r->pause_ends = now + STARVED_PAUSE;
	if (t->starved_at == 0) {
		t->starved_at = now;
		events_note(r->all.events, 0, "%s %s: waits, as no socket "
			"can be had on this host (%s)", t->name,
		    dns_type_name(t->type), why);
	}
	if (now - t->starved_at < STARVED_BUDGET * r->all.config.budget) {
		stop_lookup(t);
		list_prepend(&r->waiting, &t->queue, t);
		return;
	}
	a = dns_answer_soft(t->type, "");
	dns_answer_say(&a, "no socket to be had on this host: %s", why);
	a.fault = STAGE_SYSTEM;
	resolver_settle(r, t, a, now);
}

/* ---- the queues ---- */

static struct ticket *
next_queued(const struct resolver *r)
{
	return list_first(r->waiting.n > 0 ? &r->waiting : &r->spare);
}

/* The lookup may be over, or not be possible now. */
static void
look_at(struct resolver *r, struct ticket *t, int64_t now)
{
	struct dns_answer a;

	switch (t->lookup->state) {
	case LOOKUP_BUSY:
		r->active[r->nactive++] = t;
		break;
	case LOOKUP_STARVED:
		starved(r, t, now);
		break;
	case LOOKUP_DONE:
		a = t->lookup->answer;
		t->lookup->answer = (struct dns_answer){ .type = t->type };
		resolver_settle(r, t, a, now);
		break;
	}
}

/* Nobody who waits can be answered; fault is as in struct dns_answer. */
static void
fail_queue(struct resolver *r, enum stage fault, const char *why, int64_t now)
{
	struct ticket *t;

	while ((t = next_queued(r))) {
		struct dns_answer a = dns_answer_soft(t->type, why);

		a.fault = fault;
		list_remove(&t->queue);
		resolver_settle(r, t, a, now);
	}
}

/* The module is opened with the first question. */
static bool
has_codec(struct resolver *r, int64_t now)
{
	const struct net_module *m;
	struct outcome why;

	if (r->all.codec)
		return true;
	m = net_module_open(&why);
	if (m)
		r->all.codec = m->dns;
	else
		fail_queue(r, why.stage, why.text, now);
	return m;
}

/* Let questions out of the queues, in the order they were asked. */
static void
start_queued(struct resolver *r, int64_t now)
{
	struct ticket *t;

	if (!next_queued(r) || !has_codec(r, now))
		return;
	while ((t = next_queued(r)) && r->nactive < ACTIVE_MAX &&
	    now >= r->pause_ends) {
		struct dns_question q = question_of(t);

		list_remove(&t->queue);
		t->lookup = mem_alloc(sizeof *t->lookup);
		lookup_begin(&r->all, t->lookup, &q, now);
		look_at(r, t, now);
	}
}

/* ---- asking ---- */

/*
 * What is asked just after all kept silent need not wait for the same, however
 * much it is; a while later it is tried again.
 */
static bool
is_silent(const struct resolver *r, int64_t now)
{
	return r->silent_at != INT64_MIN && r->all.heard_at < r->silent_at &&
	    now < r->silent_at + FAILURE_KEPT;
}

/*
 * Silence all through a lookup: those after it need not wait for the same.
 * One name alone, whose servers may be what is silent, shows nothing.
 */
static void
note_silence(struct resolver *r, const char *why, int64_t now)
{
	if (!next_queued(r))
		return;
	r->silent_at = now;
	snprintf(r->silence, sizeof r->silence, "%s", why);
	fail_queue(r, STAGE_NONE, why, now);
}

/* Asked for again, and by one who needs it. */
static void
prefer(struct resolver *r, struct ticket *t)
{
	if (t->queue.in != &r->spare)
		return;
	list_remove(&t->queue);
	list_append(&r->waiting, &t->queue, t);
}

/* By DNS.  The name "" stands for all that are none, but in a raw question. */
static struct ticket *
ask_dns(struct resolver *r, const char *name, const struct dns_question *q,
    int64_t now)
{
	enum ticket_kind kind = q->raw ? BY_PACKET : BY_DNS;
	struct ticket *t = cache_find(&r->cache, name, q->type, kind, now);

	if (t) {
		ticket_hold(t);
		if (!q->spare)
			prefer(r, t);
		return t;
	}
	t = cache_add(&r->cache, name, q->type, kind);
	if (name[0] == '\0' && !q->raw) {
		resolver_settle(r, t, dns_answer_soft(q->type,
		    "not a domain name"), now);
		return t;
	}
	if (is_silent(r, now)) {
		resolver_settle(r, t, dns_answer_soft(q->type, r->silence),
		    now);
		return t;
	}
	list_append(q->spare ? &r->spare : &r->waiting, &t->queue, t);
	start_queued(r, now);
	return t;
}

/* A ticket answered by hosts(5), or NULL when the name does not stand there. */
static struct ticket *
ask_hosts(struct resolver *r, const char *name, enum dns_type type,
    int64_t now)
{
	struct ticket *t = cache_find(&r->cache, name, type, BY_HOSTS, now);
	const char *path = r->all.config.hosts;
	struct dns_answer a;

	if (t) {
		ticket_hold(t);
		return t;
	}
	if (!hosts_answer(path ? path : HOSTS_FILE, name, type, &a))
		return NULL;
	t = cache_add(&r->cache, name, type, BY_HOSTS);
	t->answer = a;
	t->answer.good_until = now + HOSTS_KEPT;
	t->done = true;
	return t;
}

struct ticket *
resolver_ask(struct resolver *r, const struct dns_question *q, int64_t now)
{
	char kept[DNS_NAME_SIZE];
	struct ticket *t;

	if (!dns_name_keep(slice_of(q->name), kept))
		kept[0] = '\0';
	t = q->named ? ask_hosts(r, kept, q->type, now) : NULL;
	if (!t && resolver_validates(r, q, kept) && has_codec(r, now))
		t = resolver_ask_chain(r, kept, q->type, now);
	return t ? t : ask_dns(r, kept, q, now);
}

const struct dns_answer *
resolver_answer(const struct ticket *t)
{
	return t->done ? &t->answer : NULL;
}

/* Nobody waits for it any more. */
static void
cancel(struct resolver *r, struct ticket *t)
{
	size_t i = 0;

	if (t->validation)
		resolver_end_chain(r, t);
	if (t->lookup) {
		while (r->active[i] != t)
			i++;
		r->active[i] = r->active[--r->nactive];
		stop_lookup(t);
	}
	cache_drop(&r->cache, t);
}

void
resolver_release(struct resolver *r, struct ticket *t)
{
	if (!t)
		return;
	if (t->refs == 1 && !t->done)
		cancel(r, t);
	else
		cache_release(&r->cache, t);
}

/* ---- the loop ---- */

void
resolver_wait(struct resolver *r, struct wait *w)
{
	for (size_t i = 0; i < r->nactive; i++)
		lookup_wait(r->active[i]->lookup, w);
	if (next_queued(r) && r->nactive < ACTIVE_MAX)
		wait_until(w, r->pause_ends);
	else if (r->chains.n > 0 && r->nactive == 0)
		wait_until(w, 0);
}

/* One that is over may mean that all are: true when nobody answers. */
static bool
step_one(struct resolver *r, struct ticket *t, const struct wait *w,
    int64_t now)
{
	bool silence;

	lookup_step(&r->all, t->lookup, w, now);
	silence = t->lookup->state == LOOKUP_DONE &&
	    lookup_met_silence(&r->all, t->lookup);
	if (t->lookup->state == LOOKUP_DONE)
		r->pause_ends = now; /* its descriptor is free */
	look_at(r, t, now);
	return silence;
}

void
resolver_step(struct resolver *r, const struct wait *w, int64_t now)
{
	size_t n = r->nactive;

	r->nactive = 0; /* those that go on put themselves back */
	for (size_t i = 0; i < n; i++) {
		struct ticket *t = r->active[i];

		if (step_one(r, t, w, now))
			note_silence(r, t->answer.why, now);
	}
	start_queued(r, now);
	resolver_step_chains(r, now);
	if (!next_queued(r))
		sockets_close(&r->all.sockets);
}
