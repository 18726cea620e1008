/* SPDX-License-Identifier: ISC */
/*
 * extras.h - what a queue is told with MAIL besides: parameters that only a
 * server for handing in understands (server_params.h reads them).
 */
#ifndef SMTP_EXTRAS_H
#define SMTP_EXTRAS_H

#include "base/buf.h"
#include "base/outcome.h"
#include "smtp/caps.h"
#include "smtp/server_params.h"

/* Zeroed, it says nothing.  Strings are the caller's. */
struct mail_extras {
	bool require_tls;	/* RFC 8689 */
	int64_t hold_until;	/* RFC 4865, seconds since 1970; 0 */
	uint32_t return_after;	/* RFC 2852 BY=..;R, seconds; 0; nine digits */
	int priority;		/* RFC 6710, -9 to 9 */

	/* XSMTPSEND */
	enum param_form form;
	const char *key;	/* PARAM_KEY_MAX octets; or NULL */
	unsigned part;		/* ... of a message in parts: which, from 0 */
	const char *tag;	/* PARAM_TAG_MAX letters, digits, "-_./"; NULL;
				   one that is not so is not said */
	bool hold, no_alias, queue_only;
	const char *hold_reason; /* what is too long of it is not said; NULL */
	uint16_t hops;
};

/*
 * Does the server offer all that is wanted?  False with *why (FAILED), which
 * says what is missing; a priority and a tag are not missed.
 */
bool extras_fit(const struct mail_extras *e, const struct caps *caps,
    struct outcome *why);

/* Append " HOLDUNTIL=.. KEY=..", as far as it is offered. */
void extras_put(struct buf *out, const struct mail_extras *e,
    const struct caps *caps);

#endif
