/* SPDX-License-Identifier: ISC */
/* runq.c - see runq.h */
#include "cli/runq.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/become.h"
#include "cli/trace.h"
#include "cli/turn.h"
#include "net/clock.h"
#include "net/stop.h"
#include "queue/control_client.h"

struct runq {
	const struct settings *s;
	struct report report;
	struct turn turn;
	struct stop stop;
	struct wait wait;
	bool stopped;
	void (*news)(void *arg, const struct runner_news *what);
	void *arg;
};

static void
open_report(struct runq *q)
{
	const struct settings *s = q->s;
	int64_t now = clock_now();
	const struct report_config c = {
		.style = s->show.json && !q->news ? REPORT_JSON :
		    s->show.verbose > 0 ? REPORT_TEXT : REPORT_SILENT,
		.program = s->program,
		.maillog = trace_config(s, now),
		.maillog_asked = s->show.log != NULL,
		.uid = (unsigned)getuid(),
		.bodies = s->show.verbose > 1,
		.folded = s->show.verbose == 1,
	};
	struct outcome why;

	report_init(&q->report, &c, now, &why); /* no file: cannot fail */
}

static void
tell_news(struct runq *q)
{
	struct runner_news what;

	while (runner_news(q->turn.runner, &what))
		if (q->news)
			q->news(q->arg, &what);
}

/* A second signal changes nothing: what is under way has its time already. */
static void
stop_on_signal(struct runq *q, int64_t now)
{
	struct outcome why;
	unsigned signal;

	if (wait_ready(&q->wait, q->stop.slot) == 0 ||
	    (signal = stop_taken(&q->stop)) == 0 || q->stopped)
		return;
	q->stopped = true;
	why = stop_outcome(signal);
	runner_stop(q->turn.runner, &why, now + RUNNER_GRACE);
}

static void
loop(struct runq *q)
{
	int64_t now;

	for (;;) {
		now = clock_now();
		stop_on_signal(q, now);
		turn_step(&q->turn, &q->wait, now);
		tell_news(q);
		if (runner_is_idle(q->turn.runner))
			return;
		wait_clear(&q->wait);
		stop_wait(&q->stop, &q->wait);
		turn_wait(&q->turn, &q->wait, now);
		wait_poll(&q->wait, now);
	}
}

/* The configuration is wrong, as main() has said of a file: all is kept. */
static int
refuse(const struct runq *q, const struct outcome *blocked)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: ", q->s->program);
	if (!q->s->config_fault) {
		text_escape(&line, slice_of(blocked->text));
		buf_puts(&line, "; ");
	}
	buf_puts(&line, "all mail stays in the queue until that is mended\n");
	fputs(buf_str(&line), stderr);
	trace_failure(q->s, EX_TEMPFAIL, slice_of(blocked->text));
	buf_free(&line);
	return EX_TEMPFAIL;
}

static int
run_it(struct runq *q)
{
	const struct outcome *blocked = runner_blocked(q->turn.runner);
	int status;

	if (blocked)
		return refuse(q, blocked);
	stop_catch(&q->stop, false);
	loop(q);
	status = runner_status(q->turn.runner);
	return status == 0 && q->stopped ? EX_TEMPFAIL : status;
}

/* With id, or all. */
static int
run(struct runq *q, const char *id, const struct home_agent *agent)
{
	struct outcome why;
	int status;

	open_report(q);
	if (turn_open(&q->turn, q->s, id ? TURN_ONE : TURN_ONCE, &agent->client,
		&q->report, &why)) {
		if (id)
			runner_add(q->turn.runner, id);
		if (id && q->news)
			runner_watch(q->turn.runner, id);
		status = run_it(q);
	} else {
		status = report_failure(&q->report, &why);
	}
	turn_close(&q->turn);
	stop_free(&q->stop);
	wait_free(&q->wait);
	if (!report_close(&q->report) && status == EX_OK)
		status = EX_IOERR;
	return status;
}

int
runq_one(const struct settings *s, const char *id,
    const struct home_agent *agent,
    void (*news)(void *arg, const struct runner_news *what), void *arg)
{
	struct runq q = { .s = s, .stop = STOP_NONE, .news = news,
		.arg = arg };

	return run(&q, id, agent);
}

int
runq_run(const struct settings *s)
{
	struct runq q = { .s = s, .stop = STOP_NONE };
	struct home_agent agent;
	struct outcome why;
	int status;

	switch (spool_reach(s->queue.path)) {
	case SPOOL_ABSENT:
		return EX_OK;
	case SPOOL_OTHERS:
		fprintf(stderr, "%s: the queue in %s is not yours to run\n",
		    s->program, s->queue.path);
		return EX_NOPERM;
	case SPOOL_OURS:
		break;
	}
	home_find_agent(&agent, s);
	if (!become_owner_of(s->queue.path, &why)) {
		fprintf(stderr, "%s: %s\n", s->program, why.text);
		return EX_TEMPFAIL;
	}
	status = run(&q, NULL, &agent);
	home_leave_agent(&agent);
	return status;
}
