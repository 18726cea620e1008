/* SPDX-License-Identifier: ISC */
/* plan_tls.c - the one place where the TLS level of a plan is decided. */
#include "dns/name.h"
#include "route/route_impl.h"

/* Is it that of mailboxes, and on this machine? */
static bool
stays_here(const struct route_config *c)
{
	struct slice s = slice_of(c->server);
	char name[DNS_NAME_SIZE];
	struct ip ip;

	if (!c->is_mailbox)
		return false;
	return s.p[0] == '/' || (ip_parse(s, &ip) && ip_is_loopback(&ip)) ||
	    (dns_name_parse(s, name) && dns_name_is_localhost(name));
}

void
route_set_tls(struct route *r)
{
	const struct route_config *c = r->config;
	struct plan *p = &r->plan;

	if (stays_here(c)) {
		p->tls = TLS_NONE;
		p->tls_why = "it stays on this machine";
		return;
	}
	p->tls = c->relay ? TLS_VERIFY : c->tls;
	p->tls_why = c->relay ? "a relay needs it" : c->tls_why;
	if (c->tls_optional && !c->relay && p->tls > TLS_MAY) {
		p->tls = TLS_MAY;
		p->tls_why = "a report of TLS has to arrive";
	}
	if (p->tls == TLS_DANE && c->tls_waived) {
		p->tls = TLS_MAY;
		p->tls_why = "the message says TLS-Required: No";
	}
	p->tls_else = c->tls_floor > TLS_MAY ? c->tls_floor : TLS_MAY;
	if (p->tls == TLS_SECURE)
		p->tls_else = TLS_VERIFY;
	if (p->tls < c->tls_floor) {
		p->tls = c->tls_floor;
		p->tls_why = c->tls_floor_why;
	}
}
