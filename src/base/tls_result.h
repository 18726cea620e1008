/* SPDX-License-Identifier: ISC */
/*
 * tls_result.h - what came of TLS with a mail exchanger, in the words of TLS
 * reports (RFC 8460 4.2, 4.3).
 *
 * One of these is said for each session of a delivery by MX, or for the failure
 * to have one; by the rooms that know, and counted by tlsrpt/tally.h.
 */
#ifndef BASE_TLS_RESULT_H
#define BASE_TLS_RESULT_H

#include <stdbool.h>

#include "base/inet.h"
#include "base/slice.h"

enum tls_policy_type {
	TLS_POLICY_NOT_FOUND,	/* "no-policy-found": neither of these */
	TLS_POLICY_TLSA,	/* DANE (RFC 7672) */
	TLS_POLICY_STS,		/* MTA-STS (RFC 8461) */
	NTLS_POLICIES
};

enum tls_result_type {
	TLS_RESULT_OK,		/* a session as the policy wants it */

	TLS_RESULT_NO_STARTTLS,	/* "starttls-not-supported" */
	TLS_RESULT_HOST_MISMATCH,
	TLS_RESULT_EXPIRED,
	TLS_RESULT_NOT_TRUSTED,
	TLS_RESULT_FAILURE,	/* "validation-failure": all else */

	TLS_RESULT_TLSA_INVALID, /* of DANE */
	TLS_RESULT_DNSSEC_INVALID,
	TLS_RESULT_DANE_REQUIRED,

	TLS_RESULT_STS_FETCH,	/* of MTA-STS: "sts-policy-fetch-error" */
	TLS_RESULT_STS_INVALID,
	TLS_RESULT_STS_WEBPKI,
	NTLS_RESULTS
};

/* A policy as it was applied; strings are borrowed. */
struct tls_policy {
	enum tls_policy_type type;
	struct slice domain;	/* of the recipients, as A-labels */
	struct slice strings;	/* each with LF: TLSA records in presentation
				   form, or lines of the STS policy; or empty */
	struct slice mx;	/* of STS: its mx patterns, each with LF */
};

/* Empty slices and addresses of version 0: that is not known. */
struct tls_result {
	struct tls_policy policy;
	enum tls_result_type type;
	struct ip local;	/* "sending-mta-ip" */
	struct ip peer;		/* "receiving-ip" */
	struct slice host;	/* "receiving-mx-hostname" */
	struct slice helo;	/* "receiving-mx-helo": by its greeting */
	struct slice reason;	/* "failure-reason-code" */
	struct slice info;	/* "additional-information" */
};

/* "tlsa", "sts", "no-policy-found"; and back. */
const char *tls_policy_type_name(enum tls_policy_type type);
bool tls_policy_type_parse(struct slice s, enum tls_policy_type *out);

/* "starttls-not-supported", ...; "successful" of TLS_RESULT_OK; and back. */
const char *tls_result_type_name(enum tls_result_type type);
bool tls_result_type_parse(struct slice s, enum tls_result_type *out);

#endif
