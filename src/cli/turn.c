/* SPDX-License-Identifier: ISC */
/* turn.c - see turn.h */
#include "cli/turn.h"

#include <string.h>

#include "net/clock.h"

static struct schedule
schedule_of(const struct queue_settings *q)
{
	struct schedule s = {
		.greylist = q->greylist_retry,
		.lifetime = q->lifetime,
		.bounce_lifetime = q->bounce_lifetime,
		.warn_after = q->warn_after,
	};

	for (size_t i = 0; i < q->retry.n && i < SCHEDULE_STEPS; i++)
		s.retry[s.nretry++] = q->retry.v[i];
	for (size_t i = 0; i < q->host_retry.n; i++)
		if (q->host_retry.v[i] > s.host)
			s.host = q->host_retry.v[i];
	return s;
}

/* The folder of the policies of MTA-STS, below the spool. */
static const char *
queue_cache(struct turn *t)
{
	buf_clear(&t->cache);
	buf_putf(&t->cache, "%s/mta-sts", t->s->queue.path);
	return buf_str(&t->cache);
}

static struct deliver_config
way_of(struct turn *t, bool lives_on)
{
	const struct queue_settings *q = &t->s->queue;
	struct deliver_config c = reach_config(&t->reach, t->s);

	if (!t->s->way.tls.given.text) {
		c.route.tls = TLS_DANE;
		c.route.tls_why = "the default of the queue";
		if (!c.route.sts_given)
			c.route.sts = STS_WANTED;
	}
	c.sts_cache = queue_cache(t);
	c.sts_refresh = lives_on && c.route.sts != STS_UNWANTED;
	c.max_lanes = q->max_lanes;
	c.max_site_lanes = q->site_lanes;
	c.start_site_lanes = q->site_lanes_start;
	c.max_address_lanes = q->address_lanes;
	c.max_mails = q->mails_per_lane;
	c.idle = SECONDS(q->idle);
	c.host_retry = q->host_retry.v;
	c.nhost_retry = q->host_retry.n;
	c.rate = q->rate;
	c.hear_goodbye = t->report->style == REPORT_TEXT;
	return c;
}

static struct runner_filter
filter_of(const struct sendmail_settings *s)
{
	return (struct runner_filter){ s->queue_by, s->queue_not,
		s->queue_match };
}

static void
configure(struct turn *t, enum turn_kind kind)
{
	const struct settings *s = t->s;
	const struct queue_settings *q = &s->queue;

	t->config = (struct runner_config){
		.store = { .path = q->path, .recorders = q->recorders,
		    .reserve = q->reserve },
		.deliver = way_of(t, kind == TURN_ON),
		.agent = s->local.deliver ? t->agent : NULL,
		.here = t->here,
		.signing = s->message.signing,
		.schedule = schedule_of(q),
		.once = kind == TURN_ONCE,
		.woken_only = kind == TURN_ONE,
		.filter = filter_of(&s->sendmail),
		.log = &t->report->maillog,
		.host = t->reach.self.host[0] ? t->reach.self.host :
		    t->reach.self.domain,
		.max_hops = s->sendmail.max_hops,
		.interval = s->sendmail.queue_interval,
		.offset = clock_wall().offset,
		.postmaster = q->postmaster,
		.bounce_size = q->bounce_size,
		.tls_reports = q->tls_reports != NULL,
		.reports_a_minute = q->bounces_per_minute,
	};
}

/* What is wrong keeps all where it is, and mailq why says so. */
static void
block_if_wrong(struct turn *t)
{
	const struct tls_settings *tls = &t->s->way.tls;
	struct outcome why;

	if (t->s->config_fault)
		why = outcome_make(DEFERRED, STAGE_CONFIG, ESC(4, 3, 5),
		    "%s", t->s->config_fault);
	else if ((!tls->ca && !tls->cert) ||
	    deliver_check_tls(runner_deliver(t->runner), &why))
		return;
	why.verdict = DEFERRED;
	runner_block(t->runner, &why);
}

bool
turn_open(struct turn *t, const struct settings *s, enum turn_kind kind,
    const struct agent_client_config *agent, struct report *report,
    struct outcome *why)
{
	*t = (struct turn){ .s = s, .agent = agent, .report = report };
	reach_init(&t->reach);
	t->here = home_open(&t->home, s, &t->reach.self);
	configure(t, kind);
	t->events.now = clock_now();
	t->events.wanted = report_wants_events(report);
	t->events.bodies = report_wants_bodies(report);
	t->runner = runner_new(&t->config, &t->events, why);
	if (!t->runner)
		return false;
	block_if_wrong(t);
	return true;
}

void
turn_close(struct turn *t)
{
	logins_free(&t->logins);
	runner_free(t->runner);
	events_free(&t->events);
	home_free(&t->home);
	reach_free(&t->reach);
	buf_free(&t->cache);
	t->runner = NULL;
}

void
turn_wait(struct turn *t, struct wait *w, int64_t now)
{
	runner_wait(t->runner, w, now);
	logins_wait(&t->logins, w, now);
	wait_until(w, report_due(t->report));
}

void
turn_step(struct turn *t, const struct wait *w, int64_t now)
{
	struct event e;

	t->events.now = now;
	runner_step(t->runner, w, now, clock_wall_milliseconds() / 1000);
	logins_step(&t->logins, runner_deliver(t->runner), w, now);
	while (events_take(&t->events, &e))
		report_event(t->report, &e);
	report_flush(t->report, now);
}
