/* SPDX-License-Identifier: ISC */
/* caps.h - what a server offers in its EHLO or LHLO reply. */
#ifndef SMTP_CAPS_H
#define SMTP_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Forgotten whole after STARTTLS (RFC 3207 4.2). */
struct caps {
	bool pipelining;	/* RFC 2920 */
	bool eight_bit;		/* RFC 6152 */
	bool smtputf8;		/* RFC 6531 */
	bool chunking;		/* RFC 3030 */
	bool dsn;		/* RFC 3461 */
	bool starttls;		/* RFC 3207 */
	bool enhanced;		/* RFC 2034 */
	bool require_tls;	/* RFC 8689 */
	bool future_release;	/* RFC 4865 */
	bool deliver_by;	/* RFC 2852 */
	bool mt_priority;	/* RFC 6710 */
	bool xsmtpsend;		/* it is our own queue */
	unsigned xclient;	/* attributes, as base/xclient.h has them */
	bool size;		/* RFC 1870 */
	uint64_t max_size;	/* 0 = not said */
	/* LIMITS (RFC 9422); 0 = not said */
	uint64_t max_rcpts;	/* RCPTMAX: recipients of a mail */
	uint64_t max_mails;	/* MAILMAX: mails of a session */
	uint64_t max_domains;	/* RCPTDOMAINMAX: domains among a mail's
				   recipients */
};

/*
 * Read the text of a 250 reply to EHLO, lines joined by LF as struct reply has
 * it.  The first line is the server's name.  Unknown or malformed keywords are
 * passed over; keywords are matched without case.
 */
void caps_parse(struct caps *c, struct slice reply_text);

#endif
