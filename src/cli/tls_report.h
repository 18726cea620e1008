/* SPDX-License-Identifier: ISC */
/*
 * tls_report.h - TLS reports (RFC 8460): --tls-report, and what the daemon has
 * done of it.
 *
 * What the runners have counted (spool/tls_days.h) of a day that is over is
 * sent to each domain that asks for it.  What was done is noted behind it, so
 * who dies in between and begins anew does a thing once more at most: a mail
 * goes into the queue once, since it has a key there; a POST may be repeated.
 * What cannot be sent is tried again until a day after it was first due.
 */
#ifndef CLI_TLS_REPORT_H
#define CLI_TLS_REPORT_H

#include "config/settings.h"

/* RFC 8460 4.1: reports leave so many seconds after the day's end at most. */
#define TLS_REPORT_SPREAD 14400

/* --tls-report today, DATE or send; the exit status. */
int tls_report_run(const struct settings *s);

/*
 * Send what is due, in a process that is the spool's owner and does nothing
 * else: 0, or 75 when something is to be tried again.
 */
int tls_report_send(const struct settings *s);

#endif
