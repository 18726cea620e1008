/* SPDX-License-Identifier: ISC */
/*
 * resolver.h - DNS questions over our own transport.
 *
 * Every question has its own connected UDP socket (random port, random id);
 * whatever does not match it is dropped.  TCP on truncation or after three
 * mismatches.  Servers are tried in turn, 15 s for a question in all; one that
 * refuses, fails (SERVFAIL) or sends rubbish is left for the next at once.  The
 * same question asked twice in a run is sent once.  At most 64 questions are
 * under way; the others queue, and their 15 s begin when they leave the queue.
 * When no server answers anything any more the queue fails as a whole.
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

struct resolver_config {
	struct endpoint server[RESOLVER_SERVERS];
	size_t n;
	bool trust_ad;		/* "options trust-ad" */
	bool rotate;		/* "options rotate": take turns to begin */
	unsigned attempts;	/* turns over all servers; 0 = 2 (attempts:) */
	int64_t attempt;	/* first wait per server; 0 = 5 s (timeout:) */
	int64_t budget;		/* for one question; 0 or more = 15 s */
};

/*
 * Read nameserver and options lines of a resolv.conf(5).  A missing file or one
 * without servers means 127.0.0.1, as libc has it.
 */
void resolver_config_read(struct resolver_config *c, const char *path);

/* --resolver ADDR[:PORT]; false when it is not an address, or one too many. */
bool resolver_config_add(struct resolver_config *c, struct slice s);

/* Does the AD bit of this server's answers count?  (Loopback, or trust-ad.) */
bool resolver_config_trusts(const struct resolver_config *c,
    const struct endpoint *server);

struct resolver;

/* config is copied; events may be NULL. */
struct resolver *resolver_new(const struct resolver_config *config,
    struct events *events);
void resolver_free(struct resolver *r);

/* Ask; returns a ticket that stays good as long as the resolver. */
size_t resolver_ask(struct resolver *r, const char *name, enum dns_type type,
    int64_t now);

/* The answer to a ticket, NULL while it is awaited.  Owned by the resolver. */
const struct dns_answer *resolver_answer(const struct resolver *r,
    size_t ticket);

void resolver_wait(struct resolver *r, struct wait *w);
void resolver_step(struct resolver *r, const struct wait *w, int64_t now);

#endif
