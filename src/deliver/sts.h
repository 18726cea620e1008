/* SPDX-License-Identifier: ISC */
/*
 * sts.h - the policies of MTA-STS (RFC 8461): found in memory, in a file of the
 * cache, or fetched.
 *
 * A file is read once a run for each domain.  A policy is fetched when its
 * record has another id than the one that is kept, when none is kept that is
 * still good, and, while nobody waits, when half of its time is over; after a
 * failure not again for five minutes.  Whatever fails, one that is kept holds
 * until its time is over (FAULTS 19).
 */
#ifndef DELIVER_STS_H
#define DELIVER_STS_H

#include "deliver/deliver.h"
#include "route/sts.h"

struct sts;

/* All outlive it.  Those that wait, step and free take NULL, too. */
struct sts *sts_new(const struct deliver_config *config,
    struct resolver *resolver, struct events *events);
void sts_free(struct sts *s); /* before the resolver */

/*
 * Give a route the policy that it wants, or why there is none; false while it
 * is being fetched (ask again after the next step), or when it wants none.
 * *fault is why no newer one was fetched, for reports to the domain; else
 * TLS_RESULT_OK.
 */
bool sts_give_policy(struct sts *s, struct route *route, int64_t now,
    enum tls_result_type *fault);

void sts_wait(struct sts *s, struct wait *w);
void sts_step(struct sts *s, const struct wait *w, int64_t now);

/* ---- sts_file.c: one file for a domain, in a folder of the user's own ---- */

/*
 * What is kept of a domain; false when nothing is, or it is broken, too big, or
 * may be of somebody else.
 */
bool sts_file_read(const char *dir, const char *domain, struct sts_entry *out);

/*
 * Keep it, in place of what was there; the folder is made, and what is missing
 * above it.  False with errno: EPERM when the folder may be somebody else's.
 */
bool sts_file_write(const char *dir, const char *domain,
    const struct sts_entry *e, struct slice text);

#endif
