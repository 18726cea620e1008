/* SPDX-License-Identifier: ISC */
/*
 * visit.h - one connection to one address of a server, to see what it is like:
 * greeting, EHLO, STARTTLS, EHLO, and what it says of recipients.  Never DATA.
 *
 * Whatever the server does the visit ends, in time, and keeps all that was
 * found until then.  Certificates are looked at but nothing depends on them.
 */
#ifndef DESK_VISIT_H
#define DESK_VISIT_H

#include "base/event.h"
#include "mail/address.h"
#include "net/dial.h"
#include "net/module.h"
#include "net/stream.h"
#include "net/wait.h"
#include "smtp/caps.h"
#include "smtp/reply.h"

/* What visits to the same target have in common; outlives them. */
struct visit_call {
	const char *helo;	/* NULL: the literal of each connection's end */
	enum link_kind link;
	bool tls;		/* look at TLS; needs both of the next */
	const struct tls_module *module;
	struct tls_context *context;
	const char *tls_name;	/* --tls-name, or NULL */
	struct dial_options dial;
	int64_t patience;	/* for each step, microseconds */
	const struct address *rcpt; /* to be asked for */
	size_t nrcpts;
	struct events *events;
};

/* How it ended, if not by our QUIT after all that was to be seen. */
enum visit_fault {
	VISIT_FINE,
	VISIT_LOCAL,		/* this machine lacks something */
	VISIT_UNREACHABLE,	/* no connection */
	VISIT_SILENT,		/* it stood still */
	VISIT_LOST,		/* it hung up */
	VISIT_TURNED_AWAY,	/* a greeting or reply to EHLO that is no 2yz */
	VISIT_GARBAGE,		/* what came is no SMTP */
	VISIT_NO_STARTTLS,	/* not offered, or refused */
	VISIT_NO_HANDSHAKE
};

/* A reply; code 0: there was none. */
struct said {
	unsigned short code;
	struct esc esc;
	struct buf text;	/* its lines joined by LF, raw */
};

enum visit_state { VISIT_DIAL, VISIT_TALK, VISIT_HANDSHAKE, VISIT_OVER };

struct visit {
	const struct visit_call *call;
	struct dial_target target;
	const struct dane *dane; /* its TLSA records, if these are to judge */
	unsigned short preference;
	unsigned number;	/* of its events */

	/* what was found */
	int64_t begun, connected, ended; /* on the clock of now; 0 = not */
	struct said greeting;
	struct said ehlo, ehlo_tls;
	struct said starttls;
	struct said mail;	/* the reply to MAIL, when it refused */
	struct said *rcpt;	/* of each recipient of the call */
	bool secured;
	struct tls_facts facts;	/* once secured */
	enum visit_fault fault;
	struct outcome why;	/* ... in words */

	/* its own */
	enum visit_state state;
	unsigned step;
	size_t at;		/* the recipient it is asked about */
	struct dial dial;
	struct stream stream;
	struct reply_parser in;
	struct buf out;
	struct caps caps;
	int64_t deadline;
	size_t slot;
};

/* Begin; target.host is borrowed. */
void visit_start(struct visit *v, const struct visit_call *call,
    const struct dial_target *target, int64_t now);

void visit_wait(struct visit *v, struct wait *w);
void visit_step(struct visit *v, const struct wait *w, int64_t now);

/* End it now for this reason, unless it is over. */
void visit_stop(struct visit *v, const struct outcome *why, int64_t now);

/* A zeroed visit may be freed; the context must still be there. */
void visit_free(struct visit *v);

/* What the server offers in the end: under TLS if there is any. */
const struct said *visit_offer(const struct visit *v);

/* Append "550 5.1.1 no such user", raw, its lines joined by " / ". */
void said_put(struct buf *out, const struct said *s);

/* Has a recipient been asked for, or was he refused with MAIL? */
const struct said *visit_rcpt(const struct visit *v, size_t i);

#endif
