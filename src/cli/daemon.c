/* SPDX-License-Identifier: ISC */
/*
 * daemon.c - see daemon.h
 *
 * A generation is a configuration and the runner that goes by it.  At HUP a new
 * one begins, and the one before takes no more and ends what it has under way;
 * the locks of the spool keep them apart, as they do with any two runners.
 */
#include "cli/daemon_impl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/become.h"
#include "cli/trace.h"
#include "net/clock.h"
#include "net/door.h"
#include "net/module.h"

#define LAST  SECONDS(5) /* after TERM, whatever is still under way */
#define LOOKS SECONDS(1) /* between two at where this machine is */

/* ---- generations ---- */

static void
open_report(struct daemon *d, const struct settings *s)
{
	int64_t now = clock_now();
	const struct report_config c = {
		.style = REPORT_SILENT,
		.program = s->program,
		.maillog = trace_config(s, now),
		.maillog_asked = s->show.log != NULL,
		.uid = (unsigned)getuid(),
	};
	struct outcome why;

	report_init(&d->report, &c, now, &why); /* no file: cannot fail */
}

/* It may have been moved away, or is another one now. */
static void
reopen_log(struct daemon *d, const struct settings *s)
{
	struct maillog_config c = trace_config(s, clock_now());

	maillog_close(&d->report.maillog);
	maillog_init(&d->report.maillog, &c);
}

static void
generation_free(struct generation *g)
{
	if (!g)
		return;
	list_remove(&g->node);
	turn_close(&g->turn);
	config_free(&g->config);
	free(g);
}

/* The spool and the sockets stay where they are as long as we run. */
static void
stay(struct daemon *d, struct queue_settings *q)
{
	const struct queue_settings *first = &d->first->queue;

	if (strcmp(q->path, first->path) != 0 ||
	    strcmp(q->run, first->run) != 0)
		daemon_note(d, MAILLOG_WARNING, "path and run of [queue] are "
		    "other ones now: start the daemon anew to use them");
	q->path = first->path;
	q->run = first->run;
}

/* What was bound as root cannot be anew. */
static void
stay_at_doors(struct daemon *d, struct queue_settings *q)
{
	const char *first = d->first->queue.listen;

	if (strcmp(q->listen ? q->listen : "", first ? first : "") != 0)
		daemon_note(d, MAILLOG_WARNING, "listen of [queue] is another "
		    "one now: start the daemon anew to use it");
	q->listen = first;
}

static bool
read_settings(struct daemon *d, struct generation *g, struct outcome *why)
{
	struct buf says = { 0 };
	int status = config_options(&g->config, d->argc, d->argv, &g->own,
	    &says);

	if (status != 0)
		*why = outcome_make(DEFERRED, STAGE_CONFIG, ESC(4, 3, 5), "%s",
		    buf_str(&says));
	buf_free(&says);
	if (status == 0) {
		stay(d, &g->own.queue);
		stay_at_doors(d, &g->own.queue);
	}
	return status == 0;
}

/* Of these settings, or of what the files say now when there are none. */
static struct generation *
generation_new(struct daemon *d, const struct settings *s, struct outcome *why)
{
	struct generation *g = mem_alloc(sizeof *g);

	g->s = s ? s : &g->own;
	if ((s || read_settings(d, g, why)) &&
	    turn_open(&g->turn, g->s, TURN_ON, &d->agent.client, &d->report,
		why))
		return g;
	generation_free(g);
	return NULL;
}

/* What is wrong with the new one leaves the old one as it was. */
static void
reload(struct daemon *d)
{
	const struct outcome ended = outcome_make(DEFERRED, STAGE_SYSTEM,
	    ESC(4, 3, 2), "the configuration was read again");
	struct generation *g;
	struct outcome why;

	notify_put(&d->notify, "RELOADING=1");
	g = generation_new(d, NULL, &why);
	if (g) {
		runner_stop(d->now->turn.runner, &ended, WAIT_NEVER);
		runner_take_over(g->turn.runner, d->now->turn.runner);
		list_append(&d->ending, &d->now->node, d->now);
		d->now = g;
		inlets_change(&d->inlets, &g->turn);
		reopen_log(d, g->s);
		daemon_note(d, MAILLOG_INFO,
		    "the configuration was read again");
	} else {
		daemon_note(d, MAILLOG_ERROR, why.text);
	}
	d->complain = d->told_at = 0;
	d->told.known = SIZE_MAX; /* say how it is */
	notify_put(&d->notify, "READY=1");
}

