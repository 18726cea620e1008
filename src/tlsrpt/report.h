/* SPDX-License-Identifier: ISC */
/*
 * report.h - a TLS report: what one day's results were of one policy domain, as
 * JSON (RFC 8460 4.4), its file name (5.1), and the mail that brings it (5.3).
 */
#ifndef TLSRPT_REPORT_H
#define TLSRPT_REPORT_H

#include "tlsrpt/tally.h"

#define TLSRPT_DAY	 86400	/* seconds */
#define TLSRPT_DETAILS	 1000	/* of failures, in a report: what is more only
				   counts in the summary */

/* Strings are borrowed. */
struct tlsrpt_report {
	const char *submitter;	/* our host's name, A-labels */
	const char *contact;	/* an address, for questions */
	struct slice domain;	/* whose report it is, A-labels */
	int64_t day;		/* since 1970, UTC */
	const struct tlsrpt_entry *const *entry; /* of that domain, */
	size_t n;		/* ... sorted */
};

/*
 * Append the id of the report: the same whenever it is made, so that who gets
 * it twice can tell.
 */
void tlsrpt_report_put_id(struct buf *out, const struct tlsrpt_report *r);

/* Append it, one line of JSON with its LF. */
void tlsrpt_report_put(struct buf *out, const struct tlsrpt_report *r);

/* Append "mx.example.com!example.org!1470009600!1470095999.json". */
void tlsrpt_report_put_name(struct buf *out, const struct tlsrpt_report *r);

/*
 * Append the mail, canonical (CRLF), to an address that mail/address.h has
 * approved, as made then (seconds since 1970); returns how many octets its
 * header has, with the empty line.  The report goes uncompressed, in base64.
 */
size_t tlsrpt_report_put_mail(struct buf *out, const struct tlsrpt_report *r,
    const char *to, int64_t now);

/* "2026-11-27" of a day; and back, false for what is none. */
void tlsrpt_day_put(struct buf *out, int64_t day);
bool tlsrpt_day_parse(struct slice s, int64_t *day);

#endif
