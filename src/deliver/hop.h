/* SPDX-License-Identifier: ISC */
/*
 * hop.h - the addresses of a site in the order to try, and what a run has
 * learnt of each.
 *
 * A hop keeps its index for as long as its site lives, so that parcels can note
 * which they have tried; a newer plan only says which are in use, and in which
 * order.  By a relay a hop is a host, whose addresses libcurl finds.
 */
#ifndef DELIVER_HOP_H
#define DELIVER_HOP_H

#include "deliver/parcel.h"
#include "route/plan.h"

#define HOP_DEAD_SECONDS 60 /* that one which did not answer is left alone */

struct hop {
	const char *host;	/* its own copy */
	struct endpoint at;	/* no address: libcurl finds it */
	uint16_t preference;
	bool implicit_tls;	/* of a relay's; */
	const char *addresses;	/* ... where it is, if that was asked for; its
				   own copy, or NULL */
	enum tls_level tls;	/* what is demanded there; */
	bool by_sts;		/* ... by a policy of MTA-STS, */
	struct dane *dane;	/* ... its TLSA records, or NULL; its own copy.
				   Another demand makes another site */
	bool in_clear;		/* TLS has failed there, where it need not be */
	bool no_bdat;		/* it offers CHUNKING, and does not know it */
	bool slow;		/* another address of its group was faster */
	size_t max_rcpts;	/* in one mail, as it has shown; 0 = not yet */
	int64_t dead_until;
	struct result *dead;	/* ... why */
};

struct hops {
	struct hop *v;
	size_t n;
	size_t *order;		/* of those in use */
	size_t norder;
};

void hops_free(struct hops *h);

/* Take the hops of a plan: these are in use now, in this order. */
void hops_take_plan(struct hops *h, const struct plan *p);

/*
 * The hops that p should try now, at most DIAL_MAX, all of one preference: they
 * are raced.  What is known to be dead is passed over, and p told so.  0: there
 * is none left.
 */
size_t hops_next(const struct hops *h, struct parcel *p, int64_t now,
    size_t out[DIAL_MAX]);

/* Was a host asked for p that did not answer, by no address of its? */
bool hops_doubt(const struct hops *h, const struct parcel *p);

/* It did not connect or answer, for this reason; or it did connect. */
void hop_died(struct hop *h, const struct outcome *why, int64_t now);
void hop_lives(struct hop *h);

/* Are all in use known to be dead?  Then all of them are, until then. */
bool hops_are_dead(const struct hops *h, int64_t now);
void hops_die(struct hops *h, int64_t until);

/* None is dead any longer than now; that it was is not forgotten. */
void hops_revive(struct hops *h, int64_t now);

/* Is anything known that is worth keeping? */
bool hops_remember(const struct hops *h);

#endif
