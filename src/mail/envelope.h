/* SPDX-License-Identifier: ISC */
/* envelope.h - who a message is from and for, and what became of each. */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include <stdint.h>

#include "base/outcome.h"
#include "mail/address.h"

/* RFC 3461 NOTIFY, as bits; 0 = not given. */
enum { NOTIFY_NEVER = 1, NOTIFY_SUCCESS = 2, NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8 };

enum dsn_ret { RET_UNSET, RET_FULL, RET_HDRS };

struct recipient {
	struct address to;
	unsigned notify;
	char *orcpt;		/* "rfc822;bob@x", not yet xtext; or NULL */
	struct outcome outcome;
	char queue_id[64];	/* the server's, taken from its last reply */
	char tls[16];		/* "TLSv1.3", or empty for a clear connection */
	int64_t decided;	/* when, on the loop's clock (microseconds) */
};

struct envelope {
	struct address from;	/* path "" = <> */
	enum dsn_ret ret;
	char *envid;		/* as given, not yet xtext; or NULL */
	struct recipient *rcpts;
	size_t n;
	size_t *slots, nslots;	/* envelope_add()'s own: who is there already */
};

void envelope_free(struct envelope *e);

/*
 * Takes over *to (clears it); a mailbox already there is not added again.
 * Pointers into rcpts are good until the next call.
 */
void envelope_add(struct envelope *e, struct address *to);

/*
 * "never", "success,failure,delay" in any case and order; false, *out
 * untouched, for anything else, also for "never" beside others (RFC 3461 4.1).
 */
bool notify_parse(struct slice s, unsigned *out);

/* Does any address of the envelope need SMTPUTF8? */
bool envelope_is_utf8(const struct envelope *e);

/* Give every recipient that is still PENDING this outcome, decided at now. */
void envelope_settle(struct envelope *e, const struct outcome *o, int64_t now);

#endif
