/* SPDX-License-Identifier: ISC */
/*
 * target.h - the hosts a domain's mail may go to, while a route finds out their
 * addresses.
 *
 * Targets stand in the order to try: by preference, in random order inside one.
 * What points to this very host is found here: a target of that preference or a
 * worse one is dropped, lest mail runs in a circle (RFC 5321 5.1, FAULTS 13).
 */
#ifndef ROUTE_TARGET_H
#define ROUTE_TARGET_H

#include "route/plan.h"

/*
 * Which addresses of DNS are used.  One of this host's own, of loopback,
 * unspecified or multicast means that mail would run in a circle, or nowhere:
 * see above.  A link-local one (fe80::/10, 169.254/16) is left out, as it says
 * nothing without its link (RFC 4007 6), which DNS does not name: an fe80::
 * cannot be connected to at all, and 169.254/16 must not be in DNS (RFC 3927
 * 2.11) and is, where it answers, a machine of the cloud's own.  An IPv4-mapped
 * one is the IPv4 address.  Private ones are fine: companies use them; so are
 * those that a translator makes (64:ff9b::/96, RFC 6052, 2002::/16), even
 * around an address of ours: the A record beside it tells.
 */
enum tlsa_place {
	AT_NAME,	/* of the host itself */
	AT_END,		/* of its CNAMEs */
	TLSA_PLACES,
};

struct target {
	struct plan_host host;	/* its problem: of the answers so far; name and
				   problem are its own */
	struct ip *ip;
	size_t n;
	bool is_own;
	bool has_useless;	/* an address that was left out: that is the
				   problem, whatever else it lacks */
	bool lacks_ipv4, lacks_ipv6; /* the name exists, the record does not */
	bool vouched, insecure;	/* DNSSEC vouches for an answer about its
				   addresses; or not */
	struct dns_answer tlsa[TLSA_PLACES]; /* type 0: not asked for */
	struct dns_answer alias; /* is its name one, where that is all that
				   DNSSEC may vouch for?  Type 0, as above */
};

struct targets {
	const struct route_config *config;
	struct target *v;
	size_t n;
	bool cut;		/* there were more than are considered */
	char *loop;		/* the one that is this host; NULL = none */
	int64_t good_until;	/* the least of the answers taken */
};

void targets_free(struct targets *t);

struct target *targets_add(struct targets *t, const char *name,
    uint16_t preference);

/*
 * The hosts of an MX answer, null ones left out.  Drops by name what
 * targets_drop_own() drops by address, then all but PLAN_HOSTS_MAX.
 */
void targets_add_mx(struct targets *t, const struct dns_answer *mx);

/* What is decided rests on this answer, too, and is good no longer than it. */
void targets_note(struct targets *t, const struct dns_answer *a);

/* An address of a target, or the answer to a question for its addresses. */
void target_take_ip(const struct targets *t, struct target *to,
    const struct ip *at);
void target_take(struct targets *t, struct target *to,
    const struct dns_answer *a);

/* 127.0.0.1 and ::1, as far as they may be used. */
void target_take_loopback(const struct targets *t, struct target *to);

/* What a soft answer to the question for name means: DEFERRED. */
struct outcome lookup_failed(const char *name, const struct dns_answer *a);

/* Why it cannot be used, as far as is known. */
void target_set_problem(struct target *to, struct outcome problem);

/* Does DNSSEC vouch for its addresses? */
bool target_is_secure(const struct target *t);

/* Is it no name but an address? */
bool target_is_ip(const struct target *t);

/* It is not used, for this reason. */
void target_bar(struct target *to, struct outcome why);

/* What is demanded of its TLS, and why; fmt as printf has it. */
void target_set_level(struct target *to, enum tls_level level, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Are its addresses still to be asked for? */
bool target_is_unknown(const struct target *t);

/* Drop every target of the best preference that has one of ours, or worse. */
void targets_drop_own(struct targets *t);

/*
 * Hosts, addresses (at most config.max_addresses) and, when there are none,
 * why.  p->domain and p->how are set already.  The plan takes over what the
 * hosts own.
 */
void targets_make_plan(struct targets *t, struct plan *p);

#endif
