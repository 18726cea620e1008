/* SPDX-License-Identifier: ISC */
/*
 * self.h - who this host and its user are, as the system tells.
 *
 * Three names that are often one, and must not be taken for each other:
 *
 *	host	what we say in EHLO, and what a Message-ID ends in
 *	domain	what bare addresses ("root") belong to
 *	name	what gethostname(2) says, whatever that is good for
 *
 * host and name are names of this machine: a mail exchanger of that name is
 * ourselves.  domain is none: /etc/mailname mostly names a domain whose mail is
 * kept elsewhere.
 */
#ifndef NET_SELF_H
#define NET_SELF_H

#include <stddef.h>

#include "base/buf.h"
#include "base/inet.h"
#include "dns/name.h"

struct self {
	char host[DNS_NAME_SIZE]; /* a full name (RFC 5321 2.3.5), "" = none:
				     then an address literal stands for it */
	char name[DNS_NAME_SIZE]; /* a host's name, with or without a dot; ""
				     when the system's is none */
	char domain[DNS_NAME_SIZE]; /* never empty */
	struct ip *ip;		/* of the interfaces */
	size_t n;
};

/*
 * From gethostname(2), /etc/hosts and /etc/mailname.  Asks no name service, so
 * it cannot hang.
 */
void self_init(struct self *s);

/*
 * The same from these: host is hostname when that is a full name; else the one
 * that the hosts(5) file has on the line where hostname stands: one that begins
 * with it, or the line's first.  domain is the first line of the mailname file,
 * else host, else name, else "localhost".
 */
void self_name(struct self *s, const char *hostname, const char *hosts,
    const char *mailname);

/* The addresses of the interfaces: only routing by MX needs them. */
void self_read_addresses(struct self *s);
void self_free(struct self *s);

/* The real user, as passwd(5) has him; heap strings, never NULL. */
struct person {
	char *login;		/* "uid1234" when he is not there */
	char *full_name;	/* "" without one */
};

/* Asks once: that is much of what a short run does. */
void person_init(struct person *p);
void person_free(struct person *p);

/*
 * Append what a GECOS field says of a full name: up to the first comma, the
 * login name with a capital for each '&'.
 */
void self_put_full_name(struct buf *out, struct slice gecos,
    struct slice login);

#endif
