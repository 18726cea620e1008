/* SPDX-License-Identifier: ISC */
/* exits.h - the exit status of a run as swaks 20201014 would have it. */
#ifndef REPORT_EXITS_H
#define REPORT_EXITS_H

#include <stdbool.h>

#include "mail/envelope.h"

/* Of what went wrong; smtps: the connection began with TLS. */
int exits_swaks(const struct outcome *o, bool smtps);

/*
 * Of a run that failed as a whole, unless that is PENDING, or in which these
 * became of the recipients: 0 where somebody was taken and the others were
 * refused at RCPT, else that of the worst.
 */
int exits_swaks_all(const struct outcome *failed, const struct envelope *e,
    bool smtps);

#endif
