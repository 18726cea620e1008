/* SPDX-License-Identifier: ISC */
/*
 * site_lane.c - what follows from where a lane is: the next mail, the next
 * parcel, QUIT; and, when it is over, where its parcel goes.
 */
#include "deliver/site_impl.h"

#include "deliver/gate.h"
#include "net/clock.h"
#include "route/remedy.h"

#define LANE_IDLE SECONDS(5)
#define PATIENCE  SECONDS(1) /* for a descriptor that others must give back */
#define LOOK_AHEAD 16 /* parcels that are asked whether they fit a lane */

/* The hop that the lane is connected to. */
static struct hop *
hop_of(const struct lane *l)
{
	return &l->site->hops.v[l->call.hop[l->winner]];
}

/* ---- a parcel leaves its lane ---- */

/* Back to the front: this host, or the next one, is asked again for it. */
static void
put_back(struct site *s, struct parcel *p)
{
	site_put_first(s, p);
	site_wake(s);
}

/* It goes where somebody is left to ask, or ends. */
static void
send_on(struct site *s, struct parcel *p, int64_t now)
{
	size_t hop[DIAL_MAX];

	if (p->open == 0) {
		parcel_retire(p);
	} else if (site_next_hops(s, p, now, hop) > 0) {
		parcel_reopen(p);
		put_back(s, p);
	} else {
		site_strand(s, p);
	}
}

/* The host has been talked with: those that it could not settle go on. */
static void
leave_host(struct lane *l, struct parcel *p, enum hop_try what, int64_t now)
{
	parcel_try(p, l->call.hop[l->winner], what);
	p->silent = false;
	p->sessions++;
	send_on(l->site, p, now);
}

/* Between two mails, the lane goes on without its parcel. */
static void
part(struct lane *l, int64_t now)
{
	struct parcel *p = lane_land(l);

	if (p->waiting.first) { /* this connection takes no more */
		p->same = l->call.hop[l->winner];
		put_back(l->site, p);
	} else {
		leave_host(l, p, ANSWERED, now);
	}
}

/* ---- a lane that is free ---- */

/* What the session has shown of the host. */
static void
note_host(const struct lane *l)
{
	size_t limit = session_rcpt_limit(l->session);
	struct hop *h = hop_of(l);

	if (limit > 0)
		h->max_rcpts = limit;
	h->no_bdat = h->no_bdat || session_bdat_is_broken(l->session);
}

/* What the last mail has shown of what the site bears. */
static void
note_mail(struct lane *l)
{
	if (l->took)
		site_took(l->site);
	if (l->pushed)
		site_pushed(l->site);
	l->took = l->pushed = false;
}

/* The first of a queue that may go aboard. */
static struct parcel *
first_fit(const struct lane *l, const struct list *queue)
{
	struct parcel *p = list_first(queue);

	for (size_t i = 0; p && i < LOOK_AHEAD; i++) {
		if (site_may_take(l, p))
			return p;
		p = list_after(&p->queue);
	}
	return NULL;
}

/* The next parcel that may go aboard is taken out; or NULL. */
static struct parcel *
next_parcel(const struct lane *l, int64_t now)
{
	struct site *s = l->site;
	struct parcel *p = NULL;

	if (!lane_may_mail(l) || site_is_paced(s, now) ||
	    s->lanes.n > site_lanes_max(s))
		return NULL;
	for (size_t k = 0; !p && k <= NCLASSES; k++)
		p = first_fit(l, site_queue(s, k));
	if (p) {
		list_remove(&p->queue);
		s->turn++;
	}
	return p;
}

/* Its parcel's next mail; false when there is none, and the parcel is gone. */
static bool
serve_parcel(struct lane *l, int64_t now)
{
	struct parcel *p = l->parcel;

	parcel_take_rest(p);
	if (p->waiting.first && !l->paid && site_is_paced(l->site, now)) {
		lane_land(l);
		put_back(l->site, p);
		return false;
	}
	if (!lane_mail(l, hop_of(l)->max_rcpts, now)) {
		part(l, now);
		return false;
	}
	if (!l->paid)
		site_pace(l->site, now);
	l->paid = false;
	return true;
}

/* The next mail is not due by the site's rate, but will be soon. */
static bool
waits_for_pace(const struct lane *l, int64_t idle, int64_t now)
{
	return site_is_paced(l->site, now) && l->site->pace - now <= idle;
}

