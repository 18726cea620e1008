/* SPDX-License-Identifier: ISC */
/* reach.h - how servers are reached: settings into what deliver wants. */
#ifndef CLI_REACH_H
#define CLI_REACH_H

#include <sys/stat.h>

#include "config/settings.h"
#include "deliver/deliver.h"
#include "local/mailbox_form.h"
#include "net/self.h"

/* What a struct deliver_config made here points to, but for the settings. */
struct reach {
	struct self self;
	struct buf tls_why;
	struct buf cache;	/* the folder of the user's policies */
	const char *own_names[5];
	struct mailbox_server server; /* of mailbox = lmtp:... */
	struct domain_rule mailbox; /* ... how it is reached */
	struct stat resolv;	/* of /etc/resolv.conf, as it was read; all 0
				   when there was none */
};

/* Who we are is known then. */
void reach_init(struct reach *r);
void reach_free(struct reach *r);

/*
 * What these settings say of routes, resolvers, TLS and time limits; once for
 * each struct reach.  r and s outlive it.
 */
struct deliver_config reach_config(struct reach *r, const struct settings *s);

/*
 * Has the machine moved since: other addresses, link-local ones apart, or
 * another /etc/resolv.conf?  Then mail for a host that was ourselves would be
 * returned, or a resolver asked that is not there any more.
 */
bool reach_is_stale(const struct reach *r, const struct settings *s);

#endif
