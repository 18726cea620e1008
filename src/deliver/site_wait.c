/* SPDX-License-Identifier: ISC */
/*
 * site_wait.c - how much a site is given, and how long it is left alone.
 *
 * A host that failed before it was told of any mail is dead for a minute; a
 * site whose hosts are all dead is down: it waits as a whole, longer each time.
 * Who waits for it, or comes, is stranded at once.  After the wait it has one
 * lane, the probe, until a host has let us in.
 */
#include "deliver/site_impl.h"

#include "net/clock.h"

/* A loop that sleeps in milliseconds cannot keep a shorter interval. */
#define COARSE MILLISECONDS(20)

/* ---- down ---- */

bool
site_is_down(const struct site *s, int64_t now)
{
	return now < s->next;
}

static void
tell(struct site *s, enum site_news news)
{
	s->news = news;
	if (!s->told.in)
		list_append(&s->job->news, &s->told, s);
}

/* They do not wait for a lane any more, but to be told so. */
static void
wake_all(struct site *s)
{
	if (site_waiting(s) == 0)
		return;
	list_remove(&s->ready);
	list_append(&s->job->ready, &s->ready, s);
}

static void
fall(struct site *s, int64_t now)
{
	const struct deliver_config *config = s->job->config;
	size_t n = config->nhost_retry;
	size_t i = s->failures < n ? s->failures : n - 1;

	if (site_is_down(s, now)) {
		hops_die(&s->hops, s->next); /* another lane said so, too */
		return;
	}
	s->failures++;
	s->next = now + SECONDS(config->host_retry[i]);
	hops_die(&s->hops, s->next);
	list_remove(&s->told);
	list_remove(&s->down); /* a wait that was cut short */
	list_append(&s->job->down, &s->down, s);
	if (s->next < s->job->due)
		s->job->due = s->next;
	wake_all(s);
}

void
site_failed(struct site *s, struct hop *h, const struct outcome *why,
    int64_t now)
{
	hop_died(h, why, now);
	if (s->job->config->nhost_retry > 0 && hops_are_dead(&s->hops, now))
		fall(s, now);
}

void
site_barred(struct site *s, const struct outcome *why, int64_t now)
{
	if (s->job->config->nhost_retry == 0)
		return;
	for (size_t k = 0; k < s->hops.norder; k++)
		site_failed(s, &s->hops.v[s->hops.order[k]], why, now);
}

void
site_renewed(struct site *s, int64_t now)
{
	if (!site_is_down(s, now) || hops_are_dead(&s->hops, now))
		return;
	s->next = s->job->due = now;
}

static void
end_wait(struct site *s)
{
	s->next = 0;
	list_remove(&s->down);
}

void
site_stands(struct site *s, struct hop *h)
{
	if (s->job->config->nhost_retry == 0)
		return;
	hop_lives(h);
	if (s->failures == 0)
		return;
	end_wait(s);
	s->failures = 0;
	tell(s, SITE_OPEN);
	site_wake(s);
}

void
sites_wake(struct job *job, int64_t now)
{
	struct site *s, *next;

	if (now < job->due)
		return;
	job->due = WAIT_NEVER;
	for (s = list_first(&job->down); s; s = next) {
		next = list_after(&s->down);
		if (!site_is_down(s, now)) {
			end_wait(s);
			tell(s, SITE_DUE);
		} else if (s->next < job->due) {
			job->due = s->next;
		}
	}
}

/* ---- how much at a time ---- */

size_t
site_lanes_max(const struct site *s)
{
	return s->failures > 0 ? 1 : s->most;
}

void
site_took(struct site *s)
{
	s->sent++;
	if (s->job->config->start_site_lanes == 0 || s->most >= s->cap)
		return;
	s->most++;
	site_wake(s);
}

void
site_pushed(struct site *s)
{
	if (s->job->config->start_site_lanes > 0 && s->most > 1)
		s->most /= 2;
}

void
site_pace(struct site *s, int64_t now)
{
	int64_t slack = s->interval < COARSE ? COARSE : 0;

	if (s->interval == 0)
		return;
	if (s->pace < now - slack)
		s->pace = now - slack;
	s->pace += s->interval;
}

/* ---- what is asked from outside ---- */

int64_t
deliver_site_next(const struct deliver *d, uint64_t key)
{
	const struct site *s = table_find_hash(&d->job.sites, key);

	return s ? s->next : 0;
}

bool
deliver_site_woke(struct deliver *d, uint64_t *key, enum site_news *news)
{
	struct site *s = list_take(&d->job.news);

	if (!s)
		return false;
	*key = s->node.hash;
	*news = s->news;
	return true;
}

/* Its next mail is the probe. */
static void
revive(struct deliver *d, struct site *s)
{
	hops_revive(&s->hops, d->job.now);
	if (s->next > d->job.now)
		s->next = d->job.now;
}

void
deliver_wake_site(struct deliver *d, uint64_t key)
{
	struct site *s = table_find_hash(&d->job.sites, key);

	if (!s)
		return;
	revive(d, s);
	if (d->job.down.n > 0)
		d->job.due = d->job.now;
}

void
deliver_wake_sites(struct deliver *d)
{
	struct site *s = list_first(&d->job.every);

	for (; s; s = list_after(&s->listed))
		revive(d, s);
	d->job.due = d->job.down.n > 0 ? d->job.now : WAIT_NEVER;
}

static const struct result *
reason(const struct site *s)
{
	const struct result *why = NULL;

	for (size_t k = 0; k < s->hops.norder && !why; k++)
		if (s->hops.v[s->hops.order[k]].dead_until != 0)
			why = s->hops.v[s->hops.order[k]].dead;
	return why;
}

bool
deliver_sites(const struct deliver *d, const void **at,
    struct site_report *out)
{
	const struct site *s = *at;

	s = s ? list_after(&s->listed) : list_first(&d->job.every);
	*at = s;
	if (!s)
		return false;
	*out = (struct site_report){
		.key = s->node.hash,
		.relay = s->relay ? s->relay->name : NULL,
		.hosts = slice_from(s->node.key, s->hosts_at),
		.lanes = s->lanes.n,
		.most = site_lanes_max(s),
		.waiting = site_waiting(s),
		.sent = s->sent,
		.failures = s->failures,
		.next = s->next,
		.why = reason(s),
	};
	return true;
}