static void
rest(struct lane *l, int64_t now)
{
	int64_t idle = l->job->config->idle;

	idle = idle ? idle : LANE_IDLE;
	if (l->job->closed || !lane_may_mail(l) ||
	    (site_waiting(l->site) > 0 && !waits_for_pace(l, idle, now)) ||
	    (l->idle.in && now >= l->deadline))
		lane_quit(l, now);
	else if (!l->idle.in)
		lane_idle(l, now + idle);
}

/* Verdicts are recorded before the lane goes on. */
static bool
is_held(const struct lane *l)
{
	return l->parcel && l->parcel->nfresh + l->parcel->recording > 0;
}

static void
serve(struct lane *l, int64_t now)
{
	struct parcel *p;

	note_host(l);
	site_stands(l->site, hop_of(l));
	note_mail(l);
	if (l->parcel && serve_parcel(l, now))
		return;
	p = next_parcel(l, now);
	if (!p) {
		rest(l, now);
		return;
	}
	lane_board(l, p);
}

void
site_go_on(struct lane *l, int64_t now)
{
	while (l->state == LANE_FREE && !is_held(l)) {
		serve(l, now);
		if (l->idle.in)
			break;
	}
	if (l->state == LANE_FREE && is_held(l))
		l->deadline = WAIT_NEVER;
	if (l->state == LANE_OVER)
		site_end_lane(l, now);
}

/* ---- a lane that is over ---- */

/* A parcel's part in the race: who failed, and who answered. */
static void
note_attempt(struct lane *l, size_t i, int64_t now)
{
	const struct dial_attempt *a = &l->dial.attempt[i];
	struct hop *h = &l->site->hops.v[l->call.hop[i]];
	bool won = lane_is_connected(l) && i == l->winner;

	if (won) {
		hop_lives(h);
		l->job->max_lanes += l->job->max_lanes < l->job->most_lanes;
	}
	h->slow = !won && a->state == ATTEMPT_OPEN;
	if (a->state != ATTEMPT_FAILED || a->short_of)
		return;
	site_failed(l->site, h, &a->why, now);
	if (!l->parcel)
		return;
	parcel_try(l->parcel, l->call.hop[i], TRIED);
	parcel_add_problem(l->parcel, &a->why);
}

static void
note_race(struct lane *l, int64_t now)
{
	if (l->raced || l->state == LANE_DIAL || l->state == LANE_RELAY)
		return;
	l->raced = true;
	for (size_t i = 0; i < l->dial.n; i++)
		note_attempt(l, i, now);
	if (lane_is_connected(l))
		gate_won(l);
}

/*
 * Short of something on this machine: the parcel waits its turn, and no more
 * lanes than there are now are begun; but it does not wait for ever when no
 * other lane can give something back.
 */
static bool
was_short(const struct lane *l)
{
	for (size_t i = 0; i < l->dial.n; i++)
		if (l->dial.attempt[i].short_of)
			return !lane_is_connected(l);
	return false;
}

static void
wait_for_room(struct lane *l, struct parcel *p, int64_t now)
{
	struct job *job = l->job;

	job->max_lanes = job->lanes.n > 1 ? job->lanes.n - 1 : 1;
	job->pause = now + MILLISECONDS(100);
	if (job->lanes.n > 1)
		p->starved = 0; /* the others will end */
	else if (p->starved == 0)
		p->starved = now;
	if (p->starved == 0 || now - p->starved < PATIENCE) {
		put_back(l->site, p);
		return;
	}
	parcel_settle(p, &l->end, now);
	parcel_retire(p);
}

/*
 * Under `may` a failed handshake is followed by a connection in clear, from now
 * on in this run.
 */
static bool
goes_clear(const struct lane *l)
{
	return l->tls_failed && l->call.config.tls == TLS_MAY &&
	    l->site->link != LINK_SMTPS;
}

/*
 * Is the same host to be called once more?  When TLS is what failed; when a
 * secret was used that may be out of date; when the connection had carried
 * other mails and ended before a word was said of this one.
 */
static bool
repeats(struct lane *l)
{
	if (goes_clear(l)) {
		hop_of(l)->in_clear = true;
		events_note(l->job->events, l->number,
		    "TLS failed (%s): once more, in clear", l->end.text);
		return true;
	}
	if (l->end.stage == STAGE_AUTH && l->secret_kept) {
		l->site->stale = true;
		return true;
	}
	return lane_is_stale(l);
}

/*
 * The session could not go on after BDAT, which the host does not know after
 * all: it is called once more, and not asked for that again.
 */
