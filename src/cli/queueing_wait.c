/* SPDX-License-Identifier: ISC */
/* queueing_wait.c - who delivers what was queued, and what it is waited for. */
#include "cli/queueing_impl.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/follow.h"
#include "cli/runq.h"
#include "net/clock.h"
#include "queue/control_client.h"

/* ---- verdicts ---- */

/* Waiting has an end, and so has this: what is open still is no success. */
static void
say_waits(struct recipient *r, const char *id)
{
	struct outcome o = recipient_outcome(r);
	struct buf text = { 0 };

	if (outcome_is_queued(o.verdict, o.stage))
		o = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 7),
		    "no answer yet");
	buf_putf(&text, "%s%sit stays in the queue as %s",
	    o.code ? "" : o.text, o.code ? "" : "; ", id);
	if (o.code != 0)
		outcome_set_ours(&o, "%s", buf_str(&text));
	else
		outcome_set_text(&o, buf_slice(&text));
	buf_free(&text);
	queueing_say(r, &o, id);
}

/* After waiting: of those who are in the queue. */
static void
settle(struct envelope *e, const char *id, bool is_success)
{
	for (size_t i = 0; i < e->n; i++) {
		struct recipient *r = &e->rcpts[i];
		struct outcome o = recipient_outcome(r);
		bool queued = outcome_is_queued(o.verdict, o.stage);

		if (!r->result || strcmp(r->result->queue_id, id) != 0)
			continue;
		if (is_success && o.verdict == DEFERRED)
			queueing_say_queued(r, id, "");
		else if (!is_success && (queued || o.verdict == DEFERRED))
			say_waits(r, id);
	}
}

/* ---- who delivers it ---- */

/* All but the way to the agent, which is the lowest then. */
static int
close_all(int feed)
{
	int kept = feed >= 0 ? dup2(feed, STDERR_FILENO + 1) : -1;

	close_range(0, STDERR_FILENO, 0);
	close_range(STDERR_FILENO + (kept < 0 ? 1 : 2), ~0U, 0);
	return kept;
}

/* Nothing of ours holds up whoever waits for our end, or reads what we say. */
static void
detach(struct home_agent *agent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	agent->feed = agent->client.feed = close_all(agent->feed);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (open("/dev/null", O_RDWR) < 0)
			_exit(EX_OSERR);
	if (chdir("/") < 0)
		_exit(EX_OSERR);
}

/* Without a child it waits for the next queue run. */
static void
run_in_background(const struct settings *s, const char *id,
    struct home_agent *agent)
{
	if (fork() != 0)
		return;
	detach(agent);
	_exit(runq_one(s, id, agent, NULL, NULL));
}

/* Tell who is to deliver it; where nobody is there, a child of ours does. */
static void
begin(struct queueing *q, const char *id)
{
	const struct settings *s = q->settings;

	if (q->is_ours && control_wake(s->queue.run, id) == CONTROL_NOBODY &&
	    !queueing_rests(s) && !q->tried)
		run_in_background(s, id, &q->agent);
}

/* Where no daemon is there we do its work, for the first of them; a time limit
 * is a signal then. */
static void
wait_for_it(struct queueing *q, const char *id, int64_t until)
{
	const struct settings *s = q->settings;
	struct follow f = { .settings = s, .id = id, .until = until,
		.envelope = &q->intake->envelope };

	if (follow_daemon(&f) || !q->is_ours)
		return;
	if (strcmp(id, q->id) != 0) {
		begin(q, id);
		return;
	}
	alarm(s->enqueue.wait_seconds);
	runq_one(s, id, &q->agent, follow_news, &f);
	alarm(0);
}

/* Its id, or that of a part of it; NULL behind the last. */
static const char *
next_id(const struct queueing *q, const char *id)
{
	struct slice parts = buf_slice(&q->parts);

	if (!id)
		return q->id;
	id = id == q->id ? parts.p : id + sizeof q->id;
	return parts.n > 0 && id < parts.p + parts.n ? id : NULL;
}

/* One after the other, each woken when it is listened to: so none of its
 * verdicts is missed. */
static void
wait_for_all(struct queueing *q)
{
	const struct settings *s = q->settings;
	const char *id = NULL;
	int64_t until = 0;

	if (s->enqueue.wait_seconds > 0)
		until = clock_now() + SECONDS(s->enqueue.wait_seconds);
	while ((id = next_id(q, id)))
		wait_for_it(q, id, until);
	while ((id = next_id(q, id)))
		settle(&q->intake->envelope, id, !s->enqueue.wait);
}

/* A message that was handed in is the daemon's to begin with. */
void
queueing_set_off(struct queueing *q)
{
	const struct settings *s = q->settings;
	const char *id = NULL;

	if (s->sendmail.delivery == DELIVERY_QUEUE)
		return;
	if (queueing_waits(q) && !queueing_rests(s)) {
		wait_for_all(q);
		return;
	}
	while ((id = next_id(q, id)))
		begin(q, id);
}
