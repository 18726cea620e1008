/* SPDX-License-Identifier: ISC */
/*
 * site_lane.c - what follows from where a lane is: the next mail, the next
 * parcel, QUIT.  When it is over site_over.c says where its parcel goes.
 */
#include "deliver/site_impl.h"

#include "net/clock.h"

#define LANE_IDLE SECONDS(5)
#define LOOK_AHEAD 16 /* parcels that are asked whether they fit a lane */

/* ---- a parcel leaves its lane ---- */

/* Back to the front: this host, or the next one, is asked again for it. */
void
site_put_back(struct site *s, struct parcel *p)
{
	site_put_first(s, p);
	site_wake(s);
}

/* It goes where somebody is left to ask, or ends. */
void
site_send_on(struct site *s, struct parcel *p, int64_t now)
{
	size_t hop[DIAL_MAX];

	if (p->open == 0) {
		parcel_retire(p);
	} else if (site_next_hops(s, p, now, hop) > 0) {
		parcel_reopen(p);
		site_put_back(s, p);
	} else {
		site_strand(s, p);
	}
}

/* The host has been talked with: those that it could not settle go on. */
void
site_leave_host(struct lane *l, struct parcel *p, enum hop_try what,
    int64_t now)
{
	parcel_try(p, l->call.hop[l->winner], what);
	p->silent = false;
	p->sessions++;
	site_send_on(l->site, p, now);
}

/* Between two mails, the lane goes on without its parcel. */
static void
part(struct lane *l, int64_t now)
{
	struct parcel *p = lane_land(l);

	if (p->waiting.first) { /* this connection takes no more */
		p->same = l->call.hop[l->winner];
		site_put_back(l->site, p);
	} else {
		site_leave_host(l, p, ANSWERED, now);
	}
}

/* ---- a lane that is free ---- */

/* What the session has shown of the host. */
void
site_note_host(const struct lane *l)
{
	size_t limit = session_rcpt_limit(l->session);
	struct hop *h = site_hop(l);

	if (limit > 0)
		h->max_rcpts = limit;
	h->no_bdat = h->no_bdat || session_bdat_is_broken(l->session);
}

/* What the last mail has shown of what the site bears. */
void
site_note_mail(struct lane *l)
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
		site_put_back(l->site, p);
		return false;
	}
	if (!lane_mail(l, site_hop(l)->max_rcpts, now)) {
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

	site_note_host(l);
	site_stands(l->site, site_hop(l));
	site_note_mail(l);
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

void
site_step_lane(struct lane *l, const struct wait *w, int64_t now)
{
	lane_step(l, w, now);
	site_note_race(l, now);
	site_go_on(l, now);
}
