/* SPDX-License-Identifier: ISC */
/*
 * peers.h - SMTP servers and a DNS server on loopback, in one thread.
 *
 * Servers stand at 127.0.0.2, 127.0.0.3, ... and share a port, so that MX
 * records can name them.  All of them are polite until a rule says otherwise;
 * what they heard and took is read when the thread has ended.
 */
#ifndef SUPPORT_PEERS_H
#define SUPPORT_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/inet.h"

/*
 * What a server says to a command instead: the first rule that fits counts.
 * Verbs: HELLO (the greeting), EHLO, MAIL, RCPT, DATA, "." (the text is in),
 * BDAT (the same), RSET, QUIT.  A reply "drop" closes the connection unsaid,
 * "take-drop" too, but the mail is taken; "silent" says nothing.
 */
struct peer_rule {
	unsigned peer;		/* which server, from 1; 0 = any */
	unsigned connection;	/* which of its connections, from 1; 0 = any */
	const char *verb;
	unsigned nth;		/* which of this verb, from 1; 0 = every one */
	unsigned chance;	/* once in so many, by the seed; 0 = always */
	bool crowded;		/* only while it has another connection */
	const char *with;	/* only if the line holds this; NULL = any */
	const char *reply;
};

/* A mail to one recipient that a server has taken. */
struct peer_taken {
	unsigned peer, connection;
	char rcpt[80];
	char id[32];		/* of its X-Id header field */
};

struct peers_config {
	unsigned n;		/* servers */
	const char *offers;	/* EHLO keywords, separated by blanks */
	const struct peer_rule *rule;
	size_t nrules;
	uint64_t seed;
	unsigned max_mails;	/* more on a connection is a fault of ours */
};

struct peers;

/* Listen; then add records and rules, then let the thread run. */
struct peers *peers_start(const struct peers_config *config);

/* Before it runs: "example.test MX 10 mx.test", "mx.test A 127.0.0.2". */
void peers_record(struct peers *p, const char *text);

void peers_run(struct peers *p);

uint16_t peers_port(const struct peers *p);
struct endpoint peers_dns(const struct peers *p);

/* End the thread.  From here on the rest may be read. */
void peers_stop(struct peers *p);

/* "1:EHLO MAIL RCPT DATA . QUIT|2:EHLO ...": by connection of that server. */
void peers_heard(const struct peers *p, unsigned peer, struct buf *out);
unsigned peers_connections(const struct peers *p, unsigned peer);
size_t peers_taken(const struct peers *p, const struct peer_taken **taken);
size_t peers_questions(const struct peers *p);

/* What a server saw that should never be; "" = nothing. */
const char *peers_complaint(const struct peers *p);

void peers_free(struct peers *p);

#endif
