/* SPDX-License-Identifier: ISC */
/*
 * runner.c - see runner.h
 *
 * One step: answers of the store, what deliver has to say, and as many new
 * messages as there is room for.  Each of these is bounded, and what is left
 * over has the next step come at once.
 */
#include "queue/runner.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/limit.h"
#include "queue/runner_impl.h"

#define PER_STEP 50	/* messages that are taken */
#define SPARE	 64	/* descriptors for sockets of our owner, helpers */
#define DNS	 88	/* ... that deliver keeps for itself */

/*
 * A message that is taken is a descriptor, a lane is two.  With few of them
 * there are fewer of both.
 */
static size_t
set_limits(struct runner *r)
{
	const struct runner_config *c = r->config;
	size_t most = c->max_active ? c->max_active : RUNNER_ACTIVE;
	size_t lanes = r->way.max_lanes ? r->way.max_lanes : DELIVER_LANES;
	size_t want = SPARE + DNS + 2 * lanes + most;
	size_t have = limit_descriptors(want);

	if (have >= want)
		return most;
	have = have > SPARE + DNS ? have - SPARE - DNS : 0;
	r->way.max_lanes = have / 4 + 1;
	return have / 2 + 1 < most ? have / 2 + 1 : most;
}

struct runner *
runner_new(const struct runner_config *config, struct events *events,
    struct outcome *why)
{
	struct store *store = store_open(&config->store, why);
	struct runner *r;

	if (!store)
		return NULL;
	r = mem_alloc(sizeof *r);
	r->config = config;
	r->events = events;
	r->store = store;
	r->way = config->deliver;
	r->way.records = true;
	r->answer_slot = WAIT_NO_SLOT;
	index_init(&r->index, set_limits(r));
	r->reports.table.seed = r->index.items.seed;
	r->reports.most = config->reports_a_minute;
	if (config->tls_reports) {
		r->tls.table.seed = r->index.items.seed;
		r->way.tls_results = &r->tls;
	}
	r->deliver = deliver_new(&r->way, events);
	if (config->agent)
		r->agent = agent_client_new(config->agent);
	return r;
}

/* What was asked for becomes durable, and nothing follows from it. */
static void
await_answers(struct runner *r)
{
	struct wait w = { 0 };
	struct store_answer a;

	while (store_owed(r->store) > 0) {
		if (store_answer(r->store, &a)) {
			run_ignore_answer(&a);
			continue;
		}
		wait_clear(&w);
		wait_add(&w, store_fd(r->store), POLLIN);
		wait_poll(&w, 0);
	}
	wait_free(&w);
}

void
runner_free(struct runner *r)
{
	struct run *run;

	if (!r)
		return;
	deliver_free(r->deliver);
	runner_tls_flush(r);
	tlsrpt_tally_free(&r->tls);
	run_local_free(r);
	await_answers(r);
	while ((run = list_first(&r->runs)) || (run = list_first(&r->stuck))) {
		store_release(r->store, run->entry);
		run_drop(run);
	}
	plans_free(r);
	news_free(r);
	index_free(&r->index);
	report_limit_free(&r->reports);
	keyring_free(&r->keyring);
	buf_free(&r->scan);
	store_close(r->store);
	free(r);
}

/* ---- a step ---- */

static void
take_answers(struct runner *r)
{
	struct store_answer a;

	while (store_answer(r->store, &a))
		run_answer(&a);
}

static void
take_verdicts(struct runner *r)
{
	struct deliver_batch batch;
	struct consignment *c;

	while (deliver_unrecorded(r->deliver, &batch))
		run_record(batch.consignment->owner, &batch);
	while ((c = deliver_finished(r->deliver)))
		run_delivered(c->owner);
}

static void
wake_sites(struct runner *r)
{
	enum site_news news;
	uint64_t key;

	while (deliver_site_woke(r->deliver, &key, &news))
		index_woke(&r->index, key, r->now, news == SITE_DUE ? 1 :
		    SIZE_MAX);
}

static bool
may_take(const struct runner *r)
{
	return !r->is_stopping && !r->is_blocked && !r->closed &&
	    !runner_is_paused(r);
}

/* Since it looked for one in vain, something has changed. */
static bool
may_find_more(const struct runner *r)
{
	return may_take(r) && r->index.ndue > 0 &&
	    r->index.changes != r->seen;
}

static bool
take_messages(struct runner *r)
{
	struct item *i;

	for (int n = 0; n < PER_STEP; n++) {
		r->seen = r->index.changes;
		if (!may_take(r) || !(i = index_take(&r->index)))
			return true;
		run_begin(r, i);
	}
	return false;
}