static bool
lost_by_bdat(const struct lane *l, struct parcel *p)
{
	if (!lane_is_connected(l) || l->end.verdict == PENDING ||
	    !session_bdat_is_broken(l->session))
		return false;
	parcel_reopen(p);
	return true;
}

/*
 * Did the server only not want one more connection ("421 too many")?  Then the
 * parcel waits for one of those that there are, unless another host is left.
 */
static bool
is_one_too_many(struct lane *l, struct parcel *p, int64_t now)
{
	size_t hop[DIAL_MAX], at = l->call.hop[l->winner];

	if (!lane_is_connected(l) || l->end.code / 100 != 4 ||
	    (l->end.stage != STAGE_GREETING && l->end.stage != STAGE_EHLO) ||
	    l->site->lanes.n == 0)
		return false;
	parcel_try(p, at, TRIED);
	if (site_next_hops(l->site, p, now, hop) > 0)
		return false;
	p->tried[at] = UNTRIED;
	if (l->site->most > l->site->lanes.n)
		l->site->most = l->site->lanes.n;
	return true;
}

/*
 * Did it end before it was told of a mail?  What failed in dialling is noted
 * already.  Without host_retry only that counts.
 */
static void
note_failure(struct lane *l, int64_t now)
{
	size_t at = lane_is_connected(l) ? l->winner : 0;

	if (l->job->config->nhost_retry > 0 && remedy_is_of_host(&l->end) &&
	    (lane_is_connected(l) || l->site->relay))
		site_failed(l->site, &l->site->hops.v[l->call.hop[at]],
		    &l->end, now);
}

/* Has the server had enough of us, in the middle of a mail or before? */
static bool
was_cut_short(const struct lane *l)
{
	if (!lane_is_connected(l) || !l->parcel || lane_is_stale(l) ||
	    l->end.verdict != DEFERRED)
		return false;
	return l->end.code == 421 || (l->end.code == 0 &&
	    remedy_for(&l->end) == REMEDY_NEXT_HOST) || l->end.maybe_sent;
}

/* Why those who are left were not settled: they were sent nothing. */
static void
note_end(struct lane *l, struct parcel *p)
{
	struct outcome why = l->end;

	why.maybe_sent = false;
	if (why.verdict == PENDING && p->open > 0)
		why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
		    "the connection ended early");
	if (lane_is_connected(l))
		outcome_set_host(&why, slice_of(l->call.config.host),
		    &l->call.config.peer);
	if (why.verdict == PENDING || why.verdict == VERIFIED ||
	    (!lane_is_connected(l) && l->dial.n > 0))
		parcel_set_last(p, &why);
	else
		parcel_add_problem(p, &why);
}

static void
end_parcel(struct lane *l, struct parcel *p, int64_t now)
{
	struct outcome why;

	parcel_take_rest(p);
	if (was_short(l)) {
		wait_for_room(l, p, now);
		return;
	}
	if (p->open > 0 && (repeats(l) || lost_by_bdat(l, p))) {
		p->same = l->call.hop[l->winner];
		put_back(l->site, p);
		return;
	}
	if (is_one_too_many(l, p, now)) {
		put_back(l->site, p);
		return;
	}
	note_failure(l, now);
	note_end(l, p);
	why = result_outcome(p->last);
	if (p->open > 0 && remedy_for(&why) != REMEDY_NEXT_HOST)
		parcel_settle(p, &why, now);
	if (lane_is_connected(l)) {
		leave_host(l, p, TRIED, now);
		return;
	}
	if (l->site->relay)
		parcel_try(p, l->call.hop[0], TRIED);
	send_on(l->site, p, now);
}

void
site_end_lane(struct lane *l, int64_t now)
{
	struct site *s = l->site;
	struct parcel *p;

	s->users++; /* it stays until this is done */
	note_race(l, now);
	if (lane_is_connected(l))
		note_host(l);
	l->pushed = l->pushed || was_cut_short(l);
	note_mail(l);
	if (l->end.stage == STAGE_AUTH)
		l->job->refused = s->relay;
	p = lane_land(l);
	list_remove(&l->sibling);
	job_about(l->job, p);
	if (p)
		end_parcel(l, p, now);
	job_about(l->job, NULL);
	lane_free(l);
	site_wake(s);
	site_release(s);
}

void
site_step_lane(struct lane *l, const struct wait *w, int64_t now)
{
	lane_step(l, w, now);
	note_race(l, now);
	site_go_on(l, now);
}
