/* SPDX-License-Identifier: ISC */
/* site_impl.h - the inside of a site, shared by its two files. */
#ifndef DELIVER_SITE_IMPL_H
#define DELIVER_SITE_IMPL_H

#include "deliver/site.h"

/* It wants a lane, if anybody waits. */
void site_wake(struct site *s);

/* p has nobody left to ask here. */
void site_strand(struct site *s, struct parcel *p);

/* Whom p should try next, as hops_next() has it; 0: enough were tried. */
size_t site_next_hops(struct site *s, struct parcel *p, int64_t now,
    size_t out[DIAL_MAX]);

/* May p go aboard of this lane, which is connected? */
bool site_may_take(const struct lane *l, const struct parcel *p);

#endif