/* ---- signals ---- */

static void
end(struct daemon *d, unsigned signal, int64_t now)
{
	struct outcome why = stop_outcome(signal);
	struct generation *g;

	if (d->end != WAIT_NEVER)
		return;
	notify_put(&d->notify, "STOPPING=1");
	d->end = now + LAST;
	inlets_close(&d->inlets, now);
	runner_stop(d->now->turn.runner, &why, now + RUNNER_GRACE);
	for (g = list_first(&d->ending); g; g = list_after(&g->node))
		runner_stop(g->turn.runner, &why, now + RUNNER_GRACE);
}

static void
take_signals(struct daemon *d, int64_t now)
{
	const struct runner_filter all = { 0 };
	unsigned signal;

	if (!wait_ready(&d->wait, d->stop.slot))
		return;
	while ((signal = stop_taken(&d->stop)) != 0) {
		switch (signal) {
		case SIGTERM:
		case SIGINT:
		case SIGQUIT:
			end(d, signal, now);
			break;
		case SIGHUP:
			if (d->end == WAIT_NEVER)
				reload(d);
			break;
		case SIGUSR1:
			runner_flush(d->now->turn.runner, &all);
			break;
		}
	}
}

/* ---- the loop ---- */

static void
step(struct daemon *d, int64_t now)
{
	struct generation *g, *next;

	turn_step(&d->now->turn, &d->wait, now);
	for (g = list_first(&d->ending); g; g = next) {
		next = list_after(&g->node);
		turn_step(&g->turn, &d->wait, now);
		if (runner_is_idle(g->turn.runner))
			generation_free(g);
	}
	inlets_step(&d->inlets, &d->wait, now);
	daemon_report_step(d);
}

static void
ask(struct daemon *d, int64_t now)
{
	struct generation *g;

	wait_clear(&d->wait);
	stop_wait(&d->stop, &d->wait);
	turn_wait(&d->now->turn, &d->wait, now);
	for (g = list_first(&d->ending); g; g = list_after(&g->node))
		turn_wait(&g->turn, &d->wait, now);
	inlets_wait(&d->inlets, &d->wait, now);
	daemon_report_wait(d, now);
	wait_until(&d->wait, d->end);
	daemon_tell_status(d, now);
	daemon_tell_watchdog(d, now);
	daemon_tell_blocked(d, now);
}

static bool
is_over(const struct daemon *d, int64_t now)
{
	if (d->end == WAIT_NEVER)
		return false;
	return now >= d->end || (d->ending.n == 0 &&
	    runner_is_idle(d->now->turn.runner) &&
	    inlets_are_idle(&d->inlets));
}

/* A configuration that was wrong, and is not any more. */
static bool
is_mended(const struct daemon *d)
{
	struct config c = { 0 };
	struct settings s;
	struct buf says = { 0 };
	bool ok;

	if (!runner_blocked(d->now->turn.runner))
		return false;
	ok = config_options(&c, d->argc, d->argv, &s, &says) == 0 &&
	    !s.config_fault;
	buf_free(&says);
	config_free(&c);
	return ok;
}

/*
 * Who is asked, and which mail loops, is known of the machine as it was when
 * the generation began.  Nothing wakes us for it: asleep, we try nothing.
 */
static void
look_around(struct daemon *d, int64_t now)
{
	if (now < d->look || d->end != WAIT_NEVER)
		return;
	d->look = now + LOOKS;
	if (reach_is_stale(&d->now->turn.reach, d->now->s) || is_mended(d))
		reload(d);
}

