/* SPDX-License-Identifier: ISC */
/*
 * rules.h - which domain signs a message, as pure data.
 *
 * A configuration (config/config.h) makes it: a rule for each [dkim PATTERN].
 */
#ifndef SIGN_RULES_H
#define SIGN_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define SIGN_DOMAIN 256 /* octets of a domain, and its NUL */

/* Where a private key is; selector NULL = there is none. */
struct sign_source {
	const char *selector;
	const char *from;	/* a path, or the name of a credential */
	bool is_credential;	/* systemd.exec(5) */
};

enum { SIGN_ANY_KEY, SIGN_ED25519_KEY, SIGN_SOURCES };

/* Strings are the maker's; NULL = not given. */
struct sign_rule {
	const char *pattern;	/* of domains (base/pattern.h) */
	const char *domain;	/* d=; NULL = the one that matched */
	struct sign_source source[SIGN_SOURCES]; /* of either kind; Ed25519 */
	bool by_sender;		/* also where only the envelope's matches */
	bool simple_head, simple_body;
	unsigned expiry;	/* seconds; 0 = never */
	const char *users;	/* for whom: logins and numbers between blanks;
				   NULL = everybody */
};

struct sign_rules {
	struct sign_rule *v;	/* in the order to ask them */
	size_t n;
};

/*
 * Who signs: the first rule for the domain of the From field, by which DMARC
 * goes (RFC 7489 3.1); then, of those that are by_sender, the first for that of
 * the envelope's sender.  Both are as address.h makes them, or empty.  NULL:
 * nobody; else *domain is d=.
 */
const struct sign_rule *sign_rules_choose(const struct sign_rules *rules,
    const char *from, const char *sender, const char **domain);

#endif