static void
stop_what_is_left(struct runner *r)
{
	if (!r->is_stopping || r->now < r->stop_at)
		return;
	r->stop_at = WAIT_NEVER;
	deliver_stop(r->deliver, &r->stop, r->now);
	run_local_stop(r);
}

/* Nothing is left for this runner, but the good-byes of its connections. */
static bool
is_done(const struct runner *r)
{
	const struct index *x = &r->index;
	bool once = r->config->once || r->config->woken_only;

	if (x->active > 0 || store_owed(r->store) > 0 || r->plans.n > 0)
		return false;
	if (r->is_stopping)
		return true;
	if (runner_is_scanning(r))
		return false;
	return r->is_blocked || (once && runner_is_paused(r)) ||
	    (x->ndue == 0 && (!once || x->waits.n == 0));
}

static void
close_when_done(struct runner *r)
{
	bool once = r->config->once || r->config->woken_only;

	if (r->closed || !(once || r->is_stopping) || !is_done(r) ||
	    !r->begun)
		return;
	r->closed = true;
	deliver_close(r->deliver);
}

/* At the first step, since only then the time is known. */
static void
begin(struct runner *r)
{
	r->begun = true;
	store_recover(r->store, r->wall);
	if (!r->config->woken_only)
		runner_scan_begin(r);
}

static void
scan(struct runner *r)
{
	bool only_once = r->config->once || r->config->woken_only;

	if (!r->begun)
		begin(r);
	else if (!only_once && !runner_is_scanning(r) && r->now >= r->rescan)
		runner_scan_begin(r);
	runner_scan_step(r);
}

void
runner_step(struct runner *r, const struct wait *w, int64_t now, int64_t wall)
{
	r->now = now;
	r->wall = wall;
	if (store_fd(r->store) < 0 || wait_ready(w, r->answer_slot))
		take_answers(r);
	stop_what_is_left(r);
	deliver_step(r->deliver, w, now);
	runner_tls_step(r);
	run_local_step(r, w);
	run_forward_step(r);
	plans_step(r, w);
	take_verdicts(r);
	wake_sites(r);
	if (!r->is_stopping)
		scan(r);
	r->is_behind = !index_step(&r->index, now);
	r->is_behind = !take_messages(r) || r->is_behind;
	if (store_owed(r->store) > 0)
		take_answers(r);
	take_verdicts(r);
	close_when_done(r);
}

void
runner_wait(struct runner *r, struct wait *w, int64_t now)
{
	int fd = store_fd(r->store);

	deliver_wait(r->deliver, w);
	if (r->agent)
		agent_client_wait(r->agent, w);
	plans_wait(r, w);
	if (fd >= 0)
		r->answer_slot = wait_add(w, fd, POLLIN);
	else if (store_owed(r->store) > 0)
		wait_until(w, now);
	if (!r->begun || r->is_behind || r->news.n > 0 || r->copies.n > 0 ||
	    runner_is_scanning(r) || may_find_more(r))
		wait_until(w, now);
	runner_tls_wait(r, w);
	if (r->is_stopping) {
		wait_until(w, r->stop_at);
		return;
	}
	wait_until(w, index_next(&r->index));
	if (runner_is_paused(r))
		wait_until(w, r->pause);
	if (r->begun && !r->config->once && !r->config->woken_only)
		wait_until(w, r->rescan);
}

bool
runner_is_idle(const struct runner *r)
{
	bool once = r->config->once || r->config->woken_only;

	if (!r->begun || !is_done(r))
		return false;
	return !once || r->is_stopping || deliver_is_idle(r->deliver);
}

void
runner_stop(struct runner *r, const struct outcome *why, int64_t until)
{
	r->begun = true;
	r->is_stopping = true;
	r->stop = *why;
	r->stop_at = until;
}

void
runner_block(struct runner *r, const struct outcome *why)
{
	r->is_blocked = why != NULL;
	if (why)
		r->block = *why;
}

const struct outcome *
runner_blocked(const struct runner *r)
{
	return r->is_blocked ? &r->block : NULL;
}

int
runner_status(const struct runner *r)
{
	return r->status;
}

struct deliver *
runner_deliver(struct runner *r)
{
	return r->deliver;
}

struct here *
runner_here(const struct runner *r)
{
	return r->config->here;
}

struct store *
runner_store(struct runner *r)
{
	return r->store;
}
