/* SPDX-License-Identifier: ISC */
/* module.c - see module.h */
#include "net/module.h"

#include "net/door.h"

const struct net_module *
net_module_open(struct outcome *why)
{
	static const struct door door = { "smtpsend-net.so", "net_module",
		"it belongs to the package smtpsend" };
	const struct net_module *m = door_open(&door, why);

	if (!m)
		why->verdict = DEFERRED;
	return m;
}

char *
net_idn_to_ascii(struct slice domain, struct outcome *why)
{
	const struct net_module *m = net_module_open(why);

	return m ? m->idn_to_ascii(domain, why) : NULL;
}
