/* SPDX-License-Identifier: ISC */
/* reach.c - see reach.h */
#include "cli/reach.h"

#include <string.h>

#include "config/own.h"
#include "net/random.h"

#define RESOLV_CONF "/etc/resolv.conf"

void
reach_init(struct reach *r)
{
	*r = (struct reach){ 0 };
	self_init(&r->self);
}

void
reach_free(struct reach *r)
{
	self_free(&r->self);
	buf_free(&r->tls_why);
	buf_free(&r->cache);
}

/* What a mail exchanger must not be called: see net/self.h. */
static void
name_ourselves(struct reach *r, const char *helo)
{
	const char *names[] = { "localhost", r->self.host, r->self.name, helo };
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i] && names[i][0] != '\0')
			r->own_names[n++] = names[i];
	r->own_names[n] = NULL;
}

static struct route_config
route_config(struct reach *r, const struct settings *s)
{
	const struct way *w = &s->way;
	struct route_config c = {
		.link = w->link,
		.server = w->server[0] ? w->server : NULL,
		.port = w->port,
		.tls = w->tls.level,
		.tls_why = buf_str(&r->tls_why),
		.sts = w->tls.sts,
		.sts_given = w->tls.sts != STS_AS_LEVEL,
		.no_ipv4 = s->route.only_ipv6,
		.no_ipv6 = s->route.only_ipv4,
		.allow_loopback_mx = s->route.allow_loopback_mx,
		.ask_for_relays = s->route.nresolvers > 0,
		.own_names = r->own_names,
		.max_addresses = s->route.max_addresses,
	};

	name_ourselves(r, w->helo);
	if (!c.server)
		self_read_addresses(&r->self);
	c.own_ips = r->self.ip;
	c.n_own_ips = r->self.n;
	random_draw(&c.seed, sizeof c.seed);
	return c;
}

static void
look_at_resolv_conf(struct stat *st)
{
	if (stat(RESOLV_CONF, st) != 0)
		memset(st, 0, sizeof *st);
}

static void
resolver_config(struct reach *r, struct resolver_config *c,
    const struct route_settings *route)
{
	c->dnssec = route->dnssec;
	c->anchors = route->trust_anchor;
	if (route->nresolvers == 0) {
		look_at_resolv_conf(&r->resolv);
		resolver_config_read(c, RESOLV_CONF);
		return;
	}
	for (size_t i = 0; i < route->nresolvers &&
	     c->n < RESOLVER_SERVERS; i++)
		c->server[c->n++] = route->resolver[i];
}

/* Where the mailboxes of this machine are, if by LMTP. */
static const struct domain_rule *
mailbox_rule(struct reach *r, const struct local_settings *l)
{
	if (!l->deliver || mailbox_server_parse(l->mailbox, &r->server))
		return NULL;
	r->mailbox = (struct domain_rule){ .is_mailbox = true,
		.server = r->server.host, .link = LINK_LMTP,
		.port = r->server.port };
	return &r->mailbox;
}

/* Where a user's own policies of MTA-STS are kept; NULL without a home. */
static const char *
user_cache(struct reach *r)
{
	buf_clear(&r->cache);
	if (!own_folder(OWN_CACHE, &r->cache))
		return NULL;
	buf_puts(&r->cache, "/smtpsend/mta-sts");
	return buf_str(&r->cache);
}

struct deliver_config
reach_config(struct reach *r, const struct settings *s)
{
	const struct way *w = &s->way;
	const struct tls_settings *tls = &w->tls;
	struct deliver_config c;

	given_put(&r->tls_why, &tls->given, "tls");
	c = (struct deliver_config){
		.route = route_config(r, s),
		.rules = s->route.rules,
		.mailbox = mailbox_rule(r, &s->local),
		.owner_first = s->local.forward,
		.dial = { .source = w->source, .timeout = s->route.timeout },
		.tls = { tls->ca, tls->cert, tls->key, tls->terms },
		.tls_name = tls->name,
		.helo = w->helo ? w->helo :
		    r->self.host[0] ? r->self.host : NULL,
		.max_sessions = s->route.max_sessions,
		.max_lanes = s->route.max_connections,
		.timeout = s->route.timeout,
		.drill = &s->show.drill,
	};
	c.sts_cache = user_cache(r);
	resolver_config(r, &c.resolver, &s->route);
	if (s->route.timeout > 0)
		c.resolver.budget = s->route.timeout;
	return c;
}

/* Is each of a's in b?  Link-local ones come and go, and name no exchanger. */
static bool
are_among(const struct self *a, const struct self *b)
{
	for (size_t i = 0; i < a->n; i++) {
		bool found = ip_is_link_local(&a->ip[i]);

		for (size_t k = 0; k < b->n && !found; k++)
			found = ip_eq(&a->ip[i], &b->ip[k]);
		if (!found)
			return false;
	}
	return true;
}

static bool
has_moved(const struct self *then)
{
	struct self now = { 0 };
	bool moved;

	self_read_addresses(&now);
	/* none at all: they cannot be read just now */
	moved = now.n > 0 && (!are_among(&now, then) || !are_among(then, &now));
	self_free(&now);
	return moved;
}

bool
reach_is_stale(const struct reach *r, const struct settings *s)
{
	struct stat st;

	if (!s->way.server[0] && has_moved(&r->self))
		return true;
	if (s->route.nresolvers > 0)
		return false;
	look_at_resolv_conf(&st);
	return st.st_dev != r->resolv.st_dev || st.st_ino != r->resolv.st_ino ||
	    st.st_size != r->resolv.st_size ||
	    st.st_mtim.tv_sec != r->resolv.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != r->resolv.st_mtim.tv_nsec;
}
