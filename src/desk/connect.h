/* SPDX-License-Identifier: ISC */
/*
 * connect.h - one connection to a server, for a person or a script.
 *
 * The way there is the same as for mail: the plan for a domain, or --server,
 * and its addresses raced.  What is said on it is the caller's affair.  The
 * calls that wait do so in a loop of their own, until a signal of *stop.
 */
#ifndef DESK_CONNECT_H
#define DESK_CONNECT_H

#include <stdbool.h>

#include "deliver/deliver.h"
#include "net/module.h"
#include "net/stop.h"
#include "smtp/reply.h"

/* All of it outlives the connection. */
struct connect_call {
	const struct deliver_config *config;
	const char *domain;	/* whose mail exchangers, in A-labels; of no
				   account with a server */
	struct events *events;
	struct stop *stop;
};

/* Zero-initialise but for stream.fd, -1. */
struct connection {
	const struct connect_call *call;
	struct stream stream;
	char host[256];
	struct endpoint peer;
	enum tls_level tls;	/* what the plan demands there; */
	struct dane *dane;	/* ... by these TLSA records, or NULL */
	bool dane_only;		/* ... and by nothing else */
	enum link_kind link;
	const struct net_module *net; /* opened for TLS; or NULL */
	struct tls_context *context;
	bool is_open;
	bool secure;		/* under TLS */
	struct buf in;		/* read, and not yet understood */
	struct reply_parser parser;
	struct wait wait;
	unsigned signal;	/* the last that came while waiting; 0 = none */
};

#define CONNECTION_NONE ((struct connection){ .stream.fd = -1 })

/*
 * Find the server and connect; with smtps:// the TLS handshake is done too.
 * False with *why, as mail would have failed (DEFERRED, FAILED).
 */
bool connection_open(struct connection *c, const struct connect_call *call,
    struct outcome *why);

/*
 * The TLS handshake: an EVENT_TLS, or false with *why and the connection is of
 * no more use.  So it is when the server has said more than its reply before.
 */
bool connection_secure(struct connection *c, struct outcome *why);

/* Write all of it, whatever the server says meanwhile. */
bool connection_write(struct connection *c, struct slice octets,
    struct outcome *why);

enum heard {
	HEARD_NOTHING,	/* nothing now */
	HEARD_LINE,	/* a line, and its reply is not whole yet */
	HEARD_REPLY,	/* the last line of a reply, in c->parser.reply */
	HEARD_RUBBISH,	/* a line that is no reply; c->parser.error */
	HEARD_END,	/* it will say nothing more: connection_end() */
};

/* Take one line of what has come, without waiting; *line is good until the
 * next call. */
enum heard connection_hear(struct connection *c, struct slice *line);

/* Octets that no line has ended yet, when the server has gone. */
struct slice connection_rest(const struct connection *c);

/* Wait for the server, or a signal, or this moment: false at a signal. */
bool connection_wait(struct connection *c, int64_t until);

/* Is there anything to hear without waiting?  Else poll for this. */
bool connection_has_more(const struct connection *c);

/* Close it; reset: with RST, so that the server sees a broken connection. */
void connection_close(struct connection *c, bool reset);
void connection_free(struct connection *c);

#endif
