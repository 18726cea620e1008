/* SPDX-License-Identifier: ISC */
/* self.h - who this host and its user are, as the system tells. */
#ifndef NET_SELF_H
#define NET_SELF_H

#include <stddef.h>

#include "base/inet.h"

struct self {
	char host[256];		/* full name where one is known; never empty */
	struct ip *ip;		/* of the interfaces */
	size_t n;
};

/*
 * The host's name: gethostname(), or /etc/mailname when that has no dot.  Asks
 * no name service, so it cannot hang.
 */
void self_init(struct self *s);

/* The addresses of the interfaces: only routing by MX needs them. */
void self_read_addresses(struct self *s);
void self_free(struct self *s);

/* The real user's login name; a heap string, "uid1234" when there is none. */
char *self_user(void);

#endif
