/* SPDX-License-Identifier: ISC */
/* site_impl.h - the inside of a site, shared by its two files. */
#ifndef DELIVER_SITE_IMPL_H
#define DELIVER_SITE_IMPL_H

#include "deliver/site.h"

/* It wants a lane, if anybody waits. */
void site_wake(struct site *s);

/* How many parcels wait; p comes to the front of its queue. */
size_t site_waiting(const struct site *s);
void site_put_first(struct site *s, struct parcel *p);

/*
 * The queues in the order in which they are to be looked at now, k < NCLASSES +
 * 1: that of the class whose turn it is, then all by urgency.  Who takes a
 * parcel out ends the turn.
 */
struct list *site_queue(struct site *s, size_t k);

/* p has nobody left to ask here. */
void site_strand(struct site *s, struct parcel *p);

/* Whom p should try next, as hops_next() has it; 0: enough were tried. */
size_t site_next_hops(struct site *s, struct parcel *p, int64_t now,
    size_t out[DIAL_MAX]);

/* Does it wait as a whole?  Then nobody is asked. */
bool site_is_down(const struct site *s, int64_t now);

/*
 * A host could not be talked with, for this reason: the site waits if it was
 * the last of them.  Or one could: nobody waits.
 */
void site_failed(struct site *s, struct hop *h, const struct outcome *why,
    int64_t now);
void site_stands(struct site *s, struct hop *h);

/* None of its hosts is of use for this reason: a relay's secret. */
void site_barred(struct site *s, const struct outcome *why, int64_t now);

/* It has a new plan: a host that is not known to be dead is a way out. */
void site_renewed(struct site *s, int64_t now);

/* How many lanes it may have now; it took a mail; it had enough. */
size_t site_lanes_max(const struct site *s);
void site_took(struct site *s);
void site_pushed(struct site *s);

/* Is a mail due by its rate?  One is begun. */
static inline bool
site_is_paced(const struct site *s, int64_t now)
{
	return now < s->pace;
}

void site_pace(struct site *s, int64_t now);

/* The hop that the lane is connected to. */
static inline struct hop *
site_hop(const struct lane *l)
{
	return &l->site->hops.v[l->call.hop[l->winner]];
}

/* p back to the front: this host, or the next one, is asked again for it. */
void site_put_back(struct site *s, struct parcel *p);

/* p goes where somebody is left to ask, or ends. */
void site_send_on(struct site *s, struct parcel *p, int64_t now);

/* The host has been talked with: those that it could not settle go on. */
void site_leave_host(struct lane *l, struct parcel *p, enum hop_try what,
    int64_t now);

/* What the session, its last mail, or the race for it has shown. */
void site_note_host(const struct lane *l);
void site_note_mail(struct lane *l);
void site_note_race(struct lane *l, int64_t now);

/* May p go aboard of this lane, which is connected? */
bool site_may_take(const struct lane *l, const struct parcel *p);

#endif
