/* SPDX-License-Identifier: ISC */
/*
 * server_params.h - the parameters of MAIL and RCPT, read strictly.
 *
 * What is not offered is unknown (555), what is malformed or given twice is
 * refused (501).  Slices lie in the text that was read.
 */
#ifndef SMTP_SERVER_PARAMS_H
#define SMTP_SERVER_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "mail/envelope.h"

/* What a server offers, as bits; parameters of what it does not are unknown. */
enum {
	OFFER_PIPELINING = 1,
	OFFER_SIZE = 2,
	OFFER_8BITMIME = 4,
	OFFER_SMTPUTF8 = 8,
	OFFER_CHUNKING = 16,
	OFFER_DSN = 32,
	OFFER_ENHANCED = 64,
	OFFER_STARTTLS = 128,
	OFFER_LIMITS = 256,
	OFFER_AUTH = 512,
	OFFER_REQUIRETLS = 1024,
	OFFER_FUTURERELEASE = 2048,
	OFFER_DELIVERBY = 4096,
	OFFER_MT_PRIORITY = 8192,
	OFFER_XSMTPSEND = 16384,
};

/* XSMTPSEND's FORM=: what may be done to the text. */
enum param_form {
	FORM_RAW,	/* not given: it may lack what a message must have */
	FORM_FINISHED,	/* its header is complete: none of it is changed */
	FORM_AS_IS,	/* ... and it is not to be re-coded on its way */
};

#define PARAM_KEY_MAX 120 /* octets of KEY=, decoded */
#define PARAM_REASON_MAX 200 /* the same of HOLD= */
#define PARAM_TAG_MAX 31  /* ... of TAG= */

struct mail_params {
	uint64_t size;		/* SIZE=, 0 when not given */
	bool utf8;		/* SMTPUTF8 */
	enum dsn_ret ret;
	struct slice envid;	/* xtext; empty: not given */
	bool require_tls;	/* RFC 8689 */
	uint32_t hold_for;	/* RFC 4865, seconds; 0 = not given */
	int64_t hold_until;	/* seconds since 1970; 0 = not given */
	int by;			/* RFC 2852, seconds; */
	char by_mode;		/* 'R' or 'N'; 0 = not given */
	bool by_trace;
	int priority;		/* RFC 6710, -9 to 9 */

	/* XSMTPSEND: between our own client and our own daemon */
	struct slice key;	/* KEY=, xtext: the same one is one message */
	struct slice tag;	/* TAG=, for log lines */
	bool hold;		/* HOLD: keep it until somebody releases it */
	struct slice hold_reason; /* ... HOLD=, xtext; or empty */
	bool no_alias;		/* NOALIAS */
	bool queue_only;	/* QUEUEONLY: no try before the next run */
	uint16_t hops;		/* HOPS=, besides its Received fields */
	enum param_form form;
};

struct rcpt_params {
	unsigned notify;	/* NOTIFY_ bits; 0 = not given */
	struct slice orcpt;	/* "rfc822;..", xtext; empty: not given */
};

/*
 * Read " KEY=value KEY ..." into *out, which is zeroed first.  NULL, or the
 * whole reply to refuse it with.
 */
const char *params_parse_mail(struct slice params, unsigned offers,
    struct mail_params *out);
const char *params_parse_rcpt(struct slice params, unsigned offers,
    struct rcpt_params *out);

/* xtext (RFC 3461 4), with UTF-8 let through for utf-8 addresses (RFC 6533). */
bool params_is_xtext(struct slice s);

#endif
