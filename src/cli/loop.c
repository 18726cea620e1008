/* SPDX-License-Identifier: ISC */
/* loop.c - see loop.h */
#include "cli/loop.h"

#include "cli/logins.h"
#include "net/clock.h"
#include "report/progress.h"

struct loop {
	const struct loop_call *call;
	struct outcome *stopped;
	struct progress progress;
	struct logins logins;
	struct wait wait;
};

static void
stop_on_signal(struct loop *l, int64_t now)
{
	unsigned signal;

	if (wait_ready(&l->wait, l->call->stop->slot) == 0 ||
	    (signal = stop_taken(l->call->stop)) == 0)
		return;
	*l->stopped = stop_outcome(signal);
	deliver_stop(l->call->deliver, l->stopped, now);
}

static void
print_events(struct loop *l, int64_t now)
{
	struct event e;

	while (events_take(l->call->events, &e)) {
		progress_erase(&l->progress);
		report_event(l->call->report, &e);
	}
	report_flush(l->call->report, now);
}

/* On a terminal: a run that takes its time says what it waits for. */
static void
show_wait(struct loop *l, int64_t now)
{
	struct awaited a = deliver_awaited(l->call->deliver);
	struct buf hint = { 0 };

	buf_putf(&hint, "%s: ", l->call->report->program);
	if (!hint_put(&hint, &a, l->call->report->wish))
		buf_clear(&hint);
	progress_await(&l->progress, now, &a,
	    hint.n > 0 ? buf_str(&hint) : NULL);
	buf_free(&hint);
}

static void
show_progress(struct loop *l, int64_t now)
{
	uint64_t sent, size;

	deliver_progress(l->call->deliver, &sent, &size);
	progress_update(&l->progress, now, sent, size);
	if (progress_is_due(&l->progress, now))
		show_wait(l, now);
}

static void
sleep_on(struct loop *l, int64_t now)
{
	wait_clear(&l->wait);
	stop_wait(l->call->stop, &l->wait);
	deliver_wait(l->call->deliver, &l->wait);
	logins_wait(&l->logins, &l->wait, now);
	if (l->call->feed)
		l->call->feed->wait(l->call->feed->arg, &l->wait);
	if (progress_is_seen(&l->progress))
		wait_until(&l->wait, now + PROGRESS_STEP);
	wait_until(&l->wait, report_due(l->call->report));
	wait_poll(&l->wait, now);
}

static bool
has_more(const struct loop *l, int64_t now)
{
	const struct loop_feed *feed = l->call->feed;

	return feed && feed->step(feed->arg, now);
}

static void
turn_until_idle(struct loop *l)
{
	int64_t now;
	bool more;

	for (;;) {
		now = clock_now();
		l->call->events->now = now;
		stop_on_signal(l, now);
		deliver_step(l->call->deliver, &l->wait, now);
		logins_step(&l->logins, l->call->deliver, &l->wait, now);
		print_events(l, now);
		show_progress(l, now);
		more = has_more(l, now);
		if (!more && deliver_is_idle(l->call->deliver))
			break;
		sleep_on(l, now);
	}
	progress_erase(&l->progress);
}

void
loop_run(const struct loop_call *call, struct outcome *stopped)
{
	struct loop l = { .call = call, .stopped = stopped };

	progress_init(&l.progress, clock_now());
	turn_until_idle(&l);
	logins_free(&l.logins);
	wait_free(&l.wait);
}
