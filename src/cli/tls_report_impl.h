/* SPDX-License-Identifier: ISC */
/*
 * tls_report_impl.h - what the files of TLS reports share: tls_report.c has the
 * option, tls_send.c what is done with a day's reports, tls_mail.c the mails.
 */
#ifndef CLI_TLS_REPORT_IMPL_H
#define CLI_TLS_REPORT_IMPL_H

#include "cli/home.h"
#include "cli/reach.h"
#include "cli/tls_report.h"
#include "report/maillog.h"
#include "tlsrpt/report.h"

struct tls_reporter {
	const struct settings *s;
	struct reach reach;
	struct deliver_config way;
	struct home home;
	struct here *here;	/* whose names are local; or NULL */
	struct maillog log;
	struct resolver *resolver;
	struct wait wait;
	int64_t wall;		/* seconds since 1970 */
	bool is_pending;	/* something is to be tried again */
	bool told_unsigned;	/* ... that nobody signs its mails */
};

void tls_reporter_open(struct tls_reporter *t, const struct settings *s);
void tls_reporter_close(struct tls_reporter *t);

/* A line in the log. */
void tls_reporter_log(struct tls_reporter *t, enum maillog_level level,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The reports of a day, as far as there are results of it; without entries. */
struct tlsrpt_report tls_report_of(const struct tls_reporter *t, int64_t day);

/* What was counted that day; false with *why. */
bool tls_report_read(const struct tls_reporter *t, int64_t day,
    struct tlsrpt_tally *out, struct outcome *why);

/* ---- tls_send.c ---- */

/* All reports of a day that is over. */
void tls_send_day(struct tls_reporter *t, int64_t day);

/* ---- tls_mail.c ---- */

/*
 * Put the report into the queue, for this address; it was there already: true
 * as well.  False with *why: FAILED when it is no address.
 */
bool tls_mail(struct tls_reporter *t, const struct tlsrpt_report *r,
    const char *to, struct outcome *why);

#endif
