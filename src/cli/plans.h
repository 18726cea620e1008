/* SPDX-License-Identifier: ISC */
/* plans.h - what --explain says: the plan for each destination. */
#ifndef CLI_PLANS_H
#define CLI_PLANS_H

#include "config/settings.h"
#include "deliver/deliver.h"
#include "report/report.h"

/*
 * Print the plans of a delivery that had plan_only, then the envelope's bad
 * recipients, and whether the relays' secrets can be had; or only why it was
 * stopped, unless that is PENDING.  The exit status: the worst.
 */
int plans_print(const struct settings *s, struct deliver *deliver,
    struct report *report, const struct envelope *e,
    const struct outcome *stopped);

#endif
