/* SPDX-License-Identifier: ISC */
/*
 * site_over.c - a lane that is over, or has won or lost its race: what that
 * shows of the hosts, and where its parcel goes.
 */
#include "deliver/site_impl.h"

#include "deliver/gate.h"
#include "net/clock.h"
#include "route/remedy.h"

#define PATIENCE SECONDS(1) /* for a descriptor that others must give back */

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

void
site_note_race(struct lane *l, int64_t now)
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
		site_put_back(l->site, p);
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
		site_hop(l)->in_clear = true;
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
 * already.  Without host_retry only silence counts besides: a hundred domains
 * of one host are not to wait out its patience in turn.
 */
static void
note_failure(struct lane *l, int64_t now)
{
	size_t at = lane_is_connected(l) ? l->winner : 0;
	bool silent = l->end.late && l->mails == 0;

	if ((l->job->config->nhost_retry > 0 || silent) &&
	    remedy_is_of_host(&l->end) &&
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
		site_put_back(l->site, p);
		return;
	}
	if (is_one_too_many(l, p, now)) {
		site_put_back(l->site, p);
		return;
	}
	note_failure(l, now);
	note_end(l, p);
	why = result_outcome(p->last);
	if (p->open > 0 && remedy_for(&why) != REMEDY_NEXT_HOST)
		parcel_settle(p, &why, now);
	if (lane_is_connected(l)) {
		site_leave_host(l, p, TRIED, now);
		return;
	}
	if (l->site->relay)
		parcel_try(p, l->call.hop[0], TRIED);
	site_send_on(l->site, p, now);
}

void
site_end_lane(struct lane *l, int64_t now)
{
	struct site *s = l->site;
	struct parcel *p;

	s->users++; /* it stays until this is done */
	site_note_race(l, now);
	if (lane_is_connected(l))
		site_note_host(l);
	l->pushed = l->pushed || was_cut_short(l);
	site_note_mail(l);
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
