/* SPDX-License-Identifier: ISC */
/* bulk.c - see bulk.h */
#include "cli/bulk.h"

#include <poll.h>
#include <sysexits.h>

#include "base/duration.h"
#include "cli/bulk_impl.h"
#include "cli/bulk_put.h"
#include "cli/loop.h"
#include "cli/show.h"
#include "mail/header.h"
#include "net/clock.h"
#include "net/random.h"

#define FLIGHT	 1000	  /* messages on their way at once */
#define OCTETS	 67108864 /* ... and octets of them */
#define PER_TURN 50	  /* messages that are read before the loop turns */

static void
end(struct bulk *b)
{
	b->ended = true;
	deliver_close(b->deliver);
}

static void
add_next(struct bulk *b)
{
	struct source_item item;
	struct outcome why;

	switch (source_next(b->source, &item, &why)) {
	case SOURCE_MESSAGE:
		bulk_add(b, &item);
		break;
	case SOURCE_BAD:
		bulk_skip(b, &item, &why);
		break;
	case SOURCE_WAIT:
		b->waits = true;
		break;
	case SOURCE_BROKEN:
		bulk_note(b, &why);
		report_failure(&b->report, &why);
		end(b);
		break;
	case SOURCE_END:
		end(b);
		break;
	}
}

/* ---- the loop ---- */

/* Is there room for one more now, and is it time? */
static bool
has_room(const struct bulk *b)
{
	return !b->ended && b->parts.n < FLIGHT && b->octets < OCTETS;
}

/* Messages at even distances; what a slow turn missed is not made up for. */
static bool
is_time(struct bulk *b)
{
	const struct rate *rate = &b->s->bulk.rate;

	if (rate->n == 0)
		return true;
	if (b->now < b->next)
		return false;
	b->next = (b->next > b->now - SECONDS(1) ? b->next : b->now) +
	    SECONDS(rate->seconds) / rate->n;
	return true;
}

static bool
feed(void *arg, int64_t now)
{
	struct bulk *b = arg;
	struct consignment *c;

	b->now = now;
	bulk_record(b, now);
	while ((c = deliver_finished(b->deliver)) != NULL)
		bulk_over(b, c->owner);
	if ((b->stopped.verdict != PENDING || b->lost.verdict != PENDING) &&
	    !b->ended)
		end(b);
	b->waits = false;
	for (int i = 0; i < PER_TURN && has_room(b) && !b->waits &&
	    is_time(b); i++)
		add_next(b);
	return !b->ended || b->parts.n > 0;
}

static void
feed_wait(void *arg, struct wait *w)
{
	struct bulk *b = arg;

	if (b->waits)
		wait_add(w, source_fd(b->source), POLLIN);
	else if (has_room(b))
		wait_until(w, b->s->bulk.rate.n > 0 ? b->next : 0);
}

static int
turn(struct bulk *b)
{
	const struct loop_feed more = { b, feed, feed_wait };
	const struct loop_call call = { b->deliver, &b->events, &b->report,
		&b->stop, &more };

	stop_catch(&b->stop, false);
	b->report.run.begun = clock_now();
	loop_run(&call, &b->stopped);
	if (b->stopped.verdict != PENDING)
		bulk_note(b, &b->stopped);
	bulk_put(&b->report, &b->tally, b->s,
	    clock_now() - b->report.run.begun);
	return b->worst.verdict == PENDING ? EX_OK : outcome_exit(&b->worst);
}

/* To whom it goes is known, or each domain has as many as the queue gives. */
static void
bound_lanes(struct bulk *b)
{
	const struct queue_settings *q = &b->s->queue;
	struct deliver_config *c = &b->config;

	c->max_mails = q->mails_per_lane;
	c->max_site_lanes = c->max_lanes;
	if (b->s->way.server[0] || b->s->route.nrelays > 0)
		return;
	c->max_site_lanes = q->site_lanes;
	c->start_site_lanes = q->site_lanes_start;
	c->max_address_lanes = q->address_lanes;
	c->rate = q->rate;
}

static int
fail_run(struct bulk *b, const struct outcome *why)
{
	return report_failure(&b->report, why);
}

static bool
read_template(struct bulk *b, struct outcome *why)
{
	const struct input_options from = { .path = b->s->message.file,
		.dots = DOTS_ARE_CONTENT, .stop = &b->stop,
		.max_size = b->s->message.max_size,
		.has_header = header_is_whole };

	return input_read(&b->template, &from, why);
}

/* A file that would be written is none that is missing. */
static int
fail_resume(struct bulk *b, const struct outcome *why)
{
	int status = fail_run(b, why);

	return status == EX_NOINPUT ? EX_CANTCREAT : status;
}

static int
run(struct bulk *b)
{
	struct outcome why;
	int status;

	if (b->s->message.fill && !read_template(b, &why))
		return fail_run(b, &why);
	b->source = source_open(b->s->bulk.source,
	    b->s->message.fill ? &b->template : NULL, &why);
	if (!b->source)
		return fail_run(b, &why);
	b->done = b->s->bulk.resume ? done_open(b->s->bulk.resume, &why) : NULL;
	if (b->s->bulk.resume && !b->done)
		return fail_resume(b, &why);
	reach_init(&b->reach);
	b->events.now = clock_now();
	b->events.wanted = report_wants_events(&b->report);
	b->events.bodies = report_wants_bodies(&b->report);
	b->config = reach_config(&b->reach, b->s);
	bound_lanes(b);
	b->config.records = b->done != NULL;
	b->config.hear_goodbye = b->report.style == REPORT_TEXT;
	b->deliver = deliver_new(&b->config, &b->events);
	status = !settings_name_tls(b->s) ||
		deliver_check_tls(b->deliver, &why) ?
	    turn(b) : fail_run(b, &why);
	deliver_free(b->deliver);
	reach_free(&b->reach);
	return status;
}

int
bulk_run(const struct settings *s)
{
	struct bulk b = { .s = s, .stop = STOP_NONE,
		.template = { .content.fd = -1, .spill.fd = -1, .fd = -1 } };
	struct outcome why;
	int status;

	random_draw(&b.tally.domains.seed, sizeof b.tally.domains.seed);
	if (show_open(&b.report, s, &why))
		status = run(&b);
	else
		status = report_failure(&b.report, &why);
	source_free(b.source);
	input_free(&b.template);
	done_free(b.done);
	tally_free(&b.tally);
	events_free(&b.events);
	stop_free(&b.stop);
	if (!report_close(&b.report) && status == EX_OK)
		status = EX_IOERR;
	return status;
}
