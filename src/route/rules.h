/* SPDX-License-Identifier: ISC */
/*
 * rules.h - the user's rules about where mail goes, as pure data.
 *
 * A configuration (config/config.h) or --relay makes them; rules_choose()
 * applies them to a sender and a recipient's domain.  The plan says which rule
 * it was.
 */
#ifndef ROUTE_RULES_H
#define ROUTE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/inet.h"
#include "base/policy.h"

#define RELAYS_MAX 8 /* in the order to try, for one recipient */

/* Where a password or token comes from; it is read when a relay is used. */
enum secret_kind {
	SECRET_NONE,
	SECRET_FILE,	   /* password-file: its first line */
	SECRET_COMMAND,	   /* password-command: its first output line */
	SECRET_CREDENTIAL, /* password-credential: a systemd one */
	SECRET_NETRC,	   /* netrc: the machine's entry in this file */
	SECRET_TOKEN,	   /* token-command: an OAuth 2 bearer token */
};

/* n mails in so many seconds; n 0: no limit. */
struct rate {
	unsigned n, seconds;
};

/* [relay NAME], or --relay URL.  Strings are the maker's; NULL = not given. */
struct relay_spec {
	const char *name;	/* for reports: "work", or the URL */
	enum link_kind link;	/* LINK_SMTP: STARTTLS required; LINK_SMTPS */
	bool by_srv;		/* SRV of the domain host (RFC 8314) */
	const char *host;	/* without brackets */
	uint16_t port;		/* never 0 unless by_srv */
	const char *user;
	enum secret_kind secret;
	const char *secret_from; /* file, command or credential name */
	bool secret_shell;	/* the command is for sh -c */
	enum auth_method auth;
	const char *from;	/* sender patterns, separated by blanks */
	const char *ca, *cert, *key, *tls_name, *helo, *proxy;
	struct ip source;
	struct rate rate;	/* of the queue to it; n 0 = as [queue] says */
	unsigned lanes;		/* ... at most; 0 = as [queue] says */
};

/* [domain PATTERN]; or where mailboxes of this machine are, by LMTP. */
struct domain_rule {
	const char *pattern;
	bool is_mailbox;	/* the second: its server may be a path */
	const char *relay;	/* relay names in order, separated by blanks */
	bool direct;		/* by MX, whatever else says relay */
	const char *server;	/* host of --server's kind, or NULL */
	enum link_kind link;
	uint16_t port;		/* 0 = not given */
	bool tls_given;
	enum tls_level tls;
	struct rate rate;	/* as those of a relay */
	unsigned lanes;
};

struct rules {
	struct relay_spec *relay;
	size_t nrelays;
	struct domain_rule *domain;
	size_t ndomains;
	const char *use;	/* relay = NAMES of the defaults or --relay */
};

/* What applies; the pointers point into the rules. */
struct choice {
	const struct relay_spec *relay[RELAYS_MAX]; /* in the order to try */
	size_t nrelays;		/* 0 = direct */
	const struct domain_rule *rule; /* that matched, or NULL */
	char why[256];		/* "[domain *.example]", "relay = work", ...;
				   may be cut */
};

/*
 * The first matching [domain] rule decides; when it has neither relay, direct
 * nor server, all relays whose `from` matches the sender, in their order; then
 * rules->use; then direct.  sender is a path ("" for <>), domain as address.h
 * makes it.  Names without a relay are passed over: whoever makes the rules has
 * refused them.
 */
void rules_choose(const struct rules *rules, const char *sender,
    const char *domain, struct choice *out);

#endif
