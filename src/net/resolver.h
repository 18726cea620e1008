/* SPDX-License-Identifier: ISC */
/*
 * resolver.h - DNS questions over our own transport.
 *
 * Every question has its own connected UDP socket (random port, random id);
 * whatever does not match it is dropped.  TCP on truncation or after three
 * mismatches.  Servers are tried in turn, 15 s for a question in all; one that
 * refuses, fails (SERVFAIL) or sends rubbish is left for the next at once.  At
 * most 64 questions are under way; the others queue, and their 15 s begin when
 * they leave the queue, the `spare` ones last.  When no server answers anything
 * any more the queue fails as a whole, and so does whatever is asked within the
 * next 30 s.
 *
 * An answer is kept for its TTL, a negative one as RFC 2308 says, a failure for
 * 30 s (RFC 9520 3.2): asked again in this time, nothing is sent.
 *
 * Short of descriptors a question waits until one is free, up to 5 minutes (20
 * times its budget); then its answer is a soft one with a `fault`, as it is
 * when there is no module to write the question (net/module.h).
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "base/inet.h"
#include "dns/answer.h"
#include "net/wait.h"

#define RESOLVER_SERVERS 8

/* How it is known that an answer is signed (answer.secure). */
enum resolver_dnssec {
	DNSSEC_AUTO,	/* as VALIDATE where there are trust anchors, else as
			   TRUST_AD */
	DNSSEC_VALIDATE, /* by the signatures (dns/chain.h), of questions that
			   want it */
	DNSSEC_TRUST_AD, /* by the AD bit of a server that is trusted */
	DNSSEC_OFF,	/* never */
};

struct resolver_config {
	struct endpoint server[RESOLVER_SERVERS];
	size_t n;
	bool trust_ad;		/* "options trust-ad" */
	enum resolver_dnssec dnssec;
	const char *anchors;	/* a file of dns/anchor.h; NULL = Debian's */
	bool rotate;		/* "options rotate": take turns to begin */
	const char *hosts;	/* of hosts(5); NULL = /etc/hosts */
	unsigned attempts;	/* turns over all servers; 0 = 2 (attempts:) */
	int64_t attempt;	/* first wait per server; 0 = 5 s (timeout:) */
	int64_t budget;		/* for one question; 0 or more = 15 s */
};

/*
 * Read nameserver and options lines of a resolv.conf(5).  A missing file or one
 * without servers means 127.0.0.1, as libc has it.
 */
void resolver_config_read(struct resolver_config *c, const char *path);

/*
 * A server: ADDR, ADDR:PORT; a link-local address with its interface, by name
 * or number: fe80::1%eth0, [fe80::1%2]:53.  False when it is none.
 */
bool resolver_server_parse(struct slice s, struct endpoint *out);

/* One more server; false when it is none, or one too many. */
bool resolver_config_add(struct resolver_config *c, struct slice s);

/* Does the AD bit of this server's answers count?  (Loopback, or trust-ad.) */
bool resolver_config_trusts(const struct resolver_config *c,
    const struct endpoint *server);

struct resolver;
struct ticket;

/* config is copied; events may be NULL. */
struct resolver *resolver_new(const struct resolver_config *config,
    struct events *events);

/* No ticket is of any use afterwards. */
void resolver_free(struct resolver *r);

/*
 * Ask.  The ticket is held until it is given back by resolver_release(); the
 * same question asked again while it is under way, or while its answer is good,
 * gets the same ticket.  A question that is `named` is answered by hosts(5) if
 * its name stands there (hosts.h), else by DNS.
 */
struct ticket *resolver_ask(struct resolver *r, const struct dns_question *q,
    int64_t now);

/*
 * The answer to a ticket, NULL while it is awaited; good as long as the ticket
 * is held.  Its good_until is on the clock of `now`.
 */
const struct dns_answer *resolver_answer(const struct ticket *t);

/*
 * Give a ticket back, answered or not: a question that nobody waits for any
 * more is not asked further.  NULL is allowed.
 */
void resolver_release(struct resolver *r, struct ticket *t);

void resolver_wait(struct resolver *r, struct wait *w);
void resolver_step(struct resolver *r, const struct wait *w, int64_t now);

#endif