static void
loop(struct daemon *d)
{
	int64_t now;

	for (;;) {
		now = clock_now();
		take_signals(d, now);
		look_around(d, now);
		step(d, now);
		if (is_over(d, now))
			return;
		ask(d, now);
		wait_poll(&d->wait, now);
	}
}

/* ---- beginning ---- */

/* All at once, since the program may be replaced while it runs. */
static void
open_modules(struct daemon *d)
{
	static const struct door door = RELAY_DOOR;
	const struct rules *rules = d->now->s->route.rules;
	bool libcurl = (rules && rules->nrelays > 0) ||
	    d->now->s->queue.tls_reports ||
	    d->now->turn.config.deliver.route.sts == STS_WANTED;
	struct outcome why;

	if (!net_module_open(&why) || (libcurl && !door_open(&door, &why)))
		daemon_note(d, MAILLOG_ERROR, why.text);
}

static int
complain(const struct settings *s, const struct outcome *why)
{
	struct buf line = { 0 };
	int status = outcome_exit(why);

	buf_putf(&line, "%s: ", s->program);
	text_escape(&line, slice_of(why->text));
	fprintf(stderr, "%s\n", buf_str(&line));
	trace_failure(s, status, slice_of(why->text));
	buf_free(&line);
	return status;
}

static void
note_doors(struct daemon *d, const struct doors *doors)
{
	if (doors->strange)
		daemon_note(d, MAILLOG_ERROR, "a socket that was handed over "
		    "as smtp is not on loopback: nothing is taken there");
	for (size_t i = 0; i < doors->absents; i++)
		daemon_note(d, MAILLOG_WARNING, doors->absent[i].text);
}

static bool
begin(struct daemon *d, const struct settings *s, struct outcome *why)
{
	if (!inlets_prepare(&d->inlets, &s->queue, why))
		return false;
	home_find_agent(&d->agent, s);
	if (!become_owner_of(s->queue.path, why))
		return false;
	notify_open(&d->notify);
	open_report(d, s);
	d->told.known = SIZE_MAX;
	d->now = generation_new(d, s, why);
	if (!d->now || !inlets_open(&d->inlets, &d->now->turn, why))
		return false;
	if (!stop_catch(&d->stop, false))
		return outcome_fail(why, FAILED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "cannot wait for signals");
	open_modules(d);
	note_doors(d, &d->inlets.doors);
	background_ready(&d->background);
	notify_put(&d->notify, "READY=1");
	return true;
}

static int
serve(struct daemon *d, const struct settings *s)
{
	struct outcome why;
	int status = EX_OK;

	if (begin(d, s, &why))
		loop(d);
	else
		status = complain(s, &why);
	daemon_report_end(d);
	while (d->ending.n > 0)
		generation_free(list_first(&d->ending));
	inlets_free(&d->inlets);
	generation_free(d->now);
	if (d->report.program)
		report_close(&d->report);
	home_leave_agent(&d->agent);
	stop_free(&d->stop);
	wait_free(&d->wait);
	notify_close(&d->notify);
	return status;
}

int
daemon_run(const struct settings *s, int argc, char *const argv[])
{
	struct daemon d = { .first = s, .argc = argc,
		.argv = argv,
		.stop = STOP_NONE, .agent = HOME_NO_AGENT,
		.notify = NOTIFY_NONE,
		.reports = { .fd = -1 },
		.background = { -1 },
		.end = WAIT_NEVER };
	struct outcome why;
	int status;

	if (spool_reach(s->queue.path) != SPOOL_OURS) {
		outcome_fail(&why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
		    spool_reach(s->queue.path) == SPOOL_ABSENT ?
		    "%s: there is no such spool; make install-queue makes it" :
		    "%s: the queue is not yours to run", s->queue.path);
		return complain(s, &why);
	}
	if (s->mode == MODE_DAEMON && !background_start(&d.background,
	    &status))
		return status;
	return serve(&d, s);
}
